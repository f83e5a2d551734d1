// SPDX-License-Identifier: GPL-2.0-or-later
// --fix: what --check reports is scrubbed, then reported with what became of it.

#include "verbs/fix.h"
#include "report/progress.h"
#include "util.h"
#include "verbs/check.h"
#include "verbs/edit.h"

static errcode_t fix(struct edit_job *job)
{
	struct check_face face;
	struct e4z_check_sink sink;
	struct e4z_fix_options how = {.dry_run = job->options->dry_run};
	struct e4z_fix_summary sum = {.log_room = UINT64_MAX};
	errcode_t err;

	check_face_open(&face, job->options, job->report, job->stop, &how.check, &sink);
	err = check_face_expand(&face, job->img, &how.check);
	if (!err)
		err = e4z_fix(job->img, &how, &sink, &sum);
	check_face_close(&face);
	if (!err)
		check_face_warn(&face, &sum.check);
	job->result.check = sum.check;
	job->result.check.skipped += face.skipped;
	job->result.commit = sum.commit;
	job->result.left = sum.left;
	job->result.verified = sum.verified;
	job->result.log_room = sum.log_room == UINT64_MAX ? E4Z_NONE : sum.log_room;
	job->result.would_replay = e4z_info(job->img)->journal == E4Z_JOURNAL_NEEDS_REPLAY;
	job->result.about = ABOUT_FIX;
	job->left_some = sum.left;
	return err;
}

int fix_run(const struct options *options, struct report *report, const volatile int *stop)
{
	return edit_run(options, report, stop, fix);
}
