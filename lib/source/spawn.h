/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another program, as the child of a process that keeps it (source/keeper.h): it gets only the
 * descriptors that are passed to it and no signal that is meant for this process, and it is ended
 * when it is not needed any more, and when this process has ended.
 */
#ifndef E4Z_SOURCE_SPAWN_H
#define E4Z_SOURCE_SPAWN_H

#include <et/com_err.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SPAWN_FDS 8
#define SPAWN_SAID 4096

struct spawn {
	const char *const *argv; /* ends with NULL; the first is looked for in PATH */
	const int *fds;		 /* become 3, 4, ... in the child; they stay the caller's */
	size_t fd_count;	 /* SPAWN_FDS at most */
	bool output;		 /* its standard output is spawned.out; otherwise it is discarded */
	const volatile int *stop; /* non-zero: spawn_end() does not wait; may be NULL */
	bool listen;		  /* the first of FDS listens, as systemd passes a socket on */
};

/* All zero but for the descriptors: no child. */
struct spawned {
	pid_t pid; /* of its keeper */
	int leash; /* the keeper ends it when nobody has this open */
	int out;   /* to read from, -1: none; the caller may close it and set it to -1 */
	int err;   /* a memory file of a few KiB: its standard error */
	const char *name;
	const volatile int *stop;
	char said[SPAWN_SAID];
};

/*
 * Start it: with a process group of its own, all signals as by default, standard input empty, and
 * no more than 1024 files.
 * ENOENT: no such program. Any other error of the host; *CHILD is then no child. The
 * strings of S->argv outlive CHILD.
 */
errcode_t spawn_start(const struct spawn *s, struct spawned *child);

/*
 * Wait TIMEOUT_MS for its end; then its group gets SIGTERM, and a little later SIGKILL. *STATUS,
 * which may be NULL, is what it exited with, 128 + the signal that ended it, or -1: not known.
 * Nothing is done where there is no child.
 */
void spawn_end(struct spawned *child, unsigned timeout_ms, int *status);

/*
 * The first line that it wrote to its standard error, without its name in front, printable bytes
 * only; "" if it wrote nothing. Valid until the next call.
 */
const char *spawn_said(struct spawned *child);

#endif
