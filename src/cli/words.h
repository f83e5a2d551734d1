/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line as a shell splits it into words. */
#ifndef E4ZERO_WORDS_H
#define E4ZERO_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct word {
	char *text;
	unsigned column; /* of its first character in the line, from 1 on, in bytes */
};

/*
 * Split LINE, in place: blanks stand between words, '...' and "..." hold them together, \ takes the
 * next character as it is (not between '...'), # at the start of a word begins a comment. Why not,
 * or NULL; the column of what is wrong is words[*count]'s then.
 */
const char *words_split(char *line, struct word *words, size_t max, size_t *count);

/*
 * The pattern that word WORD (from 0 on) of LINE, which was not split yet, is to a shell: what was
 * quoted in it is not special, a backslash precedes it. *PATTERN is the caller's to free; NULL
 * where nothing in the word is special. False: no memory.
 */
bool words_pattern(const char *line, size_t word, char **pattern);

#endif
