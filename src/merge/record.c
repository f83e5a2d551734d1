// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the fields of a line of JSON, which is untrusted input.

#include "merge/record.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* A line holds an object, with arrays in it. */
#define DEPTH 4

/* A thousand years: what is added up is printed without an exponent. */
#define SECONDS_MAX 32e9

errcode_t record_init(struct record *r)
{
	r->type = "";
	r->tokener = json_tokener_new_ex(DEPTH);
	if (!r->tokener)
		return ENOMEM;
	json_tokener_set_flags(r->tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	return 0;
}

static void forget(struct record *r)
{
	json_object_put(r->object);
	r->object = NULL;
	r->type = "";
	r->bad = NULL;
	while (r->count)
		free(r->bytes[--r->count]);
}

void record_free(struct record *r)
{
	forget(r);
	if (r->tokener)
		json_tokener_free(r->tokener);
}

bool record_read(struct record *r, const char *line, size_t len)
{
	const char *type;

	forget(r);
	json_tokener_reset(r->tokener);
	r->object = json_tokener_parse_ex(r->tokener, line, (int)len);
	if (json_tokener_get_parse_end(r->tokener) != len ||
	    !json_object_is_type(r->object, json_type_object))
		return false;
	type = record_some_text(r, "type");
	if (!type || r->bad)
		return false;
	r->type = type;
	return true;
}

/* ---- fields ---- */

static struct json_object *find(struct record *r, const char *name, enum json_type type)
{
	struct json_object *field;

	if (json_object_object_get_ex(r->object, name, &field) && json_object_is_type(field, type))
		return field;
	r->bad = r->bad ? r->bad : name;
	return NULL;
}

bool record_has(const struct record *r, const char *name)
{
	return json_object_object_get_ex(r->object, name, NULL);
}

static bool is_null(const struct record *r, const char *name)
{
	struct json_object *field;

	return json_object_object_get_ex(r->object, name, &field) && !field;
}

uint64_t record_number(struct record *r, const char *name, uint64_t max)
{
	struct json_object *field = find(r, name, json_type_int);
	uint64_t value = field ? json_object_get_uint64(field) : 0;

	/* what is too large became the largest number, what is below zero became zero */
	if (field && json_object_get_int64(field) >= 0 && value <= max)
		return value;
	r->bad = r->bad ? r->bad : name;
	return 0;
}

uint64_t record_place(struct record *r, const char *name)
{
	return is_null(r, name) ? E4Z_NONE : record_number(r, name, E4Z_NONE - 1);
}

double record_seconds(struct record *r, const char *name)
{
	struct json_object *field = find(r, name, json_type_double);
	double value = field ? json_object_get_double(field) : 0;

	if (value >= 0 && value <= SECONDS_MAX)
		return value;
	r->bad = r->bad ? r->bad : name;
	return 0;
}

bool record_bool(struct record *r, const char *name)
{
	struct json_object *field = find(r, name, json_type_boolean);

	return field && json_object_get_boolean(field);
}

/* The text of FIELD, unless a zero byte is in it. */
static const char *text_of(struct record *r, struct json_object *field, const char *name)
{
	const char *text = field ? json_object_get_string(field) : "";

	if (!field || strlen(text) == (size_t)json_object_get_string_len(field))
		return text;
	r->bad = r->bad ? r->bad : name;
	return "";
}

const char *record_text(struct record *r, const char *name)
{
	return text_of(r, find(r, name, json_type_string), name);
}

const char *record_some_text(struct record *r, const char *name)
{
	return is_null(r, name) || !record_has(r, name) ? NULL : record_text(r, name);
}

const char *record_item(struct record *r, const char *name, size_t i)
{
	struct json_object *list = find(r, name, json_type_array), *item;

	if (!list || i >= json_object_array_length(list))
		return NULL;
	item = json_object_array_get_idx(list, i);
	if (json_object_is_type(item, json_type_string))
		return text_of(r, item, name);
	r->bad = r->bad ? r->bad : name;
	return NULL;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes of HEX, none of them zero; NULL: not hexadecimal. */
static char *unhex(const char *hex)
{
	size_t len = strlen(hex) / 2;
	char *bytes = malloc(len + 1);

	for (size_t i = 0; bytes && i < len; i++) {
		int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);

		bytes[i] = (char)(high << 4 | low);
		if (high < 0 || low < 0 || !bytes[i]) {
			free(bytes);
			return NULL;
		}
	}
	if (bytes)
		bytes[len] = '\0';
	return bytes;
}

const char *record_name(struct record *r, const char *name, const char *name_hex)
{
	const char *hex;
	char *bytes;

	if (!record_has(r, name_hex))
		return is_null(r, name) ? NULL : record_text(r, name);
	hex = record_text(r, name_hex);
	bytes = strlen(hex) % 2 || r->count == sizeof(r->bytes) / sizeof(r->bytes[0]) ? NULL
										      : unhex(hex);
	if (bytes)
		return r->bytes[r->count++] = bytes;
	r->bad = r->bad ? r->bad : name_hex;
	return NULL;
}
