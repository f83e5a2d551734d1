// SPDX-License-Identifier: GPL-2.0-or-later
// Matches names: a pattern is a list of tokens, and only its last star is ever tried again.
#include "base/glob.h"

#include "base/vec.h"
#include "errors.h"
#include <string.h>

/* Bytes that are not UTF-8 come after all characters. */
#define STRAY 0x110000u

enum token_kind { CHARACTER, ANY, SET, STAR };

struct token {
	enum token_kind kind;
	uint32_t value; /* the character, or the number of the set */
};

struct range {
	uint32_t from, to;
};

struct set {
	bool negated;
	uint64_t ascii[2];
	VEC(, struct range) ranges; /* of what is not ASCII */
};

struct glob {
	VEC(, struct token) tokens;
	VEC(, struct set) sets;
	char *text;
	size_t text_len;
	bool wild;
	/* while it is read, by the kinds ":.=": no "[: :]" ends from here on; NULL: not known */
	const char *no_end[3];
};

/* ---- characters ---- */

/* The length of the sequence that begins with FIRST, 0: it begins none; *LEAST: not overlong. */
static size_t sequence_length(uint8_t first, uint32_t *least)
{
	if (first >= 0xc2 && first <= 0xdf) {
		*least = 0x80;
		return 2;
	}
	if (first >= 0xe0 && first <= 0xef) {
		*least = 0x800;
		return 3;
	}
	if (first >= 0xf0 && first <= 0xf4) {
		*least = 0x10000;
		return 4;
	}
	return 0;
}

/* The character at AT, which lies before END: *C. Returns what follows it. */
static const char *next_char(const char *at, const char *end, uint32_t *c)
{
	const uint8_t *p = (const uint8_t *)at;
	uint32_t least = 0, value;
	size_t len, i;

	*c = *p;
	if (*p < 0x80)
		return at + 1;
	*c = STRAY + *p;
	len = sequence_length(*p, &least);
	if (!len || len > (size_t)(end - at))
		return at + 1;
	value = *p & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return at + 1;
		value = value << 6 | (p[i] & 0x3fu);
	}
	if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return at + 1;
	*c = value;
	return at + len;
}

/* ---- bracket expressions ---- */

static errcode_t set_add(struct set *set, uint32_t from, uint32_t to)
{
	struct range range = {from < 128 ? 128 : from, to};

	for (uint32_t c = from; c <= to && c < 128; c++)
		set->ascii[c / 64] |= (uint64_t)1 << c % 64;
	return from > to || to < 128 ? 0 : vec_push(&set->ranges, range);
}

/* The class of LEN bytes at NAME, its ranges pair by pair as the POSIX locale has them. */
static const char *class_ranges(const char *name, size_t len)
{
	static const char *const classes[][2] = {
		{"alnum", "09AZaz"},   {"alpha", "AZaz"},
		{"blank", "\t\t  "},   {"cntrl", "\1\37\177\177"},
		{"digit", "09"},       {"graph", "!~"},
		{"lower", "az"},       {"print", " ~"},
		{"punct", "!/:@[`{~"}, {"space", "\t\r  "},
		{"upper", "AZ"},       {"xdigit", "09AFaf"},
	};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strlen(classes[i][0]) == len && !memcmp(classes[i][0], name, len))
			return classes[i][1];
	return NULL;
}

/* A bracket expression that is being read. */
struct reading {
	const char *at, *end;
	const char **no_end; /* of the glob */
	struct set *set;
	const char *why; /* it is understood, and wrong */
	errcode_t err;
};

/*
 * "[:", "[." or "[=" at r->at: the end of it, which is where that character and ']' are, or NULL.
 * No byte is searched twice in vain: a text of nothing but "[:" would take the cube of its length.
 */
static const char *inner_end(const struct reading *r)
{
	static const char kinds[] = ":.=";
	const char *p = r->at, *kind, *stop;
	const char **no_end;

	if (r->end - p < 2 || p[0] != '[' || !p[1] || !(kind = strchr(kinds, p[1])))
		return NULL;
	no_end = &r->no_end[kind - kinds];
	stop = *no_end ? *no_end : r->end - 1;
	for (const char *q = p + 2; q < stop; q++)
		if (q[0] == p[1] && q[1] == ']')
			return q;
	if (p + 2 < stop)
		*no_end = p + 2;
	return NULL;
}

static void add_class(struct reading *r, const char *name, size_t len)
{
	const char *ranges = class_ranges(name, len);

	if (!ranges)
		r->why = "unknown character class";
	for (; ranges && *ranges; ranges += 2)
		set_add(r->set, (uint8_t)ranges[0], (uint8_t)ranges[1]);
}

/* One character, however it is written: *C. False: it was a class, which is in the set now. */
static bool element(struct reading *r, uint32_t *c)
{
	const char *end = inner_end(r), *p = r->at + 2;

	if (!end) {
		if (*r->at == '\\' && r->at + 1 < r->end)
			r->at++;
		r->at = next_char(r->at, r->end, c);
		return true;
	}
	r->at = end + 2;
	if (p[-1] == ':') {
		add_class(r, p, (size_t)(end - p));
		return false;
	}
	*c = 0;
	if (p == end || next_char(p, end, c) != end)
		r->why = "[. .] and [= =] hold one character";
	return true;
}

/* What is before the closing bracket at most: an element, or a range of them. */
static void item(struct reading *r)
{
	uint32_t from, to;
	bool class = !element(r, &from);

	if (r->end - r->at < 2 || *r->at != '-' || r->at[1] == ']') {
		if (!class)
			r->err = set_add(r->set, from, from);
		return;
	}
	r->at++;
	if (class || !element(r, &to))
		r->why = "a character class cannot be the end of a range";
	else
		r->err = set_add(r->set, from, to);
}

/* The expression whose bracket is before *AT; NULL in *AT: it is not closed. */
static errcode_t read_set(struct glob *glob, const char **at, const char *end, const char **why)
{
	struct set set = {0};
	struct reading r = {.at = *at, .end = end, .no_end = glob->no_end, .set = &set};
	const char *first;

	if (r.at < end && (*r.at == '!' || *r.at == '^')) {
		set.negated = true;
		r.at++;
	}
	for (first = r.at; r.at < end && (*r.at != ']' || r.at == first) && !r.err;)
		item(&r);
	*at = r.at < end ? r.at + 1 : NULL;
	if (!r.err && *at && r.why) {
		*why = r.why;
		r.err = E4Z_ET_USAGE;
	}
	if (!r.err && *at)
		r.err = vec_push(&glob->sets, set);
	if (r.err || !*at)
		vec_free(&set.ranges);
	return r.err;
}

static bool set_has(const struct set *set, uint32_t c)
{
	bool has = false;

	if (c < 128)
		return (set->ascii[c / 64] >> c % 64 & 1) != set->negated;
	for (size_t i = 0; i < set->ranges.count && !has; i++)
		has = c >= set->ranges.items[i].from && c <= set->ranges.items[i].to;
	return has != set->negated;
}

/* ---- understanding ---- */

static errcode_t add_token(struct glob *glob, enum token_kind kind, uint32_t value)
{
	const struct token token = {kind, value};
	const struct token *last = glob->tokens.count ? &glob->tokens.items[glob->tokens.count - 1]
						      : NULL;

	glob->wild |= kind != CHARACTER;
	if (kind == STAR && last && last->kind == STAR)
		return 0;
	return vec_push(&glob->tokens, token);
}

/* The character at *AT as it is. */
static errcode_t add_character(struct glob *glob, const char **at, const char *end)
{
	const char *from = *at;
	uint32_t c;

	*at = next_char(from, end, &c);
	memcpy(glob->text + glob->text_len, from, (size_t)(*at - from));
	glob->text_len += (size_t)(*at - from);
	return add_token(glob, CHARACTER, c);
}

static errcode_t one_token(struct glob *glob, const char **at, const char *end, const char **why)
{
	const char *after = *at + 1;
	errcode_t err = 0;

	switch (**at) {
	case '*':
	case '?':
		err = add_token(glob, **at == '*' ? STAR : ANY, 0);
		*at = after;
		return err;
	case '[':
		err = read_set(glob, &after, end, why);
		if (err || !after) /* an open bracket is a character */
			break;
		*at = after;
		return add_token(glob, SET, (uint32_t)glob->sets.count - 1);
	case '\\':
		if (after < end)
			*at = after;
		break;
	}
	return err ? err : add_character(glob, at, end);
}

errcode_t glob_new(const char *pattern, size_t len, struct glob **out, const char **why)
{
	const char *end = pattern + len;
	struct glob *glob = calloc(1, sizeof(*glob));
	errcode_t err = 0;

	*out = glob;
	if (!glob)
		return ENOMEM;
	glob->text = calloc(1, len + 1);
	if (!glob->text)
		return ENOMEM;
	while (pattern < end && !err)
		err = one_token(glob, &pattern, end, why);
	return err;
}

void glob_free(struct glob *glob)
{
	if (!glob)
		return;
	for (size_t i = 0; i < glob->sets.count; i++)
		vec_free(&glob->sets.items[i].ranges);
	vec_free(&glob->sets);
	vec_free(&glob->tokens);
	free(glob->text);
	free(glob);
}

const char *glob_text(const struct glob *glob)
{
	return glob->wild ? NULL : glob->text;
}

/* ---- matching ---- */

static bool takes(const struct glob *glob, const struct token *token, uint32_t c)
{
	switch (token->kind) {
	case CHARACTER: return token->value == c;
	case ANY: return true;
	case SET: return set_has(&glob->sets.items[token->value], c);
	case STAR: break;
	}
	return false;
}

bool glob_match(const struct glob *glob, const char *name, size_t len)
{
	const struct token *token = glob->tokens.items, *last = token + glob->tokens.count;
	const struct token *star = NULL;
	const char *end = name + len, *from = NULL, *after;
	uint32_t c;

	if (len && *name == '.' &&
	    (token == last || token->kind != CHARACTER || token->value != '.'))
		return false;
	while (name < end) {
		if (token < last && token->kind == STAR) {
			star = token++;
			from = name;
			continue;
		}
		after = next_char(name, end, &c);
		if (token < last && takes(glob, token, c)) {
			token++;
			name = after;
			continue;
		}
		if (!star)
			return false;
		/* what the last star takes is one character more */
		name = from = next_char(from, end, &c);
		token = star + 1;
	}
	while (token < last && token->kind == STAR)
		token++;
	return token == last;
}
