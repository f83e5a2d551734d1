/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be written: a file of the host, or standard input, which is kept in one first. */
#ifndef E4ZERO_SOURCE_H
#define E4ZERO_SOURCE_H

#include "e4zero.h"

struct source {
	int fd;
	const volatile int *stop;
	struct e4z_source bytes; /* for e4z_write_from() */
	char why[256];		 /* what was being done when it failed */
};

/*
 * Open NAME, "-": standard input. What is no regular file is read to its end at once, into a
 * temporary file: BEYOND as soon as it gives more than LIMIT bytes, E4Z_ET_INTERRUPTED as soon as
 * *STOP is set. An errno value else. Give it to source_close() in any case.
 */
errcode_t source_open(struct source *source, const char *name, uint64_t limit, errcode_t beyond,
		      const volatile int *stop);
void source_close(struct source *source);

#endif
