// SPDX-License-Identifier: GPL-2.0-or-later
// One line of the JSON report: its fields, and what of a text must not reach a terminal as it is.

#include "report/json_line.h"

#include "report/report.h"
#include "util.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- fields; the names are literals ---- */

static void add(struct json_line *line, const char *name, struct json_object *value, bool made)
{
	const unsigned how = JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY;

	if (made && !line->failed && !json_object_object_add_ex(line->object, name, value, how))
		return;
	json_object_put(value);
	line->failed = true;
}

static void json_add_null(struct json_line *line, const char *name)
{
	add(line, name, NULL, true);
}

void json_add_bool(struct json_line *line, const char *name, bool value)
{
	struct json_object *object = json_object_new_boolean(value);

	add(line, name, object, object);
}

void json_add_number(struct json_line *line, const char *name, uint64_t value)
{
	struct json_object *object = json_object_new_uint64(value);

	add(line, name, object, object);
}

void json_add_place(struct json_line *line, const char *name, uint64_t value)
{
	if (value == E4Z_NONE)
		json_add_null(line, name);
	else
		json_add_number(line, name, value);
}

void json_add_seconds(struct json_line *line, const char *name, double value)
{
	struct json_object *object;
	char text[32];

	snprintf(text, sizeof(text), "%.3f", value);
	object = json_object_new_double_s(value, text);
	add(line, name, object, object);
}

void json_add_ascii(struct json_line *line, const char *name, const char *value)
{
	struct json_object *object = json_object_new_string(value);

	add(line, name, object, object);
}

void json_add_text(struct json_line *line, const char *name, const char *value)
{
	char *text;

	if (!value) {
		json_add_null(line, name);
	} else if (util_is_utf8(value)) {
		json_add_ascii(line, name, value);
	} else {
		text = util_sentence(value);
		if (text)
			json_add_ascii(line, name, text);
		else
			line->failed = true;
		free(text);
	}
}

void json_add_name(struct json_line *line, const char *name, const char *name_hex,
		   const char *value)
{
	char *hex;

	if (!value) {
		json_add_null(line, name);
	} else if (util_is_utf8(value)) {
		json_add_ascii(line, name, value);
	} else {
		hex = util_hex(value);
		if (hex)
			json_add_ascii(line, name_hex, hex);
		else
			line->failed = true;
		free(hex);
	}
}

void json_add_path(struct json_line *line, const char *value)
{
	json_add_name(line, "path", "path_hex", value);
}

void json_add_hex(struct json_line *line, const char *name, const uint8_t *bytes, size_t len)
{
	char hex[2 * sizeof(((struct report_sample *)0)->bytes) + 1];

	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	json_add_ascii(line, name, hex);
}

void json_add_file(struct json_line *line, const char *file)
{
	json_add_path(line, file && *file == '/' ? file : NULL);
}

void json_add_list(struct json_line *line, const char *name, const char *const *values)
{
	struct json_object *list = json_object_new_array(), *item;

	for (; list && values && *values; values++) {
		item = json_object_new_string(*values);
		if (item && !json_object_array_add(list, item))
			continue;
		json_object_put(item);
		line->failed = true;
	}
	add(line, name, list, list);
}

void json_add_ino(struct json_line *line, uint32_t ino)
{
	json_add_place(line, "ino", ino ? ino : E4Z_NONE);
}

/* ---- lines ---- */

struct json_line json_begin_row(void)
{
	struct json_line row = {.object = json_object_new_object()};

	row.failed = !row.object;
	return row;
}

void json_add_rows(struct json_line *line, const char *name)
{
	line->rows = json_object_new_array();
	add(line, name, line->rows, line->rows);
}

void json_add_row(struct json_line *line, struct json_line *row)
{
	if (!line->failed && !row->failed && !json_object_array_add(line->rows, row->object))
		return;
	json_object_put(row->object);
	line->failed = true;
}

struct json_line json_begin(const char *type)
{
	struct json_line line = {.object = json_object_new_object()};

	line.failed = !line.object;
	json_add_ascii(&line, "type", type);
	json_add_number(&line, "schema", JSON_SCHEMA);
	return line;
}

/*
 * Bytes at P of a character that can steer a terminal, or turn what is read around, although JSON
 * lets it stand: DEL, C1 controls, bidirectional overrides and isolates. 0: none; *CODE: which.
 */
static size_t steers(const char *p, unsigned *code)
{
	const unsigned char *b = (const unsigned char *)p;

	*code = b[0];
	if (b[0] == 0x7f)
		return 1;
	if (b[0] == 0xc2 && b[1] >= 0x80 && b[1] <= 0x9f) {
		*code = b[1];
		return 2;
	}
	if (b[0] != 0xe2 || (b[1] != 0x80 && b[1] != 0x81))
		return 0;
	*code = 0x2000u | (b[1] & 1u) << 6 | (b[2] & 0x3fu);
	if (*code == 0x200e || *code == 0x200f || (*code >= 0x202a && *code <= 0x202e) ||
	    (*code >= 0x2066 && *code <= 0x2069))
		return 3;
	return 0;
}

/* Such characters stand in strings only, where \u means the same. */
static void put_text(const char *text)
{
	const char *from = text;

	while (*text) {
		unsigned code;
		size_t len = steers(text, &code);

		if (!len) {
			text++;
			continue;
		}
		fwrite(from, 1, (size_t)(text - from), stdout);
		printf("\\u%04x", code);
		text += len;
		from = text;
	}
	fputs(from, stdout);
}

errcode_t json_end(struct json_line *line)
{
	const int how = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text = NULL;

	if (!line->failed)
		text = json_object_to_json_string_ext(line->object, how);
	if (text) {
		put_text(text);
		putchar('\n');
	}
	json_object_put(line->object);
	return text ? util_stdout_error() : ENOMEM;
}
