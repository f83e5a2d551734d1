/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One component of a pattern against one name: "*", "?" and bracket expressions as POSIX has them
 * (XCU 2.13), whatever the locale. Characters are those of UTF-8, ranges go by code point, classes
 * are ASCII, and a byte that is not part of valid UTF-8 is a character of its own.
 */
#ifndef E4Z_BASE_GLOB_H
#define E4Z_BASE_GLOB_H

#include <et/com_err.h>
#include <stdbool.h>
#include <stddef.h>

struct glob;

/*
 * Understand the LEN bytes of PATTERN, which hold no '/'; a backslash takes the next character as
 * it is. 0, ENOMEM, or E4Z_ET_USAGE with *WHY (static). Give *GLOB to glob_free() in any case.
 */
errcode_t glob_new(const char *pattern, size_t len, struct glob **glob, const char **why);
void glob_free(struct glob *glob);

/* What it matches alone, terminated, where it holds no wildcard; else NULL. Owned by GLOB. */
const char *glob_text(const struct glob *glob);

/*
 * NAME, of LEN bytes, matches. A leading dot is matched by a dot alone. It takes no longer than
 * LEN times the length of the pattern.
 */
bool glob_match(const struct glob *glob, const char *name, size_t len);

#endif
