// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a script: e4zero-script(5) has the grammar.
//
// It is read twice: every line is parsed before the image is opened, and is read again to be run.
// If all files that the lines name can be opened in advance, the process that has the image open
// cannot open files. The results of the operations are reported once their transaction is durable.

#include "script/script.h"
#include "errors.h"
#include "report/report.h"
#include "script/edit_log.h"
#include "script/script_read.h"
#include "util.h"
#include "verbs/edit.h"
#include "verbs/files.h"
#include "verbs/operation.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	if (op.from)
		op.file_from = source_list_next(&s->files);
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
		if (!script_next_line(s, &run->line, &end, &err))
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
		understood = script_understand(&s, &err);
	if (understood && !err)
		err = script_open_files(&s);
	/* that there is no memory is nobody's wrong usage */
	if (s.no_memory)
		err = ENOMEM;
	if (err)
		status = edit_refuse(report, options->image, s.why, error_message(err), err);
	else if (!understood)
		status = edit_refuse(report, s.name, s.where, s.why, E4Z_ET_USAGE);
	else
		status = edit_run_with(options, report, stop, work, &s, s.why, s.reads);
	script_close_files(&s);
	text_close(&s.text);
	edit_log_free(&s.log);
	return status;
}
