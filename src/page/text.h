/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of the page: whatever comes from the image or the host is escaped here, and nowhere else. */
#ifndef E4ZERO_PAGE_TEXT_H
#define E4ZERO_PAGE_TEXT_H

#include "e4zero.h"
#include <stdio.h>

/* A part of the page that is made before its turn, in memory. */
struct text_part {
	FILE *to;
	char *text;
	size_t len; /* both valid after text_part_flush() */
};

/* ENOMEM: it is empty, and may be closed. */
errcode_t text_part_open(struct text_part *part);
/* What is in it is in its text, with its length. */
errcode_t text_part_flush(struct text_part *part);
/* Its text into the page. */
errcode_t text_part_put(struct text_part *part, FILE *to);
void text_part_close(struct text_part *part);

/* A name, as the text report prints it. It cannot leave its element, nor turn its neighbours. */
errcode_t text_put_name(FILE *to, const char *name);
/* The same where no element can be. */
errcode_t text_put_plain(FILE *to, const char *name);
/* The same for a sentence. */
errcode_t text_put_sentence(FILE *to, const char *sentence);
/* "1 finding", "2 findings" */
void text_put_count(FILE *to, uint64_t count, const char *what);
/* A cell of a table with a number; E4Z_NONE: a dash. */
void text_put_cell(FILE *to, uint64_t value);

#endif
