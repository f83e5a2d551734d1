// SPDX-License-Identifier: GPL-2.0-or-later
// Understands a script: e4zero-script(5) has the grammar.

#include "script/script_read.h"

#include "cli/words.h"
#include "util.h"
#include "verbs/operation.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 8 };

/* A line as it is being read. */
struct reading {
	struct script *script;
	struct line *line;
	struct word words[MAX_WORDS];
	size_t count, at; /* AT: the word that is looked at */
	unsigned end;	  /* the column after it */
};

static bool complain_at(struct script *s, unsigned number, unsigned column, const char *what)
{
	snprintf(s->where, sizeof(s->where), "line %u, column %u", number, column);
	snprintf(s->why, sizeof(s->why), "%s", what);
	return false;
}

/* The word that is looked at, or what is missing there, is wrong. */
static bool complain(struct reading *r, const char *what)
{
	char quoted[sizeof(r->script->why)];
	bool there = r->at < r->count;

	if (there)
		snprintf(quoted, sizeof(quoted), "'%.180s': %s", r->words[r->at].text, what);
	return complain_at(r->script, r->line->number, there ? r->words[r->at].column : r->end,
			   there ? quoted : what);
}

static bool is_file(const char *word)
{
	size_t digits = *word == '<' ? strspn(word + 1, "0123456789") : 0;

	return *word == '/' || (digits && !strcmp(word + 1 + digits, ">"));
}

/* One number of bytes; WHAT is missing where there is none. */
static bool take_number(struct reading *r, const char *what, uint64_t *value)
{
	if (r->at == r->count)
		return complain(r, what);
	if (!util_size(r->words[r->at].text, value))
		return complain(r, "not a number of bytes");
	r->at++;
	return true;
}

static bool take_source(struct reading *r)
{
	static const char key[] = "from=";
	const char *word = r->at < r->count ? r->words[r->at].text : NULL;

	if (!word || strncmp(word, key, strlen(key)) || !word[strlen(key)])
		return complain(r, "expected from=HOSTFILE");
	r->line->op.from = word + strlen(key);
	if (!strcmp(r->line->op.from, "-"))
		return complain(r, "standard input is not a file");
	r->at++;
	return true;
}

/* What follows the file name. */
static bool take_rest(struct reading *r)
{
	struct operation *op = &r->line->op;
	unsigned wants = op->row->wants;

	if (wants & WANTS_SIZE && !take_number(r, "a size is missing", &op->size))
		return false;
	if (wants & WANTS_OFFSET && !take_number(r, "an offset is missing", &op->off))
		return false;
	if (wants & WANTS_LENGTH) {
		if (!take_number(r, "a length is missing", &op->len))
			return false;
		if (!op->len) {
			r->at--;
			return complain(r, "the length must not be 0");
		}
	}
	if (wants & MAY_KEEP && r->at < r->count && !strcmp(r->words[r->at].text, "keep-size")) {
		op->keep_size = true;
		r->at++;
	}
	if (wants & WANTS_BYTES && !take_source(r))
		return false;
	return r->at == r->count || complain(r, "unexpected argument");
}

static bool understand(struct reading *r)
{
	const char *word = r->words[0].text;
	struct line *line = r->line;

	if (!strcmp(word, "flush") || !strcmp(word, "commit")) {
		line->kind = word[0] == 'f' ? LINE_FLUSH : LINE_COMMIT;
		r->at = 1;
		return r->count == 1 || complain(r, "unexpected argument");
	}
	line->op.row = operation_find(word);
	if (!line->op.row)
		return complain(r, "unknown operation");
	r->at = 1;
	if (r->count < 2 || !is_file(r->words[1].text))
		return complain(r, "expected an absolute path or <INO>");
	line->op.file = r->words[1].text;
	r->at = 2;
	return take_rest(r);
}

static bool no_memory(struct script *s)
{
	s->no_memory = true;
	return false;
}

/* Cut TEXT into words, and understand them. False: why not is said. */
static bool read_line(struct script *s, struct line *line, char *text, bool *empty)
{
	struct reading r = {.script = s, .line = line, .end = (unsigned)strlen(text) + 1};
	const char *why;

	if (!words_pattern(text, 1, &line->pattern))
		return no_memory(s);
	why = words_split(text, r.words, MAX_WORDS, &r.count);
	if (why) {
		/* what was cut already is no longer what stands in the line */
		r.end = r.words[r.count].column;
		r.at = r.count;
		return complain(&r, why);
	}
	*empty = !r.count;
	return *empty || understand(&r);
}

/* What of the text is no line. */
static bool complain_text(struct script *s, enum text_met met)
{
	return complain_at(s, s->text.number, (unsigned)s->text.len + 1,
			   met == TEXT_ZERO_BYTE ? "a zero byte" : "the line is too long");
}

/* The next line that is one; *END: there is none. False: why not is said, or in *ERR. */
bool script_next_line(struct script *s, struct line *line, bool *end, errcode_t *err)
{
	bool empty = true;

	*end = false;
	while (empty && !*end) {
		enum text_met met;

		*line = (struct line){.number = 0};
		*err = text_next(&s->text, &met);
		if (*err)
			return false;
		*end = met == TEXT_END;
		if (*end)
			break;
		if (met != TEXT_LINE)
			return complain_text(s, met);
		line->number = s->text.number;
		if (!read_line(s, line, s->text.line, &empty))
			return false;
		if (empty)
			free(line->pattern);
	}
	return true;
}

/* The first reading: all of it is understood. */
bool script_understand(struct script *s, errcode_t *err)
{
	struct line line;
	bool end = false, understood = true;

	while (understood && !end) {
		understood = script_next_line(s, &line, &end, err);
		if (!understood || end)
			break;
		s->last = line.number;
		s->froms += line.op.from != NULL;
		s->reads |= line.op.from && line.pattern;
		free(line.pattern);
	}
	if (!understood)
		free(line.pattern);
	text_rewind(&s->text);
	return understood;
}

errcode_t script_open_files(struct script *s)
{
	struct line line;
	bool end = false;
	errcode_t err = 0;

	if (s->reads || !s->froms)
		return 0;
	err = source_list_begin(&s->files, s->froms);
	/* the text has been parsed before */
	while (!err && s->files.count < s->froms && script_next_line(s, &line, &end, &err) &&
	       !end) {
		if (line.op.from)
			source_list_add(&s->files, line.op.from);
		free(line.pattern);
	}
	s->reads = s->files.later;
	text_rewind(&s->text);
	return err || s->files.count == s->froms ? err : ENOMEM;
}

void script_close_files(struct script *s)
{
	source_list_end(&s->files);
}
