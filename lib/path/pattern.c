// SPDX-License-Identifier: GPL-2.0-or-later
// Cuts a pattern into components and says which of them are due where.
#include "path/pattern.h"

#include "errors.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* States are the bits of a number, and "**" at the end takes two. */
#define COMPONENTS_MAX (PATTERN_STATES - 1)
/* Four times PATH_MAX: reading a bracket that is never closed may take the square of the length. */
#define LENGTH_MAX 16384

bool pattern_is(const char *text)
{
	return strpbrk(text, "*?[\\") != NULL;
}

/* The length of the component at TEXT; *LEFT: the backslash at its end, which quotes the slash. */
static size_t component_length(const char *text, size_t *left)
{
	size_t len = 0;

	for (*left = 0; text[len] && text[len] != '/'; len++) {
		if (text[len] == '\\' && text[len + 1] == '/')
			*left = 1;
		else if (text[len] == '\\' && text[len + 1])
			len++;
	}
	return len;
}

/* A component without a wildcard, before the first that has one. */
static void add_to_prefix(struct pattern *pattern, const char *text)
{
	strcat(pattern->prefix, "/");
	strcat(pattern->prefix, text);
}

/* "." is left out, it says that a directory comes before it. */
static errcode_t add_component(struct pattern *pattern, const char *text, size_t len,
			       const char **why)
{
	struct glob *glob;
	const char *plain;
	errcode_t err = glob_new(text, len, &glob, why);

	plain = err ? NULL : glob_text(glob);
	if (plain && !strcmp(plain, ".")) {
		glob_free(glob);
		return 0;
	}
	if (plain && !pattern->count) {
		add_to_prefix(pattern, plain);
		glob_free(glob);
		return 0;
	}
	if (!err && plain && !strcmp(plain, "..")) {
		*why = "\"..\" cannot follow a wildcard";
		err = E4Z_ET_USAGE;
	}
	if (!err && pattern->count == COMPONENTS_MAX) {
		*why = "too many names follow the first wildcard";
		err = E4Z_ET_USAGE;
	}
	if (err)
		glob_free(glob);
	else
		pattern->component[pattern->count++] = glob;
	return err;
}

/* "**", unless it follows another one. */
static errcode_t add_any_depth(struct pattern *pattern, const char **why)
{
	if (pattern->count && !pattern->component[pattern->count - 1])
		return 0;
	if (pattern->count == COMPONENTS_MAX) {
		*why = "too many names follow the first wildcard";
		return E4Z_ET_USAGE;
	}
	pattern->component[pattern->count++] = NULL;
	return 0;
}

errcode_t pattern_init(struct pattern *pattern, const char *text, const char **why)
{
	size_t len = 0, left;
	bool dot = false;
	errcode_t err = 0;

	*pattern = (struct pattern){.prefix = calloc(1, strlen(text) + 2)};
	if (!pattern->prefix)
		return ENOMEM;
	if (strlen(text) > LENGTH_MAX) {
		*why = "the pattern is longer than 16384 bytes";
		return E4Z_ET_USAGE;
	}
	for (text += strspn(text, "/"); *text && !err; text += strspn(text, "/")) {
		len = component_length(text, &left);
		dot = len == 1 && *text == '.';
		if (len == 2 && !memcmp(text, "**", 2))
			err = add_any_depth(pattern, why);
		else
			err = add_component(pattern, text, len - left, why);
		text += len;
	}
	pattern->dirs_only = dot || (len && text[-1] == '/');
	/* "**" takes directories: what is in them is one name more */
	if (!err && pattern->count && !pattern->component[pattern->count - 1])
		err = glob_new("*", 1, &pattern->component[pattern->count++], why);
	return err;
}

void pattern_free(struct pattern *pattern)
{
	for (size_t i = 0; i < pattern->count; i++)
		glob_free(pattern->component[i]);
	free(pattern->prefix);
}

void pattern_all(struct pattern *pattern)
{
	pattern->count = 2;
	pattern->all = true;
}

/* State I, and the one after it where it may take no name. */
static uint64_t closed(const struct pattern *pattern, size_t i)
{
	return (uint64_t)(pattern->component[i] || i + 1 == pattern->count ? 1 : 3) << i;
}

uint64_t pattern_start(const struct pattern *pattern)
{
	return closed(pattern, 0);
}

struct pattern_step pattern_step(const struct pattern *pattern, uint64_t states, const char *name,
				 size_t len)
{
	struct pattern_step step = {0};
	size_t i;

	if (pattern->all)
		return (struct pattern_step){.matches = true, .below = states};
	for (i = 0; i < pattern->count; i++) {
		const struct glob *glob = pattern->component[i];

		if (!(states >> i & 1))
			continue;
		if (!glob && *name != '.')
			step.below |= closed(pattern, i);
		if (!glob || !glob_match(glob, name, len))
			continue;
		if (i + 1 == pattern->count)
			step.matches = true;
		else
			step.next |= closed(pattern, i + 1);
	}
	return step;
}
