// SPDX-License-Identifier: GPL-2.0-or-later
// Splits a line into words, quotes and all.

#include "words.h"
#include <stdbool.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* One word from *FROM on, written to *TO, both of which move behind it. */
static const char *one_word(char **from, char **to)
{
	char quote = '\0', *in = *from, *out = *to;

	for (; *in && (quote || !is_blank(*in)); in++) {
		if (*in == quote) {
			quote = '\0';
		} else if (!quote && (*in == '\'' || *in == '"')) {
			quote = *in;
		} else if (*in == '\\' && quote != '\'') {
			if (!*++in)
				return "the line ends with a backslash";
			*out++ = *in;
		} else {
			*out++ = *in;
		}
	}
	*from = in;
	*to = out;
	return quote ? "a quote is not closed" : NULL;
}

const char *words_split(char *line, struct word *words, size_t max, size_t *count)
{
	char *from = line, *to = line;

	for (*count = 0;; ++*count) {
		const char *why;
		bool end;

		while (is_blank(*from))
			from++;
		if (!*from || *from == '#')
			return NULL;
		words[*count < max ? *count : max - 1].column = (unsigned)(from - line) + 1;
		if (*count == max) {
			--*count;
			return "too many words";
		}
		words[*count].text = to;
		why = one_word(&from, &to);
		if (why)
			return why;
		/* the word ends where what follows may still have to be read */
		end = !*from;
		if (!end)
			from++;
		*to++ = '\0';
		if (end) {
			++*count;
			return NULL;
		}
	}
}
