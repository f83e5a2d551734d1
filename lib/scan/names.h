/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths for the inodes with findings, from one pass over the directories. */
#ifndef E4Z_SCAN_NAMES_H
#define E4Z_SCAN_NAMES_H

#include "findings/findings.h"
#include "image/image.h"
#include "sets/rangeset.h"

struct names;

struct names_options {
	unsigned workers; /* 0: the calling thread alone */
	const volatile int *stop;
	errcode_t (*watch)(void *arg, enum e4z_pass pass, uint64_t current, uint64_t max);
	void *arg;
};

/*
 * Read every directory of DIRS that is not unreadable and remember how the inodes in FINDINGS,
 * which are read through once, are reached.
 */
errcode_t names_new(struct e4z_image *img, struct findings *findings, const struct rangeset *dirs,
		    const struct names_options *options, struct names **names);
void names_free(struct names *names);

/* A path of INO, valid until the next call; NULL in *PATH: it has no name below the root. */
errcode_t names_path(struct names *names, uint32_t ino, const char **path);

/* The directories that could not be read whole: what they name may have no path. */
const uint32_t *names_unread(const struct names *names, size_t *count);

#endif
