/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scope-exit attributes for memory and descriptors; descriptors that a child has inherited. */
#ifndef E4Z_BASE_CLEANUP_H
#define E4Z_BASE_CLEANUP_H

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline void cleanup_freep(void *p)
{
	void **pp = p;

	free(*pp);
}

static inline void cleanup_closep(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

/* Close FIRST to LAST, UINT_MAX: to the last one. System calls only: also after fork(2). */
static inline void cleanup_close_range(unsigned first, unsigned last)
{
	long most = sysconf(_SC_OPEN_MAX);

#ifdef SYS_close_range
	if (!syscall(SYS_close_range, first, last, 0))
		return;
#endif
	for (unsigned fd = first; fd <= last && fd < (unsigned long)most; fd++)
		close((int)fd);
}

/* Close all descriptors but the COUNT in KEEP, which may be -1. Only makes system calls. */
static inline void cleanup_close_others(const int *keep, size_t count)
{
	unsigned from = 0;

	for (;;) {
		unsigned next = UINT_MAX;

		for (size_t i = 0; i < count; i++)
			if (keep[i] >= 0 && (unsigned)keep[i] >= from && (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		if (next == UINT_MAX)
			break;
		if (next > from)
			cleanup_close_range(from, next - 1);
		from = next + 1;
	}
	cleanup_close_range(from, UINT_MAX);
}

#define AUTO_FREE __attribute__((cleanup(cleanup_freep)))
#define AUTO_CLOSE __attribute__((cleanup(cleanup_closep)))

#endif
