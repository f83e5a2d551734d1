/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scope-exit attributes for memory and descriptors. */
#ifndef E4Z_BASE_CLEANUP_H
#define E4Z_BASE_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
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

#define AUTO_FREE __attribute__((cleanup(cleanup_freep)))
#define AUTO_CLOSE __attribute__((cleanup(cleanup_closep)))

#endif
