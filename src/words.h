/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line as a shell splits it into words. */
#ifndef E4ZERO_WORDS_H
#define E4ZERO_WORDS_H

#include <stddef.h>

/*
 * Split LINE, in place: blanks stand between words, '...' and "..." hold them together, \ takes the
 * next character as it is (not between '...'), # at the start of a word begins a comment. Why not,
 * or NULL.
 */
const char *words_split(char *line, char **words, size_t max, size_t *count);

#endif
