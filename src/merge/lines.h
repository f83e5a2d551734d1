/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a file, one at a time. */
#ifndef E4ZERO_LINES_H
#define E4ZERO_LINES_H

#include "script/source.h"

/* No line of a report is as long: claims are cut up, a path has 4095 bytes at most. */
#define LINES_MAX (1u << 20)

struct lines {
	struct source source;
	char *buf;
	size_t from, to; /* what was read, and is not taken yet */
	uint64_t number; /* of the line that was taken last */
};

/* As source_stream(). Give it to lines_close() in any case. */
errcode_t lines_open(struct lines *lines, struct source_file *file, const volatile int *stop);
void lines_close(struct lines *lines);

/*
 * The next line, without what ends it, valid until the next call: *LINE, NULL at the end of the
 * file. E2BIG: it is longer than LINES_MAX. EPIPE: the last one does not end. An error of reading.
 */
errcode_t lines_next(struct lines *lines, const char **line, size_t *len);

#endif
