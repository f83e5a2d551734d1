// SPDX-License-Identifier: GPL-2.0-or-later
// The verbs that write: each is a plan in memory, then one commit, or none in a dry run.
//
// A signal counts at the boundaries only: before the plan, and between it and the commit. What a
// commit has begun it ends.

#include "verbs/edit.h"
#include "e4zero.h"
#include "errors.h"
#include "report/report.h"
#include "sandbox.h"
#include "script/source.h"
#include "util.h"
#include "verbs/operation.h"
#include "verbs/verb.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Another host may use the file system: how long that takes is said once. */
static errcode_t on_wait(void *arg, unsigned left, unsigned all)
{
	const struct edit_job *job = arg;
	char text[128];

	snprintf(text, sizeof(text),
		 "multiple mount protection: waiting %u seconds to make sure that no other host "
		 "uses the file system",
		 all);
	if (left == all && !job->options->quiet)
		util_say(job->options->image, "note", text);
	return job->stop && *job->stop ? E4Z_ET_INTERRUPTED : 0;
}

/* Its undo file and trace are begun, not in a dry run; then nothing more is opened. */
static errcode_t on_opened(void *arg, struct e4z_image *img)
{
	struct edit_job *job = arg;
	const struct options *options = job->options;
	struct sandbox sandbox = {.report = job->report,
				  .reading = job->reading,
				  .temporary = !strcmp(options->verb_name, "write") ||
					       options->script};
	errcode_t err = 0;

	if (options->undo)
		err = options->dry_run ? e4z_plan_undo(img, options->undo)
				       : e4z_keep_undo(img, options->undo);
	if (!err && options->trace && !options->dry_run)
		err = e4z_trace(img, options->trace);
	return err ? err : sandbox_enter(&sandbox, img);
}

/* Open the image: locked, checked. */
static errcode_t open_image(struct edit_job *job)
{
	const struct options *options = job->options;
	struct e4z_open_options how = verb_open_options(options, job->stop);
	errcode_t err;

	how.write = true;
	how.repair = job->repair;
	how.wait = on_wait;
	how.wait_arg = job;
	how.opened = on_opened;
	how.opened_arg = job;
	err = e4z_open(options->image, &how, &job->img);
	return err ? err : report_image(job->report, e4z_info(job->img));
}

errcode_t edit_tell_orphan(void *arg, uint32_t ino, const char *why)
{
	const struct e4z_skipped skipped = {.ino = ino, .why = why};
	const struct edit_job *job = arg;

	return why ? job->report->ops->skipped(job->report, &skipped) : 0;
}

errcode_t edit_begin(struct edit_job *job)
{
	const struct e4z_edit_options how = {
		.orphan = edit_tell_orphan,
		.orphan_arg = job,
		.data = job->options->data,
		.split = job->options->split,
		.plan = job->options->dry_run,
		.policy = job->options->policy,
	};

	return e4z_begin(job->img, &how);
}

/* The last moment to leave the image alone. */
static errcode_t may_write(const struct edit_job *job)
{
	if (*job->stop)
		return E4Z_ET_INTERRUPTED;
	return util_stdout_flush();
}

/* What a dry run has instead of a commit. */
static errcode_t plan(struct edit_job *job)
{
	struct report_summary *result = &job->result;
	errcode_t err = e4z_plan(job->img, &result->commit, &result->log_room);

	if (result->log_room == UINT64_MAX)
		result->log_room = E4Z_NONE;
	result->would_replay = e4z_info(job->img)->journal == E4Z_JOURNAL_NEEDS_REPLAY;
	return err;
}

errcode_t edit_commit(struct edit_job *job)
{
	errcode_t err = may_write(job);

	if (err)
		return err;
	return job->options->dry_run ? plan(job) : e4z_commit(job->img, &job->result.commit);
}

errcode_t edit_next(struct edit_job *job)
{
	return job->options->dry_run ? e4z_plan_commit(job->img) : edit_begin(job);
}

static errcode_t operate(struct edit_job *job)
{
	struct e4z_edit edit;
	errcode_t err = edit_begin(job);

	if (!err)
		err = operation_run(job->img, job->arg, &edit);
	if (!err)
		err = edit_commit(job);
	if (err)
		return err;
	job->result.check.files = 1;
	return report_edit(job->report, &edit);
}

static errcode_t replay(struct edit_job *job)
{
	errcode_t err = may_write(job);

	if (err)
		return err;
	if (!job->options->dry_run)
		return e4z_replay(job->img, &job->result.commit);
	job->result.would_replay = e4z_info(job->img)->journal == E4Z_JOURNAL_NEEDS_REPLAY;
	return e4z_plan_replay(job->img, &job->result.commit);
}

/* ---- failures ---- */

/* What was being done when it failed: the more exact, the better. */
static const char *context_of(const struct edit_job *job, errcode_t err, bool opened)
{
	const char *context = job->context && *job->context ? job->context : e4z_context(job->img);
	bool explained = *context || strcmp(e4z_message(job->img, err), error_message(err)) != 0;

	return explained || !opened ? context : job->options->verb_name;
}

/*
 * How to go on where the image was written to. What a transaction was to change is whole again once
 * it is replayed, or dropped since its commit block is not there; every operation but those that
 * move blocks, and scripts, may be done again.
 */
static const char *go_on(const struct edit_job *job)
{
	const char *verb = job->options->verb_name;

	if (!job->img || job->repair)
		return "run the command again";
	if (e4z_info(job->img)->journal == E4Z_JOURNAL_NONE)
		return "there is no journal: run \"e2fsck -f IMAGE\" first";
	if (!strcmp(verb, "script") || !strcmp(verb, "collapse-range") ||
	    !strcmp(verb, "insert-range"))
		return "--replay completes or discards a transaction that was interrupted; the "
		       "ones before it are done";
	return "run the command again; it first completes or discards a transaction that was "
	       "interrupted";
}

/* What can be done about it is a matter of options, and of how far it came. */
static void tell_failure(const struct edit_job *job, errcode_t err, bool opened, const char *why)
{
	const struct options *options = job->options;
	char more[2048];

	if (job->report->wrote) {
		snprintf(more, sizeof(more), "%.1000s; %s%s%.600s", why, go_on(job),
			 options->undo ? ", or undo it now with --undo-apply " : "",
			 options->undo ? options->undo : "");
		why = more;
	}
	verb_tell_failure(job->report, job->img, err, context_of(job, err, opened), why);
}

static int status_of(const struct edit_job *job, errcode_t err)
{
	int status = EXIT_NONE;

	if (err == E4Z_ET_INTERRUPTED)
		status = EXIT_SIGNAL;
	else if (err)
		status = job->report->wrote ? EXIT_BROKEN : EXIT_REFUSED;
	else if (job->left_some)
		status = EXIT_FINDINGS;
	if (job->report->wrote && job->options->fsck_codes)
		status |= EXIT_CHANGED;
	return status;
}

int edit_run(const struct options *options, struct report *report, const volatile int *stop,
	     edit_work *work)
{
	return edit_run_with(options, report, stop, work, NULL, "", false);
}

/* What the summary counts: a dry run what it planned, and else what was done, in a failure too. */
static void count(struct edit_job *job)
{
	struct e4z_commit_summary done = {0};

	if (job->img)
		e4z_done(job->img, &done);
	if (!job->options->dry_run)
		job->result.commit = done;
	job->result.commit.bytes_read = done.bytes_read;
}

int edit_run_with(const struct options *options, struct report *report, const volatile int *stop,
		  edit_work *work, void *arg, const char *context, bool reading)
{
	struct edit_job job = {
		.options = options,
		.report = report,
		.stop = stop,
		.repair = work == replay,
		.reading = reading,
		.result = {.verb = options->verb_name, .about = ABOUT_EDIT},
		.arg = arg,
		.context = context,
	};
	struct timespec start;
	bool opened;
	errcode_t err;

	clock_gettime(CLOCK_MONOTONIC, &start);
	err = open_image(&job);
	opened = !err;
	if (!err)
		err = work(&job);
	report->wrote = job.img && e4z_has_written(job.img);
	if (!err)
		err = e4z_finish(job.img);
	job.result.exit = !opened && err == E4Z_ET_USAGE ? EXIT_USAGE : status_of(&job, err);
	if (err)
		tell_failure(&job, err, opened, e4z_message(job.img, err));
	count(&job);
	if (job.img)
		e4z_abort(job.img);
	job.result.seconds = util_seconds_since(&start);
	job.result.exit = report_end(report, &job.result);
	e4z_close(job.img);
	return job.result.exit;
}

int edit_refuse(struct report *report, const char *name, const char *context, const char *message,
		errcode_t err)
{
	bool stopped = err == E4Z_ET_INTERRUPTED;
	const struct report_summary summary = {
		.verb = report->options->verb_name,
		.exit = stopped		      ? EXIT_SIGNAL
			: err == E4Z_ET_USAGE ? EXIT_USAGE
					      : EXIT_REFUSED,
	};

	report_failure(report, name, stopped ? "" : context,
		       stopped ? "stopped by a signal" : message, NULL, err);
	return report_end(report, &summary);
}

int edit_operation_run(const struct options *options, struct report *report,
		       const volatile int *stop)
{
	struct operation op = {
		.row = operation_find(options->verb_name),
		.file = options->files[0],
		.size = options->size,
		.off = options->offset,
		.len = options->length,
		.keep_size = options->keep_size,
		.from = options->from ? options->from : "-",
		.stop = stop,
	};
	struct source_file from = {.fd = -1};
	int status;

	/* the process that has the image open can open no file */
	if (strcmp(op.from, "-")) {
		from = source_find(op.from);
		op.file_from = &from;
	}
	status = edit_run_with(options, report, stop, operate, &op, op.why, false);
	if (from.fd >= 0)
		close(from.fd);
	return status;
}

int edit_replay_run(const struct options *options, struct report *report, const volatile int *stop)
{
	return edit_run(options, report, stop, replay);
}

/* An undo that was begun is best finished: only a server that says nothing is not waited for. */
int edit_undo_run(const struct options *options, struct report *report, const volatile int *stop)
{
	struct e4z_open_options how = verb_open_options(options, stop);
	struct sandbox sandbox = {.report = report};
	struct edit_job job = {
		.options = options,
		.report = report,
		.result = {.verb = options->verb_name, .about = ABOUT_EDIT},
	};
	struct timespec start;
	char why[1024];
	errcode_t err;

	clock_gettime(CLOCK_MONOTONIC, &start);
	how.wait = on_wait;
	how.wait_arg = &job;
	how.opened = sandbox_enter;
	how.opened_arg = &sandbox;
	err = e4z_undo(options->image, &how, options->undo_apply, options->dry_run,
		       &job.result.commit, why, sizeof(why));
	report->wrote = job.result.commit.bytes_written && !options->dry_run;
	job.result.exit = err == E4Z_ET_USAGE ? EXIT_USAGE : status_of(&job, err);
	/* the places to choose from are the image's */
	if (err == E4Z_ET_AMBIGUOUS || err == E4Z_ET_NO_PARTITION)
		(void)!e4z_open(options->image, &how, &job.img);
	if (err)
		tell_failure(&job, err, false, *why ? why : error_message(err));
	e4z_close(job.img);
	job.result.seconds = util_seconds_since(&start);
	return report_end(report, &job.result);
}
