// SPDX-License-Identifier: GPL-2.0-or-later
// Reads lines through one buffer, which is as long as a line may be.

#include "merge/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

errcode_t lines_open(struct lines *l, struct source_file *file, const volatile int *stop)
{
	errcode_t err;

	*l = (struct lines){.buf = malloc(LINES_MAX)};
	err = source_stream(&l->source, file, stop);
	return err || l->buf ? err : ENOMEM;
}

void lines_close(struct lines *l)
{
	source_close(&l->source);
	free(l->buf);
}

/* Fill the buffer, which is not full. *END: the file has ended. */
static errcode_t fill(struct lines *l, bool *end)
{
	size_t got = 0;
	errcode_t err = source_next(&l->source, l->buf + l->to, LINES_MAX - l->to, &got);

	*end = !got;
	l->to += got;
	return err;
}

errcode_t lines_next(struct lines *l, const char **line, size_t *len)
{
	size_t seen = 0;
	bool end = false;
	char *stop = NULL;

	*line = NULL;
	for (;;) {
		errcode_t err;

		if (l->to > l->from)
			stop = memchr(l->buf + l->from + seen, '\n', l->to - l->from - seen);
		if (stop)
			break;
		seen = l->to - l->from;
		if (l->from)
			memmove(l->buf, l->buf + l->from, seen);
		l->from = 0;
		l->to = seen;
		if (seen == LINES_MAX)
			return E2BIG;
		err = fill(l, &end);
		if (err || end)
			return err ? err : seen ? EPIPE : 0;
	}
	*line = l->buf + l->from;
	*len = (size_t)(stop - *line);
	l->from += *len + 1;
	l->number++;
	return 0;
}
