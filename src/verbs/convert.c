// SPDX-License-Identifier: GPL-2.0-or-later
// --convert: the FILEs in one transaction, or every regular file in as many as it takes.

#include "verbs/convert.h"
#include "cli/advice.h"
#include "errors.h"
#include "report/progress.h"
#include "util.h"
#include "verbs/edit.h"
#include "verbs/files.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct face {
	struct edit_job *job;
	struct progress progress;
};

static void on_progress(void *arg, enum e4z_pass pass, uint64_t current, uint64_t max)
{
	struct face *face = arg;

	progress_update(&face->progress, pass, current, max);
}

static errcode_t on_edit(void *arg, const struct e4z_edit *edit)
{
	struct face *face = arg;

	progress_hide(&face->progress);
	return report_edit(face->job->report, edit);
}

static errcode_t on_skipped(void *arg, const struct e4z_skipped *skipped)
{
	struct face *face = arg;
	struct report *report = face->job->report;
	struct e4z_skipped shown = *skipped;
	const char *list;
	char *more = skipped->err
			     ? advice_add(report->options, NULL, skipped->err, skipped->why, &list)
			     : NULL;
	errcode_t err;

	progress_hide(&face->progress);
	if (more)
		shown.why = more;
	err = report->ops->skipped(report, &shown);
	free(more);
	return err;
}

static struct e4z_convert_options make_options(struct face *face)
{
	const struct options *options = face->job->options;

	return (struct e4z_convert_options){
		.to = options->convert_to,
		.offset = options->offset,
		.length = options->length,
		.dry_run = options->dry_run,
		.jobs = options->jobs,
		.stop = face->job->stop,
		.progress = options->progress == PROGRESS_NONE ? NULL : on_progress,
		.edit = on_edit,
		.skipped = on_skipped,
		.arg = face,
	};
}

/* What was done to the FILEs; the paths are kept, too. */
struct edits {
	struct face *face;
	struct e4z_convert_options how;
	struct e4z_edit *items;
	size_t count, room;
	uint64_t exempt;
};

static errcode_t keep_edit(struct edits *edits, const struct e4z_edit *edit, const char *name)
{
	struct e4z_edit *items = edits->items;

	if (edits->count == edits->room) {
		size_t room = edits->room ? edits->room * 2 : 64;

		items = realloc(items, room * sizeof(*items));
		if (!items)
			return ENOMEM;
		edits->items = items;
		edits->room = room;
	}
	items[edits->count] = *edit;
	items[edits->count].path = strdup(name);
	return items[edits->count].path ? edits->count++, 0 : ENOMEM;
}

/* A file that was not named on its own is left alone where it must be, as in a whole image. */
static errcode_t skip_exempt(struct edits *edits, const struct e4z_match *match)
{
	const struct edit_job *job = edits->face->job;
	const struct e4z_skipped skipped = {
		.ino = match->ino,
		.path = match->path,
		.why = e4z_message(job->img, E4Z_ET_REFUSED),
	};

	edits->exempt++;
	return on_skipped(edits->face, &skipped);
}

static errcode_t convert_one(void *arg, const struct e4z_match *match, const char *name)
{
	struct edits *edits = arg;
	struct e4z_edit edit;
	errcode_t err;

	edits->how.every = !match->literal;
	err = e4z_convert(edits->face->job->img, name, &edits->how, &edit);
	if (err == E4Z_ET_REFUSED && !match->literal)
		return skip_exempt(edits, match);
	return err ? err : keep_edit(edits, &edit, name);
}

/* All of it, or nothing. */
static errcode_t convert_files(struct face *face)
{
	struct edits edits = {.face = face, .how = make_options(face)};
	struct edit_job *job = face->job;
	struct file_walk files = {
		.report = job->report, .stop = job->stop, .one = convert_one, .arg = &edits};
	errcode_t err = edit_begin(job);

	if (!err)
		err = files_each(&files, job->img);
	progress_hide(&face->progress);
	if (!err)
		err = edit_commit(job);
	job->result.check.files = err ? 0 : edits.count;
	job->result.check.skipped = files.skipped + edits.exempt;
	for (size_t i = 0; i < edits.count && !err; i++)
		err = report_edit(job->report, &edits.items[i]);
	for (size_t i = 0; i < edits.count; i++)
		free((char *)edits.items[i].path);
	free(edits.items);
	return err;
}

static errcode_t convert_image(struct face *face)
{
	const struct e4z_convert_options how = make_options(face);
	struct edit_job *job = face->job;
	const struct e4z_edit_options edit = {
		.split = job->options->split,
		.orphan = edit_tell_orphan,
		.orphan_arg = job,
	};
	struct e4z_convert_summary summary;
	struct report_summary *result = &job->result;
	errcode_t err = util_stdout_flush();

	if (!err)
		err = e4z_begin(job->img, &edit);
	if (err)
		return err;
	err = e4z_convert_all(job->img, &how, &summary, &result->commit);
	progress_hide(&face->progress);
	result->about = ABOUT_CONVERT;
	result->check.files = summary.files;
	result->check.skipped = summary.skipped;
	result->left = summary.left;
	result->log_room = summary.log_room == UINT64_MAX ? E4Z_NONE : summary.log_room;
	if (job->options->dry_run) {
		result->commit.log_blocks = summary.log_blocks;
		result->would_replay = e4z_info(job->img)->journal == E4Z_JOURNAL_NEEDS_REPLAY;
	}
	job->left_some = summary.left;
	return err;
}

static errcode_t convert(struct edit_job *job)
{
	struct face face = {.job = job};

	progress_start(&face.progress, job->options);
	return job->options->file_count ? convert_files(&face) : convert_image(&face);
}

int convert_run(const struct options *options, struct report *report, const volatile int *stop)
{
	return edit_run(options, report, stop, convert);
}
