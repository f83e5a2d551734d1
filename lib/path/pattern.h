/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pattern of whole paths: which of its components are due in a directory, and what a name there
 * comes to. Every component is a state, and several of them may be due at once because of "**", so
 * that a directory is read once however the pattern is written.
 */
#ifndef E4Z_PATH_PATTERN_H
#define E4Z_PATH_PATTERN_H

#include "base/glob.h"
#include <stdint.h>

#define PATTERN_STATES 64

struct pattern {
	char *prefix; /* what comes before the first wildcard, unquoted; "": the root */
	struct glob *component[PATTERN_STATES]; /* NULL: "**" */
	size_t count;				/* 0: there is no wildcard */
	bool dirs_only;				/* it ends with a slash */
	bool all; /* hidden names too, and those that cannot be spelt: see pattern_all() */
};

/* What a name in a directory comes to. */
struct pattern_step {
	bool matches;
	uint64_t below; /* states in it if it is a directory, by "**": no link is followed */
	uint64_t next;	/* states in it if it is a directory or leads to one */
};

/* TEXT has something in it that is special in a pattern. */
bool pattern_is(const char *text);

/*
 * Understand TEXT, an absolute path. 0, ENOMEM, or E4Z_ET_USAGE with *WHY (static). Give it to
 * pattern_free() in any case.
 */
errcode_t pattern_init(struct pattern *pattern, const char *text, const char **why);
void pattern_free(struct pattern *pattern);

/* PATTERN, which is all zero or has no wildcard, stands for whatever is below a directory. */
void pattern_all(struct pattern *pattern);

/* The states in the directory where the first wildcard applies. */
uint64_t pattern_start(const struct pattern *pattern);

struct pattern_step pattern_step(const struct pattern *pattern, uint64_t states, const char *name,
				 size_t len);

#endif
