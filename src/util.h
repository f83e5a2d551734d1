/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every part of the program leans on: checked standard output, safe text, messages. */
#ifndef E4ZERO_UTIL_H
#define E4ZERO_UTIL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* The exit statuses; cli.md's contract, e4zero(8) tells their story. */
enum {
	EXIT_NONE = 0,
	EXIT_CHANGED = 1, /* a bit, only with --fsck-codes */
	EXIT_FINDINGS = 4,
	EXIT_REFUSED = 8,
	EXIT_BROKEN = 12, /* after the first write */
	EXIT_USAGE = 16,
	EXIT_SIGNAL = 32,
};

/* ---- standard output ---- */

/* Occupy descriptors 0 to 2 where the caller closed them: no image must become one of them. */
void util_guard_descriptors(void);
/* The errno value of the first write to standard output that failed, or 0. */
int util_stdout_error(void);
/* What standard output has taken so far is where it belongs; else the errno value. */
int util_stdout_flush(void);
/*
 * Flush and close standard output: false, with a message, when any byte of it was lost. WROTE: to
 * the image, too.
 */
bool util_close_stdout(bool wrote);

/* ---- text ---- */

/* Read now what the functions below would read from files of the host. */
void util_prepare_text(void);
bool util_is_utf8(const char *s);
/*
 * The name S with everything that could confuse a terminal or a reader as \xNN: control characters,
 * what is not UTF-8, marks that turn the writing direction. A backslash becomes two. NULL: no
 * memory.
 */
char *util_printable(const char *s);
/* The same for a sentence, which may quote a shell's line: only "\x" gets a second backslash. */
char *util_sentence(const char *s);
/* The bytes of S in lower-case hexadecimal. NULL: no memory. */
char *util_hex(const char *s);
/* A decimal number from MIN to MAX and nothing else. */
bool util_number(const char *s, uint64_t min, uint64_t max, uint64_t *value);
/* Bytes as fallocate(1) takes them: decimal or 0x, K KiB M MiB ... (1024), KB MB ... (1000). */
bool util_size(const char *s, uint64_t *bytes);

/* ---- time ---- */

/* START as clock_gettime(CLOCK_MONOTONIC) gave it. */
double util_seconds_since(const struct timespec *start);

/* ---- messages ---- */

/* "e4zero: WHERE: WHAT: WHY" on standard error, one line; the parts may be NULL. */
void util_say(const char *where, const char *what, const char *why);
/*
 * The same; LIST, in WHY, points at the line break before the first of the commands to choose from:
 * they are printed below, one per line. NULL: there are none. Only who made the list knows: any
 * other line break is part of a name, even one that a command seems to follow.
 */
void util_say_list(const char *where, const char *what, const char *why, const char *list);
/* A report could not be written; WROTE: the image was. */
void util_say_lost(const char *where, const char *why, bool wrote);

#endif
