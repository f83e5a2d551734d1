// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a script and runs it: e4zero-script(5) has the grammar.
//
// All of it is read, and every line understood, before the image is opened. What the operations
// did is told once the transaction that they are in is durable.

#include "script.h"
#include "edit.h"
#include "errors.h"
#include "operation.h"
#include "report.h"
#include "source.h"
#include "util.h"
#include "words.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 8 };

enum line_kind { LINE_OPERATION, LINE_FLUSH, LINE_COMMIT };

struct line {
	enum line_kind kind;
	unsigned number;
	struct operation op;
	const char *from; /* the host file that is written */
};

struct script {
	const char *name;
	char *text; /* the words of the lines point into it */
	struct line *lines;
	size_t count, room;
	struct e4z_edit *edits; /* not told yet */
	size_t edit_count, edit_room;
	char why[256];
	bool no_memory;
};

static void *more(void *items, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return items;
	*room = *room ? *room * 2 : 64;
	return realloc(items, *room * size);
}

/* ---- understanding ---- */

static bool complain(struct script *s, unsigned number, const char *what, const char *word)
{
	snprintf(s->why, sizeof(s->why), "line %u: '%s': %s", number, word, what);
	return false;
}

static bool is_file(const char *word)
{
	size_t digits = *word == '<' ? strspn(word + 1, "0123456789") : 0;

	return *word == '/' || (digits && !strcmp(word + 1 + digits, ">"));
}

/* One number of bytes. */
static bool take_number(struct script *s, const struct line *line, char *const *words, size_t count,
			size_t *at, const char *what, uint64_t *value)
{
	if (*at == count)
		return complain(s, line->number, what, "is missing");
	if (!util_size(words[*at], value))
		return complain(s, line->number, "not a number of bytes", words[*at]);
	++*at;
	return true;
}

/* What stands behind the file name. */
static bool take_rest(struct script *s, struct line *line, char *const *words, size_t count)
{
	struct operation *op = &line->op;
	unsigned wants = op->row->wants;
	size_t at = 2;

	if (wants & WANTS_SIZE && !take_number(s, line, words, count, &at, "a size", &op->size))
		return false;
	if (wants & WANTS_OFFSET && !take_number(s, line, words, count, &at, "an offset", &op->off))
		return false;
	if (wants & WANTS_LENGTH && !take_number(s, line, words, count, &at, "a length", &op->len))
		return false;
	if (wants & WANTS_LENGTH && !op->len)
		return complain(s, line->number, "a range has a byte at least", words[at - 1]);
	if (wants & MAY_KEEP && at < count && !strcmp(words[at], "keep-size")) {
		op->keep_size = true;
		at++;
	}
	if (wants & WANTS_BYTES) {
		if (at == count || strncmp(words[at], "from=", 5) || !words[at][5])
			return complain(s, line->number, "wants from=FILE", words[0]);
		line->from = words[at++] + 5;
		if (!strcmp(line->from, "-"))
			return complain(s, line->number, "standard input is not a file", "from=-");
	}
	return at == count || complain(s, line->number, "more than is understood", words[at]);
}

static bool understand(struct script *s, struct line *line, char *const *words, size_t count)
{
	if (!strcmp(words[0], "flush") || !strcmp(words[0], "commit")) {
		line->kind = words[0][0] == 'f' ? LINE_FLUSH : LINE_COMMIT;
		return count == 1 || complain(s, line->number, "more than is understood", words[1]);
	}
	line->op.row = operation_find(words[0]);
	if (!line->op.row)
		return complain(s, line->number, "no such operation", words[0]);
	if (count < 2 || !is_file(words[1]))
		return complain(s, line->number, "wants an absolute path in the image, or <INO>",
				count < 2 ? words[0] : words[1]);
	line->op.file = words[1];
	return take_rest(s, line, words, count);
}

static bool parse(struct script *s)
{
	unsigned number = 0;

	for (char *next = s->text, *at; (at = next);) {
		char *words[MAX_WORDS];
		size_t count;
		struct line *lines;
		const char *why;

		next = strchr(at, '\n');
		if (next)
			*next++ = '\0';
		number++;
		why = words_split(at, words, MAX_WORDS, &count);
		if (why)
			return complain(s, number, why, at);
		if (!count)
			continue;
		lines = more(s->lines, s->count, &s->room, sizeof(*lines));
		if (!lines) {
			s->no_memory = true;
			return false;
		}
		s->lines = lines;
		lines[s->count] = (struct line){.number = number};
		if (!understand(s, &lines[s->count++], words, count))
			return false;
	}
	return true;
}

/* ---- reading ---- */

static errcode_t read_text(struct script *s)
{
	struct source source;
	errcode_t err = source_open(&source, s->name);

	if (!err)
		s->text = malloc(source.bytes.len + 1);
	if (!err && !s->text)
		err = ENOMEM;
	if (!err)
		err = source.bytes.read(source.bytes.arg, 0, s->text, source.bytes.len);
	if (!err) {
		s->text[source.bytes.len] = '\0';
		if (memchr(s->text, '\0', source.bytes.len))
			err = EINVAL;
	}
	source_close(&source);
	return err;
}

/* ---- running ---- */

static errcode_t operate(struct edit_job *job, struct script *s, const struct line *line)
{
	struct e4z_edit *edits = more(s->edits, s->edit_count, &s->edit_room, sizeof(*edits));
	struct operation op = line->op;
	struct source source = {.fd = -1};
	errcode_t err = edits ? 0 : ENOMEM;

	if (err)
		return err;
	s->edits = edits;
	if (line->from) {
		err = source_open(&source, line->from);
		if (err) {
			snprintf(s->why, sizeof(s->why), "line %u: reading %s", line->number,
				 line->from);
			return err;
		}
		op.source = &source.bytes;
	}
	err = op.row->run(job->img, &op, &edits[s->edit_count]);
	source_close(&source);
	if (!err)
		s->edit_count++;
	if (err)
		snprintf(s->why, sizeof(s->why), "line %u: %.200s", line->number,
			 e4z_context(job->img));
	return err;
}

/* The transaction is durable: say what was in it. */
static errcode_t tell(struct edit_job *job, struct script *s)
{
	errcode_t err = 0;

	for (size_t i = 0; i < s->edit_count && !err; i++)
		err = job->report->ops->edit(job->report, &s->edits[i]);
	s->edit_count = 0;
	return err;
}

static void add(struct e4z_commit_summary *sum, const struct e4z_commit_summary *one)
{
	sum->transactions += one->transactions;
	sum->barriers += one->barriers;
	sum->bytes_written += one->bytes_written;
	sum->log_blocks += one->log_blocks;
	sum->replayed += one->replayed;
	sum->orphans_finished += one->orphans_finished;
	sum->orphans_left = one->orphans_left;
}

/* End this transaction, and begin the next. A dry run only plans. */
static errcode_t commit(struct edit_job *job, struct script *s, bool last)
{
	struct e4z_commit_summary before = job->result.commit;
	errcode_t err;

	job->result.commit = (struct e4z_commit_summary){0};
	err = edit_commit(job);
	add(&before, &job->result.commit);
	job->result.commit = before;
	if (!err)
		err = tell(job, s);
	return err || last ? err : edit_begin(job);
}

static errcode_t run_lines(struct edit_job *job, struct script *s)
{
	errcode_t err = edit_begin(job);

	for (size_t i = 0; i < s->count && !err; i++) {
		const struct line *line = &s->lines[i];

		if (*job->stop)
			return E4Z_ET_INTERRUPTED;
		switch (line->kind) {
		case LINE_OPERATION: err = operate(job, s, line); break;
		case LINE_FLUSH: err = e4z_flush(job->img); break;
		case LINE_COMMIT:
			/* what is not written cannot begin anew: a dry run sees one */
			if (!job->options->dry_run)
				err = commit(job, s, false);
			break;
		}
	}
	return err ? err : commit(job, s, true);
}

static errcode_t work(struct edit_job *job)
{
	return run_lines(job, job->arg);
}

static void script_free(struct script *s)
{
	free(s->text);
	free(s->lines);
	free(s->edits);
}

int script_run(const struct options *options, struct report *report, const volatile int *stop)
{
	struct script s = {.name = options->script};
	errcode_t err = read_text(&s);
	int status = EXIT_USAGE;

	if (!err && !parse(&s) && s.no_memory)
		err = ENOMEM;
	if (err) {
		util_say(s.name, "reading the script", error_message(err));
		/* that there is no memory is nobody's wrong usage */
		if (err == ENOMEM)
			status = EXIT_REFUSED;
	} else if (s.why[0]) {
		util_say(s.name, s.why, NULL);
	} else {
		status = edit_run_with(options, report, stop, work, &s, s.why);
	}
	script_free(&s);
	return status;
}
