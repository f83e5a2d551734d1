/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another program, as the child of a keeper (source/keeper.h). It gets only the descriptors that
 * are passed to it, and no signals for the process group of this process. It is ended when it is no
 * longer needed, or when this process has ended.
 */
#ifndef E4Z_SOURCE_SPAWN_H
#define E4Z_SOURCE_SPAWN_H

#include <et/com_err.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SPAWN_SAID 4096

struct spawn {
	const char *const *argv; /* ends with NULL; the first is searched in PATH */
	const int *fds;		 /* become 3, 4, ... in the child; the caller keeps them */
	size_t fd_count;	 /* PLAN_FDS at most */
	bool output;		 /* its standard output is spawned.out; otherwise it is discarded */
	const volatile int *stop; /* non-zero: spawn_end() does not wait; may be NULL */
	bool listen;		  /* the first of FDS listens, as systemd passes a socket on */
};

/* All zero, with descriptors of -1: no child. */
struct spawned {
	pid_t pid;  /* of its keeper */
	int leash;  /* a socket: gives the status; when nobody has it open the keeper ends it */
	int report; /* before it is started: receives a failure; otherwise -1 */
	int out;    /* to read from, -1: none; the caller may close it and set it to -1 */
	int err;    /* a memory file of a few KiB: its standard error */
	const char *name;
	const volatile int *stop;
	char said[SPAWN_SAID];
};

/*
 * Start it in a separate process group, with the default action for all signals, empty standard
 * input, and at most 1024 descriptors. ENOENT: no such program. After an error *CHILD is no child.
 * The strings of S->argv must outlive CHILD.
 */
errcode_t spawn_start(const struct spawn *s, struct spawned *child);

/*
 * The two halves of spawn_start(). The first half forks a process that waits for the second half.
 * The second half only sends to CHILD->leash, and waits, so a confined process can call it. It does
 * not use S.
 */
errcode_t spawn_prepare(const struct spawn *s, struct spawned *child);
errcode_t spawn_go(struct spawned *child);

/*
 * Wait TIMEOUT_MS for its end; then its group gets SIGTERM, and a little later SIGKILL. *STATUS is
 * its exit status, 128 + the signal that ended it, or -1 if that is unknown; STATUS may be NULL.
 * Nothing is done without a child.
 */
void spawn_end(struct spawned *child, unsigned timeout_ms, int *status);

/*
 * The first line that it wrote to standard error, without its name in front, with printable bytes
 * only; "" if it wrote nothing. Valid until the next call.
 */
const char *spawn_said(struct spawned *child);

#endif
