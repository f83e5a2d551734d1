// SPDX-License-Identifier: GPL-2.0-or-later
// --check: open the image, judge it, hand what is found to the report and choose the exit status.

#include "check.h"
#include "e4zero.h"
#include "progress.h"
#include "report.h"
#include "verb.h"
#include <errno.h>

struct check {
	const struct options *options;
	struct report *report;
	const volatile int *stop;
	struct progress progress;
};

static errcode_t on_finding(void *arg, const struct e4z_finding *finding)
{
	struct check *check = arg;

	if (*check->stop)
		return EINTR;
	progress_hide(&check->progress);
	return check->report->ops->finding(check->report, finding);
}

static errcode_t on_skipped(void *arg, const struct e4z_skipped *skipped)
{
	struct check *check = arg;

	progress_hide(&check->progress);
	return check->report->ops->skipped(check->report, skipped);
}

static void on_progress(void *arg, int pass, uint64_t current, uint64_t max)
{
	struct check *check = arg;

	progress_update(&check->progress, pass, current, max);
}

static errcode_t look(void *arg, struct e4z_image *img, struct report_summary *result)
{
	struct check *check = arg;
	const struct options *options = check->options;
	const struct e4z_check_options how = {
		.jobs = options->jobs,
		.paranoid = options->paranoid,
		.opaque = options->verbose || options->kinds & E4Z_KIND_BIT(E4Z_OPAQUE),
		.kinds = options->kinds,
		.files = options->file_count ? options->files : NULL,
		.file_count = options->file_count,
		.stop = check->stop,
	};
	const struct e4z_check_sink sink = {
		.arg = check,
		.finding = on_finding,
		.skipped = on_skipped,
		.progress = options->progress == PROGRESS_NONE ? NULL : on_progress,
	};
	errcode_t err = e4z_check(img, &how, &sink, &result->check);

	progress_hide(&check->progress);
	return err;
}

int check_run(const struct options *options, struct report *report, const volatile int *stop)
{
	struct check check = {.options = options, .report = report, .stop = stop};

	progress_start(&check.progress, options);
	return verb_look(report, stop, ABOUT_CHECK, look, &check);
}
