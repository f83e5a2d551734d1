/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unlinked temporary files. A process that is about to lose the right to open any makes them
 * beforehand.
 */
#ifndef E4Z_SETS_TMPFILES_H
#define E4Z_SETS_TMPFILES_H

#include <et/com_err.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* So many are in use at once, at most: findings, names, the results of a conversion, a stash. */
#define TMPFILES_MAX 7

/* All zero: a file is made when it is needed. */
struct tmpfiles {
	int fd[TMPFILES_MAX];
	atomic_bool taken[TMPFILES_MAX];
	size_t count;
	bool reserved; /* no other can be made any more */
	errcode_t err; /* why there are not as many as were wanted */
};

/* Where they are: $TMPDIR or /tmp. */
const char *tmpfiles_dir(void);

/*
 * Make COUNT of them now, or memory files, which are made in a tenth of the time. That none can be
 * made is an error only of who wants one then.
 */
void tmpfiles_reserve(struct tmpfiles *files, size_t count, bool memory);
/* Close those that were reserved; none of them is in use. */
void tmpfiles_close(struct tmpfiles *files);

/* One that is empty, for reading and writing. FILES may be NULL. Any thread. */
errcode_t tmpfiles_take(struct tmpfiles *files, int *fd);
/* FD, which is -1 or was taken, is of no use any more. */
void tmpfiles_give(struct tmpfiles *files, int fd);

#endif
