// SPDX-License-Identifier: GPL-2.0-or-later
// --check: open the image, check it, hand what is found to the report and choose the exit status.

#include "verbs/check.h"
#include "e4zero.h"
#include "errors.h"
#include "report/progress.h"
#include "report/report.h"
#include "util.h"
#include "verbs/verb.h"

static errcode_t on_finding(void *arg, const struct e4z_finding *finding)
{
	struct check_face *face = arg;
	struct report_sample sample = {.len = 0};
	errcode_t err = 0;

	if (*face->stop)
		return E4Z_ET_INTERRUPTED;
	progress_hide(&face->progress);
	if (face->img)
		err = e4z_peek(face->img, finding, sample.bytes, sizeof(sample.bytes), &sample.len);
	return err ? err : face->report->ops->finding(face->report, finding, &sample);
}

static errcode_t on_skipped(void *arg, const struct e4z_skipped *skipped)
{
	struct check_face *face = arg;

	progress_hide(&face->progress);
	return face->report->ops->skipped(face->report, skipped);
}

static errcode_t on_ledger(void *arg, const struct e4z_ledger *ledger)
{
	struct check_face *face = arg;

	progress_hide(&face->progress);
	return face->report->ops->ledger(face->report, ledger);
}

static errcode_t on_shard(void *arg, const struct e4z_shard *shard)
{
	struct check_face *face = arg;

	progress_hide(&face->progress);
	return face->report->ops->shard(face->report, shard);
}

static errcode_t on_claims(void *arg, const struct e4z_claims *claims)
{
	struct check_face *face = arg;

	if (*face->stop)
		return E4Z_ET_INTERRUPTED;
	return face->report->ops->claims(face->report, claims);
}

static void on_progress(void *arg, enum e4z_pass pass, uint64_t current, uint64_t max)
{
	struct check_face *face = arg;

	progress_update(&face->progress, pass, current, max);
}

void check_face_open(struct check_face *face, const struct options *options, struct report *report,
		     const volatile int *stop, struct e4z_check_options *how,
		     struct e4z_check_sink *sink)
{
	*face = (struct check_face){.report = report, .stop = stop};
	*how = (struct e4z_check_options){
		.jobs = options->jobs,
		.paranoid = options->paranoid,
		.all = options->all,
		.opaque = options->verbose || options->kinds & E4Z_KIND_BIT(E4Z_OPAQUE),
		.kinds = options->kinds,
		.shard = options->shard,
		.shards = options->shards,
		.files = options->file_count ? options->files : NULL,
		.file_count = options->file_count,
		.stop = stop,
	};
	*sink = (struct e4z_check_sink){
		.arg = face,
		.finding = on_finding,
		.skipped = on_skipped,
		.ledger = on_ledger,
		.shard = on_shard,
		/* to list them takes time */
		.claims = options->json ? on_claims : NULL,
		.progress = options->progress == PROGRESS_NONE ? NULL : on_progress,
	};
	progress_start(&face->progress, options);
}

errcode_t check_face_expand(struct check_face *face, struct e4z_image *img,
			    struct e4z_check_options *how)
{
	struct file_walk files = {.report = face->report, .stop = face->stop, .links = true};
	errcode_t err;

	if (!how->files)
		return 0;
	err = file_list_gather(&face->files, &files, img);
	face->skipped = files.skipped;
	how->file_count = 0;
	how->matches = face->files.items;
	how->match_count = face->files.count;
	return err;
}

void check_face_close(struct check_face *face)
{
	file_list_free(&face->files);
	progress_hide(&face->progress);
}

void check_face_warn(const struct check_face *face, const struct e4z_check_summary *check)
{
	const char *image = face->report->options->image;

	/* with --quiet, too: it would look like a clean file system */
	if (check->only_holes)
		util_say(image, "note",
			 "every data block that was examined is a hole of the image file; in a "
			 "copy of metadata, such as the output of \"e2image -r\", this proves "
			 "nothing about the original");
	/* --check refuses that instead */
	if (check->none_checked)
		util_say(image, "note",
			 "nothing was checked: only regular files and symbolic links in use can "
			 "be checked");
}

errcode_t check_look(void *arg, struct e4z_image *img, struct report_summary *result)
{
	struct check_face *face = arg;
	struct e4z_check_options how;
	struct e4z_check_sink sink;
	errcode_t err;

	check_face_open(face, face->report->options, face->report, face->stop, &how, &sink);
	if (face->report->options->verbose)
		face->img = img;
	err = check_face_expand(face, img, &how);
	if (!err)
		err = e4z_check(img, &how, &sink, &result->check);
	result->check.skipped += face->skipped;
	check_face_close(face);
	if (!err)
		check_face_warn(face, &result->check);
	return err;
}

int check_run(const struct options *options, struct report *report, const volatile int *stop)
{
	struct check_face face = {.report = report, .stop = stop};

	(void)options;
	return verb_look(report, stop, ABOUT_CHECK, check_look, &face);
}
