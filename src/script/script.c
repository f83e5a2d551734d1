// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a script and runs it: e4zero-script(5) has the grammar.
//
// It is read twice: every line is understood before the image is opened, and is read again to be
// run. What the operations did is reported once the transaction that they are in is durable.

#include "script/script.h"
#include "cli/words.h"
#include "errors.h"
#include "report/report.h"
#include "script/edit_log.h"
#include "script/script_text.h"
#include "util.h"
#include "verbs/edit.h"
#include "verbs/files.h"
#include "verbs/operation.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 8 };

enum line_kind { LINE_OPERATION, LINE_FLUSH, LINE_COMMIT };

struct line {
	enum line_kind kind;
	unsigned number;
	struct operation op;
	char *pattern; /* what op.file is, unless it is the name of a file; NULL: always that */
};

struct script {
	const char *name;
	struct script_text text;
	struct edit_log log;
	unsigned last;	/* number of the last line that is one */
	char where[64]; /* in it a fault is */
	char why[256];
	bool no_memory;
};

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

/* What of the text is no line. */
static bool complain_text(struct script *s, enum text_met met)
{
	return complain_at(s, s->text.number, (unsigned)s->text.len + 1,
			   met == TEXT_ZERO_BYTE ? "a zero byte" : "the line is too long");
}

/* The next line that is one; *END: there is none. False: why not is said, or in *ERR. */
static bool next_line(struct script *s, struct line *line, bool *end, errcode_t *err)
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
static bool understand_all(struct script *s, errcode_t *err)
{
	struct line line;
	bool end = false, understood = true;

	while (understood && !end) {
		understood = next_line(s, &line, &end, err);
		if (!understood || end)
			break;
		s->last = line.number;
		free(line.pattern);
	}
	if (!understood)
		free(line.pattern);
	text_rewind(&s->text);
	return understood;
}

/* ---- running ---- */

/* WHAT failed, with the lines FIRST (0: none) to LAST. */
static void blame(struct script *s, const char *what, unsigned first, unsigned last)
{
	const char *colon = *what ? ": " : "";

	if (first && first < last)
		snprintf(s->why, sizeof(s->why), "lines %u to %u together%s%.200s", first, last,
			 colon, what);
	else if (last)
		snprintf(s->why, sizeof(s->why), "line %u%s%.200s", last, colon, what);
}

/* The script as it is being run. */
struct run {
	struct edit_job *job;
	struct script *script;
	struct line line;
	unsigned first; /* number of the line that the transaction began with; 0: none yet */
};

/* OP, on one of the files of the line, failed with ERR; the line alone does not say which it is. */
static void blame_operation(struct run *run, const struct operation *op, errcode_t err)
{
	struct script *s = run->script;
	const char *what = op->why[0] ? op->why : e4z_context(run->job->img);
	unsigned number = run->line.number;
	char both[512];

	if (run->line.pattern && !strstr(what, op->file) &&
	    !strstr(e4z_message(run->job->img, err), op->file)) {
		snprintf(both, sizeof(both), "%.200s%s%.200s", op->file, *what ? ": " : "", what);
		what = both;
	}
	/* it is all of them that the journal has no room for */
	blame(s, what, err == E4Z_ET_LOG_FULL ? run->first : number, number);
}

/* The operation of a line on FILE. */
static errcode_t operate(struct run *run, const char *file)
{
	struct script *s = run->script;
	struct operation op = run->line.op;
	struct e4z_edit edit;
	errcode_t err;

	op.stop = run->job->stop;
	op.file = file;
	err = operation_run(run->job->img, &op, &edit);
	if (err) {
		blame_operation(run, &op, err);
		return err;
	}
	err = edit_log_add(&s->log, &edit);
	if (err)
		blame(s, s->log.why, run->line.number, run->line.number);
	return err;
}

static errcode_t operate_match(void *arg, const struct e4z_match *match, const char *name)
{
	(void)match;
	return operate(arg, name);
}

/* Each file that the pattern of the line matches, as if it had the line for itself. */
static errcode_t operate_pattern(struct run *run)
{
	struct edit_job *job = run->job;
	struct file_walk files = {
		.report = job->report, .stop = job->stop, .one = operate_match, .arg = run};
	errcode_t err = files_expand(&files, job->img, run->line.pattern, run->line.op.file);

	job->result.check.skipped += files.skipped;
	/* an operation that failed was blamed */
	if (err && !run->script->why[0])
		blame(run->script, e4z_context(job->img), run->line.number, run->line.number);
	return err;
}

/* End this transaction, and begin the next; what was in it is reported when it is durable. */
static errcode_t commit(struct run *run, bool last)
{
	struct script *s = run->script;
	errcode_t err = edit_commit(run->job);

	if (!err) {
		err = edit_log_report(&s->log, run->job->report);
		if (err && s->log.why[0])
			blame(s, s->log.why, 0, s->last);
	}
	return err || last ? err : edit_next(run->job);
}

static errcode_t run_line(struct run *run)
{
	struct script *s = run->script;
	errcode_t err = 0;

	if (!run->first)
		run->first = run->line.number;
	switch (run->line.kind) {
	case LINE_OPERATION:
		return run->line.pattern ? operate_pattern(run) : operate(run, run->line.op.file);
	case LINE_FLUSH: err = e4z_flush(run->job->img); break;
	case LINE_COMMIT: err = commit(run, false); break;
	}
	if (err)
		blame(s, e4z_context(run->job->img), run->first, run->line.number);
	else if (run->line.kind == LINE_COMMIT)
		run->first = 0;
	return err;
}

static errcode_t run_lines(struct run *run)
{
	struct script *s = run->script;
	errcode_t err = edit_begin(run->job);
	bool end = false;

	while (!err && !end) {
		if (*run->job->stop)
			return E4Z_ET_INTERRUPTED;
		if (!next_line(s, &run->line, &end, &err))
			return err ? err : ENOMEM;
		if (!end)
			err = run_line(run);
		free(run->line.pattern);
	}
	if (err)
		return err;
	err = commit(run, true);
	if (err && s->last && !s->why[0])
		blame(s, e4z_context(run->job->img), run->first, s->last);
	return err;
}

static errcode_t work(struct edit_job *job)
{
	struct run run = {.job = job, .script = job->arg};
	errcode_t err = run_lines(&run);

	job->result.check.files = edit_log_files(&run.script->log);
	return err;
}

int script_run(const struct options *options, struct report *report, const volatile int *stop)
{
	struct script s = {.name = options->script};
	errcode_t err = text_open(&s.text, s.name, stop);
	bool understood = false;
	int status;

	if (err)
		snprintf(s.why, sizeof(s.why), "%s", s.text.source.why);
	else
		understood = understand_all(&s, &err);
	/* that there is no memory is nobody's wrong usage */
	if (s.no_memory)
		err = ENOMEM;
	if (err)
		status = edit_refuse(report, options->image, s.why, error_message(err), err);
	else if (!understood)
		status = edit_refuse(report, s.name, s.where, s.why, E4Z_ET_USAGE);
	else
		status = edit_run_with(options, report, stop, work, &s, s.why);
	text_close(&s.text);
	edit_log_free(&s.log);
	return status;
}
