/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child process that gives up its rights, and then reads untrusted files. */
#ifndef E4ZERO_APART_H
#define E4ZERO_APART_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct apart {
	pid_t pid;    /* 0: this is the child */
	void *shared; /* memory of both, all zero: only the child writes to it */
	size_t size;
	int end; /* in the parent: at EOF when the child has ended */
};

/* Fork with SIZE bytes of shared memory. 0 or an errno value. The child ends with its parent. */
int apart_start(struct apart *apart, size_t size);

/*
 * In the parent: wait for the end of the child, which gets SIGTERM when *STOP is set. Returns its
 * exit status, or 128 + the signal that ended it. SIGPIPE, SIGHUP, SIGINT and SIGTERM end the
 * parent, too.
 */
int apart_wait(struct apart *apart, const volatile int *stop);

/* Free the shared memory. */
void apart_free(struct apart *apart);

#endif
