// SPDX-License-Identifier: GPL-2.0-or-later
// The verbs that write: opening the image for them, and --undo-apply, which needs no file system.

#include "edit.h"
#include "report.h"
#include "util.h"
#include <time.h>

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

errcode_t edit_open(const struct options *options, struct e4z_image **img)
{
	const struct e4z_open_options how = {
		.partition = options->partition,
		.force = options->force,
		.journal_device = options->journal_device,
		.write = true,
	};
	errcode_t err = e4z_open(options->image, &how, img);

	if (!err && options->undo && !options->dry_run)
		err = e4z_keep_undo(*img, options->undo);
	if (!err && options->trace && !options->dry_run)
		err = e4z_trace(*img, options->trace);
	return err;
}

int edit_undo_run(const struct options *options, struct report *report, const volatile int *stop)
{
	static const struct e4z_check_summary nothing;
	const struct e4z_open_options how = {.partition = options->partition};
	struct report_summary result = {.verb = options->verb_name, .check = &nothing};
	struct timespec start;
	char why[1024];
	errcode_t err;

	(void)stop; /* an undo that was begun is best finished */
	clock_gettime(CLOCK_MONOTONIC, &start);
	err = e4z_undo(options->image, &how, options->undo_apply, options->dry_run, &result.commit,
		       why, sizeof(why));
	if (err) {
		result.exit = result.commit.bytes_written && !options->dry_run ? EXIT_BROKEN
									       : EXIT_REFUSED;
		report_failure(report, options->image, why, error_message(err), err);
	} else if (options->fsck_codes && result.commit.bytes_written && !options->dry_run) {
		result.exit = 1;
	}
	result.seconds = seconds_since(&start);
	/* the text report counts findings, and there are none to count */
	err = options->json ? report->ops->summary(report, &result) : 0;
	if (err && !util_stdout_error())
		util_say(options->image, "writing the report", error_message(err));
	return result.exit;
}
