/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mounts of our namespace, as /proc/self/mountinfo has them at one moment. */
#ifndef E4Z_BUSY_MOUNTS_H
#define E4Z_BUSY_MOUNTS_H

#include "base/vec.h"
#include "busy/host.h"

struct mount {
	dev_t dev;
	const char *point, *type, *source; /* blanks and the like are themselves again */
};

struct mounts {
	VEC(, struct mount);
	char *text; /* that they point into */
};

/* False: it cannot be read. Call mounts_free() anyway. */
bool mounts_read(const struct host *host, struct mounts *mounts);
void mounts_free(struct mounts *mounts);

/* A and B are file systems that keep their files themselves: no file of one is the other's. */
bool mounts_keep_apart(const struct mounts *mounts, dev_t a, dev_t b);

/* In place: /proc writes blank, tab, newline and backslash of a name as three octal digits. */
void mounts_decode(char *text);

/* A file system that a process serves; of those only the source says what it is made of. */
bool mount_is_fuse(const struct mount *mount);

#endif
