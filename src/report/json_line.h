/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of the JSON report. The names of fields are literals: they are not copied. */
#ifndef E4ZERO_JSON_LINE_H
#define E4ZERO_JSON_LINE_H

#include "e4zero.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

/* An object in the making; the first failure to add to it sticks. */
struct json_line {
	struct json_object *object;
	struct json_object *rows; /* an array in it, of objects */
	bool failed;
};

/*
 * The number of the schema of these objects, e4zero-json(5). Fields and types of objects that are
 * added leave it as it is: it changes if a reader of the old ones would be misled.
 */
enum { JSON_SCHEMA = 1 };

struct json_line json_begin(const char *type);

/* An array in LINE, and an object to be put into it. */
void json_add_rows(struct json_line *line, const char *name);
struct json_line json_begin_row(void);
void json_add_row(struct json_line *line, struct json_line *row);

/* Print the line and free it: ENOMEM, or the error of standard output. */
errcode_t json_end(struct json_line *line);

void json_add_bool(struct json_line *line, const char *name, bool value);
void json_add_number(struct json_line *line, const char *name, uint64_t value);

/* E4Z_NONE: null. */
void json_add_place(struct json_line *line, const char *name, uint64_t value);

void json_add_seconds(struct json_line *line, const char *name, double value);
void json_add_ascii(struct json_line *line, const char *name, const char *value);

/* For sentences: bytes that are not UTF-8 are written out as \xNN. */
void json_add_text(struct json_line *line, const char *name, const char *value);

/* For names, which must come back as they were: "path", or "path_hex" when it is not UTF-8. */
void json_add_path(struct json_line *line, const char *value);

/* The same with other names of both fields. */
void json_add_name(struct json_line *line, const char *name, const char *name_hex,
		   const char *value);

void json_add_hex(struct json_line *line, const char *name, const uint8_t *bytes, size_t len);

/* A FILE of the command line, or a path that was found, or none: "<INO>" is no path. */
void json_add_file(struct json_line *line, const char *file);

void json_add_list(struct json_line *line, const char *name, const char *const *values);

/* 0: null. */
void json_add_ino(struct json_line *line, uint32_t ino);

#endif
