/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of a JSON report that somebody else may have written: an object, and its fields. */
#ifndef E4ZERO_RECORD_H
#define E4ZERO_RECORD_H

#include "e4zero.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;
struct json_tokener;

/* The first field that is missing, or of another type than it should be, is kept: BAD. */
struct record {
	struct json_tokener *tokener;
	struct json_object *object;
	const char *type; /* "" before the first line, and after an invalid one */
	const char *bad;
	char *bytes[3]; /* of names that are not UTF-8; the record's */
	unsigned count;
};

/* All zero before. ENOMEM. */
errcode_t record_init(struct record *record);
void record_free(struct record *record);

/*
 * LEN bytes at LINE become the record at hand: false if they are not an object with a type. What
 * the last one had is freed.
 */
bool record_read(struct record *record, const char *line, size_t len);

/* Up to MAX. A number that is too large for its type is UINT64_MAX. */
uint64_t record_number(struct record *record, const char *name, uint64_t max);
/* E4Z_NONE: null. */
uint64_t record_place(struct record *record, const char *name);
double record_seconds(struct record *record, const char *name);
bool record_bool(struct record *record, const char *name);
/* Never NULL. */
const char *record_text(struct record *record, const char *name);
/* NULL: null, or no such field. */
const char *record_some_text(struct record *record, const char *name);
/* As json_add_name() wrote it; NULL: null. */
const char *record_name(struct record *record, const char *name, const char *name_hex);
/* Is the field there? */
bool record_has(const struct record *record, const char *name);
/* An array of texts, item I; NULL: there are not so many. */
const char *record_item(struct record *record, const char *name, size_t i);

#endif
