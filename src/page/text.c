// SPDX-License-Identifier: GPL-2.0-or-later
// Escapes text for HTML after it was made printable.

#include "page/text.h"
#include "util.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

errcode_t text_part_open(struct text_part *part)
{
	*part = (struct text_part){.text = NULL};
	part->to = open_memstream(&part->text, &part->len);
	return part->to ? 0 : ENOMEM;
}

errcode_t text_part_flush(struct text_part *part)
{
	return fflush(part->to) != 0 || ferror(part->to) ? ENOMEM : 0;
}

errcode_t text_part_put(struct text_part *part, FILE *to)
{
	errcode_t err = text_part_flush(part);

	if (!err)
		fwrite(part->text, 1, part->len, to);
	return err;
}

void text_part_close(struct text_part *part)
{
	if (part->to)
		fclose(part->to);
	free(part->text);
	*part = (struct text_part){.text = NULL};
}

/* SAFE is printable, or NULL: no memory. */
static errcode_t put_escaped(FILE *to, char *safe)
{
	const char *s;

	if (!safe)
		return ENOMEM;
	for (s = safe; *s; s++) {
		switch (*s) {
		case '&': fputs("&amp;", to); break;
		case '<': fputs("&lt;", to); break;
		case '>': fputs("&gt;", to); break;
		case '"': fputs("&quot;", to); break;
		case '\'': fputs("&#39;", to); break;
		default: putc(*s, to);
		}
	}
	free(safe);
	return 0;
}

errcode_t text_put_name(FILE *to, const char *name)
{
	errcode_t err;

	/* a name of right-to-left letters must not reorder what is beside it */
	fputs("<bdi class=\"name\">", to);
	err = put_escaped(to, util_printable(name));
	fputs("</bdi>", to);
	return err;
}

errcode_t text_put_plain(FILE *to, const char *name)
{
	return put_escaped(to, util_printable(name));
}

errcode_t text_put_sentence(FILE *to, const char *sentence)
{
	return put_escaped(to, util_sentence(sentence));
}

void text_put_count(FILE *to, uint64_t count, const char *what)
{
	fprintf(to, "%" PRIu64 " %s%s", count, what, count == 1 ? "" : "s");
}

/* Groups of three digits, with space between them that is not part of the text. */
static void put_digits(FILE *to, uint64_t value)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, value), at = (len - 1) % 3 + 1;

	if (len < 5)
		at = len;
	fprintf(to, "%.*s", at, digits);
	for (; at < len; at += 3)
		fprintf(to, "<span class=\"d\">%.3s</span>", digits + at);
}

void text_put_cell(FILE *to, uint64_t value)
{
	fputs("<td class=\"n\">", to);
	if (value == E4Z_NONE)
		putc('-', to);
	else
		put_digits(to, value);
	fputs("</td>", to);
}
