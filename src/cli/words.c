// SPDX-License-Identifier: GPL-2.0-or-later
// Splits a line into words, quotes and all.

#include "cli/words.h"
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* One word from *FROM on, written to *TO, both of which move past it. */
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

/* The character at AT, which was quoted, for a pattern. */
static char *put_quoted(char *out, char c)
{
	if (strchr("*?[]\\!^-.:=", c))
		*out++ = '\\';
	*out++ = c;
	return out;
}

/* One word from *FROM on into OUT, as a pattern; *SPECIAL: it is one. What follows the word. */
static const char *one_pattern(const char *in, char *out, bool *special)
{
	char quote = '\0';

	for (*special = false; *in && (quote || !is_blank(*in)); in++) {
		if (*in == quote) {
			quote = '\0';
		} else if (!quote && (*in == '\'' || *in == '"')) {
			quote = *in;
		} else if (*in == '\\' && quote != '\'' && in[1]) {
			out = put_quoted(out, *++in);
		} else if (quote) {
			out = put_quoted(out, *in);
		} else {
			*special |= *in == '*' || *in == '?' || *in == '[';
			*out++ = *in;
		}
	}
	*out = '\0';
	return in;
}

bool words_pattern(const char *line, size_t word, char **pattern)
{
	char *out;
	bool special = false;

	*pattern = NULL;
	if (!line[strcspn(line, "*?[")])
		return true;
	out = malloc(2 * strlen(line) + 1);
	if (!out)
		return false;
	for (size_t i = 0; i <= word; i++) {
		while (is_blank(*line))
			line++;
		special = false;
		if (*line && *line != '#')
			line = one_pattern(line, out, &special);
	}
	if (special)
		*pattern = out;
	else
		free(out);
	return true;
}
