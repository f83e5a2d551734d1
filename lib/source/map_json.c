// SPDX-License-Identifier: GPL-2.0-or-later
// A reader of JSON for one shape, an array of flat objects, byte by byte.
#include "source/map_json.h"

#include "errors.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum state {
	BEFORE,
	FIRST_OBJECT, /* or the end of the array */
	OBJECT,
	FIRST_KEY, /* or the end of the object */
	KEY,
	IN_KEY,
	COLON,
	VALUE,
	IN_STRING,
	IN_WORD,
	AFTER_VALUE,
	AFTER_OBJECT,
	AFTER
};

static errcode_t go(struct map_json *json, enum state state)
{
	json->state = state;
	return 0;
}

static errcode_t begin(struct map_json *json, enum state state)
{
	json->len = 0;
	json->escaped = false;
	return go(json, state);
}

/* A word that is too long becomes one that is neither a key nor a value. */
static void append(struct map_json *json, char *word, char c)
{
	if (json->len < MAP_JSON_WORD - 1)
		word[json->len++] = c;
	else
		word[0] = '?';
	word[json->len] = '\0';
}

/* Parse a non-negative integer into *N. */
static errcode_t take_number(const char *word, uint64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoull(word, &end, 10);
	return *word >= '0' && *word <= '9' && !*end && !errno ? 0 : E4Z_ET_STATE;
}

static errcode_t take_flag(const char *word, bool *flag)
{
	*flag = !strcmp(word, "true");
	return *flag || !strcmp(word, "false") ? 0 : E4Z_ET_STATE;
}

static errcode_t take_value(struct map_json *json)
{
	struct map_extent *e = &json->extent;
	struct {
		const char *key;
		uint64_t *number;
		bool *flag;
	} const fields[] = {
		{"start", &e->start, NULL},
		{"length", &e->length, NULL},
		{"depth", &e->depth, NULL},
		{"offset", &e->offset, NULL},
		{"zero", NULL, &e->zero},
		{"data", NULL, &e->data},
		{"compressed", NULL, &e->compressed},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(fields[i].key, json->key))
			continue;
		e->has_offset |= fields[i].number == &e->offset;
		return fields[i].number ? take_number(json->word, fields[i].number)
					: take_flag(json->word, fields[i].flag);
	}
	return 0;
}

/* ---- one byte ---- */

static errcode_t in_string(struct map_json *json, char *word, char c, enum state then)
{
	if (json->escaped)
		json->escaped = false;
	else if (c == '\\')
		json->escaped = true;
	else if (c == '"')
		return go(json, then);
	append(json, word, c);
	return 0;
}

static errcode_t end_value(struct map_json *json, char c)
{
	if (c == ',')
		return begin(json, KEY);
	if (c != '}')
		return E4Z_ET_STATE;
	json->state = AFTER_OBJECT;
	json->since = 0;
	return json->take(json->arg, &json->extent);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '+' ||
	       c == '.' || c == 'E';
}

static errcode_t in_word(struct map_json *json, char c)
{
	errcode_t err;

	if (is_word(c)) {
		append(json, json->word, c);
		return 0;
	}
	json->state = AFTER_VALUE;
	err = take_value(json);
	return err || is_space(c) ? err : end_value(json, c);
}

static errcode_t begin_value(struct map_json *json, char c)
{
	begin(json, c == '"' ? IN_STRING : IN_WORD);
	json->word[0] = '\0';
	if (c == '"')
		return 0;
	return is_word(c) ? in_word(json, c) : E4Z_ET_STATE;
}

static errcode_t begin_object(struct map_json *json)
{
	json->extent = (struct map_extent){.start = 0};
	return go(json, FIRST_KEY);
}

/* Between tokens. */
static errcode_t token(struct map_json *json, char c)
{
	static const struct {
		unsigned state;
		char c;
		enum state then;
	} steps[] = {
		{BEFORE, '[', FIRST_OBJECT}, {FIRST_OBJECT, ']', AFTER},
		{FIRST_KEY, '"', IN_KEY},    {KEY, '"', IN_KEY},
		{COLON, ':', VALUE},	     {AFTER_OBJECT, ',', OBJECT},
		{AFTER_OBJECT, ']', AFTER},
	};

	if ((json->state == FIRST_OBJECT || json->state == OBJECT) && c == '{')
		return begin_object(json);
	if (json->state == VALUE)
		return begin_value(json, c);
	if (json->state == AFTER_VALUE || (json->state == FIRST_KEY && c == '}'))
		return end_value(json, c);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i].state == json->state && steps[i].c == c)
			return begin(json, steps[i].then);
	return E4Z_ET_STATE;
}

errcode_t map_json_feed(struct map_json *json, const char *bytes, size_t len)
{
	errcode_t err = 0;

	for (size_t i = 0; i < len && !err; i++) {
		char c = bytes[i];

		if (json->since++ == MAP_JSON_OBJECT)
			return E4Z_ET_STATE;
		if (json->state == IN_KEY)
			err = in_string(json, json->key, c, COLON);
		else if (json->state == IN_STRING)
			err = in_string(json, json->word, c, AFTER_VALUE);
		else if (json->state == IN_WORD)
			err = in_word(json, c);
		else if (!is_space(c))
			err = token(json, c);
	}
	return err;
}

bool map_json_is_whole(const struct map_json *json)
{
	return json->state == AFTER;
}
