// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a script and runs it: e4zero-script(5) has the grammar.
//
// All of it is read, and every line understood, before the image is opened. What the operations
// did is told once the transaction that they are in is durable.

#include "script.h"
#include "edit.h"
#include "errors.h"
#include "files.h"
#include "operation.h"
#include "report.h"
#include "source.h"
#include "util.h"
#include "words.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 8, MAX_TEXT = 256 << 20 };

enum line_kind { LINE_OPERATION, LINE_FLUSH, LINE_COMMIT };

struct line {
	enum line_kind kind;
	unsigned number;
	struct operation op;
	char *pattern; /* what op.file is, unless it is the name of a file; NULL: always that */
};

struct script {
	const char *name;
	char *text; /* the words of the lines point into it */
	size_t len;
	struct line *lines;
	size_t count, room;
	struct e4z_edit *edits;
	size_t edit_count, edit_room, told; /* the first TOLD of them are durable */
	char **paths;			    /* of files that a pattern matched */
	size_t path_count, path_room;
	char where[64]; /* in it a fault is */
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

/* A line as it is being read. */
struct reading {
	struct script *script;
	struct line *line;
	struct word words[MAX_WORDS];
	size_t count, at; /* AT: the word that is looked at */
	unsigned end;	  /* the column behind it */
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
		return complain(r, "from=HOSTFILE is wanted");
	r->line->op.from = word + strlen(key);
	if (!strcmp(r->line->op.from, "-"))
		return complain(r, "standard input is not a file");
	r->at++;
	return true;
}

/* What stands behind the file name. */
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
			return complain(r, "a range has a byte at least");
		}
	}
	if (wants & MAY_KEEP && r->at < r->count && !strcmp(r->words[r->at].text, "keep-size")) {
		op->keep_size = true;
		r->at++;
	}
	if (wants & WANTS_BYTES && !take_source(r))
		return false;
	return r->at == r->count || complain(r, "more than is understood");
}

static bool understand(struct reading *r)
{
	const char *word = r->words[0].text;
	struct line *line = r->line;

	if (!strcmp(word, "flush") || !strcmp(word, "commit")) {
		line->kind = word[0] == 'f' ? LINE_FLUSH : LINE_COMMIT;
		r->at = 1;
		return r->count == 1 || complain(r, "more than is understood");
	}
	line->op.row = operation_find(word);
	if (!line->op.row)
		return complain(r, "no such operation");
	r->at = 1;
	if (r->count < 2 || !is_file(r->words[1].text))
		return complain(r, "an absolute path in the image, or <INO>, is wanted");
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

/* The line TEXT, which is cut into words and kept. */
static bool parse_line(struct script *s, unsigned number, char *text)
{
	struct line line = {.number = number}, *lines;
	bool empty = false, understood = read_line(s, &line, text, &empty);

	if (!understood || empty) {
		free(line.pattern);
		return understood;
	}
	lines = more(s->lines, s->count, &s->room, sizeof(*lines));
	if (!lines) {
		free(line.pattern);
		return no_memory(s);
	}
	s->lines = lines;
	lines[s->count++] = line;
	return true;
}

static bool parse(struct script *s)
{
	/* editors of another world begin a text with U+FEFF, which is no part of it */
	char *text = s->text + (strncmp(s->text, "\xef\xbb\xbf", 3) ? 0 : 3);
	unsigned number = 0;

	for (char *next = text, *at; (at = next);) {
		number++;
		next = strchr(at, '\n');
		if (next)
			*next++ = '\0';
		else if (strlen(at) != s->len - (size_t)(at - s->text))
			return complain_at(s, number, (unsigned)strlen(at) + 1, "a zero byte");
		if (!parse_line(s, number, at))
			return false;
	}
	return true;
}

/* ---- reading ---- */

static errcode_t read_text(struct script *s, const volatile int *stop)
{
	struct source source;
	errcode_t err = source_open(&source, s->name, MAX_TEXT, EFBIG, stop);

	snprintf(s->why, sizeof(s->why), "%s", source.why);
	if (!err && source.bytes.len > MAX_TEXT) {
		snprintf(s->why, sizeof(s->why),
			 "reading %.150s beyond the %" PRIu64 " bytes that there is room for",
			 s->name, (uint64_t)MAX_TEXT);
		err = EFBIG;
	}
	if (!err)
		s->text = malloc(source.bytes.len + 1);
	if (!err && !s->text)
		err = ENOMEM;
	if (!err)
		err = source.bytes.read(source.bytes.arg, 0, s->text, source.bytes.len);
	if (!err) {
		s->text[source.bytes.len] = '\0';
		s->len = source.bytes.len;
	}
	source_close(&source);
	if (!err)
		s->why[0] = '\0';
	return err;
}

/* ---- running ---- */

/* WHAT failed, with the lines FIRST to LAST (indices). */
static void blame(struct script *s, const char *what, size_t first, size_t last)
{
	const char *colon = *what ? ": " : "";

	if (first < last)
		snprintf(s->why, sizeof(s->why), "lines %u to %u together%s%.200s",
			 s->lines[first].number, s->lines[last].number, colon, what);
	else if (last < s->count)
		snprintf(s->why, sizeof(s->why), "line %u%s%.200s", s->lines[last].number, colon,
			 what);
}

/* A line that is being run. */
struct run {
	struct edit_job *job;
	struct script *script;
	size_t first, line; /* indices; its transaction began with the FIRST */
};

/* OP, on one of the files of the line, failed with ERR; the line alone does not say which it is. */
static void blame_operation(struct run *run, const struct operation *op, errcode_t err)
{
	struct script *s = run->script;
	const char *what = op->why[0] ? op->why : e4z_context(run->job->img);
	char both[512];

	if (s->lines[run->line].pattern && !strstr(what, op->file) &&
	    !strstr(e4z_message(run->job->img, err), op->file)) {
		snprintf(both, sizeof(both), "%.200s%s%.200s", op->file, *what ? ": " : "", what);
		what = both;
	}
	/* it is all of them that the journal has no room for */
	blame(s, what, err == E4Z_ET_LOG_FULL ? run->first : run->line, run->line);
}

/* The operation of a line on FILE. */
static errcode_t operate(struct run *run, const char *file)
{
	struct script *s = run->script;
	struct edit_job *job = run->job;
	struct e4z_edit *edits = more(s->edits, s->edit_count, &s->edit_room, sizeof(*edits));
	struct operation op = s->lines[run->line].op;
	errcode_t err;

	if (!edits)
		return ENOMEM;
	s->edits = edits;
	op.stop = job->stop;
	op.file = file;
	err = operation_run(job->img, &op, &edits[s->edit_count]);
	if (!err)
		s->edit_count++;
	else
		blame_operation(run, &op, err);
	return err;
}

/* NAME is gone when this returns, and is reported after the commit. */
static errcode_t operate_match(void *arg, const struct e4z_match *match, const char *name)
{
	struct run *run = arg;
	struct script *s = run->script;
	char **paths = more(s->paths, s->path_count, &s->path_room, sizeof(*paths));

	(void)match;
	if (!paths)
		return ENOMEM;
	s->paths = paths;
	paths[s->path_count] = strdup(name);
	if (!paths[s->path_count])
		return ENOMEM;
	return operate(run, paths[s->path_count++]);
}

/* Each file that the pattern of the line matches, as if it had the line for itself. */
static errcode_t operate_pattern(struct run *run)
{
	const struct line *line = &run->script->lines[run->line];
	struct edit_job *job = run->job;
	struct file_walk files = {
		.report = job->report, .stop = job->stop, .one = operate_match, .arg = run};
	errcode_t err = files_expand(&files, job->img, line->pattern, line->op.file);

	job->result.check.skipped += files.skipped;
	/* an operation that failed was blamed */
	if (err && !run->script->why[0])
		blame(run->script, e4z_context(job->img), run->line, run->line);
	return err;
}

/* The transaction is durable: say what was in it. */
static errcode_t tell(struct edit_job *job, struct script *s)
{
	errcode_t err = 0;

	for (; s->told < s->edit_count && !err; s->told++)
		err = report_edit(job->report, &s->edits[s->told]);
	return err;
}

static int by_inode(const void *a, const void *b)
{
	const struct e4z_edit *x = a, *y = b;

	return (x->ino > y->ino) - (x->ino < y->ino);
}

/* The files that were told of; the order of the edits is lost. */
static uint64_t count_files(struct script *s)
{
	uint64_t files = 0;

	if (s->told)
		qsort(s->edits, s->told, sizeof(*s->edits), by_inode);
	for (size_t i = 0; i < s->told; i++)
		files += !i || s->edits[i].ino != s->edits[i - 1].ino;
	return files;
}

/* End this transaction, and begin the next. */
static errcode_t commit(struct edit_job *job, struct script *s, bool last)
{
	errcode_t err = edit_commit(job);

	if (!err)
		err = tell(job, s);
	return err || last ? err : edit_next(job);
}

/* Line I; the transaction began with line *FIRST. */
static errcode_t run_line(struct edit_job *job, struct script *s, size_t i, size_t *first)
{
	struct run run = {job, s, *first, i};
	errcode_t err = 0;

	switch (s->lines[i].kind) {
	case LINE_OPERATION:
		return s->lines[i].pattern ? operate_pattern(&run)
					   : operate(&run, s->lines[i].op.file);
	case LINE_FLUSH: err = e4z_flush(job->img); break;
	case LINE_COMMIT: err = commit(job, s, false); break;
	}
	if (err)
		blame(s, e4z_context(job->img), *first, i);
	else if (s->lines[i].kind == LINE_COMMIT)
		*first = i + 1;
	return err;
}

static errcode_t run_lines(struct edit_job *job, struct script *s)
{
	size_t first = 0;
	errcode_t err = edit_begin(job);

	for (size_t i = 0; i < s->count && !err; i++) {
		if (*job->stop)
			return E4Z_ET_INTERRUPTED;
		err = run_line(job, s, i, &first);
	}
	if (err)
		return err;
	err = commit(job, s, true);
	if (err && s->count)
		blame(s, e4z_context(job->img), first, s->count - 1);
	return err;
}

static errcode_t work(struct edit_job *job)
{
	errcode_t err = run_lines(job, job->arg);

	job->result.check.files = count_files(job->arg);
	return err;
}

static void script_free(struct script *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->lines[i].pattern);
	for (size_t i = 0; i < s->path_count; i++)
		free(s->paths[i]);
	free(s->paths);
	free(s->text);
	free(s->lines);
	free(s->edits);
}

int script_run(const struct options *options, struct report *report, const volatile int *stop)
{
	struct script s = {.name = options->script};
	errcode_t err = read_text(&s, stop);
	bool understood = !err && parse(&s);
	int status;

	/* that there is no memory is nobody's wrong usage */
	if (s.no_memory)
		err = ENOMEM;
	if (err)
		status = edit_refuse(report, options->image, s.why, error_message(err), err);
	else if (!understood)
		status = edit_refuse(report, s.name, s.where, s.why, E4Z_ET_USAGE);
	else
		status = edit_run_with(options, report, stop, work, &s, s.why);
	script_free(&s);
	return status;
}
