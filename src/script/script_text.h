/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a script, one at a time, as often as they are wanted. */
#ifndef E4ZERO_SCRIPT_TEXT_H
#define E4ZERO_SCRIPT_TEXT_H

#include "script/source.h"

struct script_text {
	struct source source;
	uint64_t off;	 /* of the bytes after the chunk */
	char *chunk;	 /* bytes that were read ahead */
	size_t at, have; /* in it */
	char *line;
	size_t len, room; /* of it */
	unsigned number;
};

enum text_met { TEXT_LINE, TEXT_END, TEXT_ZERO_BYTE, TEXT_TOO_LONG };

/*
 * Open NAME, "-": standard input; what is read does not change afterwards. Errors as
 * source_open(); TEXT->source.why says what was being done. Give it to text_close() in any case.
 */
errcode_t text_open(struct script_text *text, const char *name, const volatile int *stop);
void text_close(struct script_text *text);

/* The next text_next() gives the first line. */
void text_rewind(struct script_text *text);

/*
 * The next line, without its end, into TEXT->line, which the caller may change and which is good
 * until the next call. *MET says what came instead: after TEXT_ZERO_BYTE and TEXT_TOO_LONG
 * TEXT->len is how many bytes of the line stand before it.
 */
errcode_t text_next(struct script_text *text, enum text_met *met);

#endif
