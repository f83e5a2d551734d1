// SPDX-License-Identifier: GPL-2.0-or-later
// The frame of the verbs: opening, failures, and all of it for those that only read.

#include "verbs/verb.h"
#include "cli/advice.h"
#include "errors.h"
#include "sandbox.h"
#include "util.h"
#include <stdlib.h>
#include <time.h>

struct e4z_open_options verb_open_options(const struct options *options, const volatile int *stop)
{
	return (struct e4z_open_options){
		.partition = options->partition,
		.force = options->force,
		.journal_device = options->journal_device,
		.holes = options->holes,
		.timeout_s = options->timeout_s,
		.format = options->format,
		.backing = options->backing,
		.passphrase_file = options->passphrase_file,
		.passphrase_fd = options->passphrase_fd,
		.stop = stop,
	};
}

void verb_tell_failure(struct report *report, const struct e4z_image *img, errcode_t err,
		       const char *context, const char *why)
{
	bool stopped = err == E4Z_ET_INTERRUPTED;
	const char *list;
	char *more;

	/* a report that cannot be written is an error once, at the end */
	if (util_stdout_error() || report->lost)
		return;
	if (stopped) {
		report_failure(report, report->options->image, "", "stopped by a signal", NULL,
			       err);
		return;
	}
	more = advice_add(report->options, img, err, why, &list);
	report_failure(report, report->options->image, context, more ? more : why, list, err);
	free(more);
}

/* The failure of a verb that only looks; WHY: a sentence, NULL: the image has it. */
static void tell(struct report *report, const struct e4z_image *img, errcode_t err, bool opened,
		 const char *why)
{
	const char *purpose = opened || why ? NULL : report->options->purpose;

	verb_tell_failure(report, img, err,
			  why	    ? ""
			  : purpose ? purpose
				    : e4z_context(img),
			  why ? why : e4z_message(img, err));
}

int verb_look(struct report *report, const volatile int *stop, enum report_about about,
	      verb_look_fn *look, void *arg)
{
	const struct options *options = report->options;
	struct sandbox sandbox = {.report = report};
	struct e4z_open_options how = verb_open_options(options, stop);
	struct report_summary result = {.verb = options->verb_name, .about = about};
	struct e4z_image *img = NULL;
	struct timespec start;
	bool usable, opened;
	errcode_t err;

	clock_gettime(CLOCK_MONOTONIC, &start);
	how.opened = sandbox_enter;
	how.opened_arg = &sandbox;
	err = e4z_open(options->image, &how, &img);
	usable = err != E4Z_ET_USAGE;
	opened = !err;
	if (!err)
		err = report_image(report, e4z_info(img));
	if (!err)
		err = look(arg, img, &result);
	/* whatever the signal cut short */
	if (err && *stop)
		err = E4Z_ET_INTERRUPTED;
	if (!err)
		result.exit = result.check.findings ? EXIT_FINDINGS : EXIT_NONE;
	else
		result.exit = *stop ? EXIT_SIGNAL : usable ? EXIT_REFUSED : EXIT_USAGE;
	if (err)
		tell(report, img, err, opened, result.why);
	if (img)
		e4z_done(img, &result.commit);
	result.seconds = util_seconds_since(&start);
	result.exit = report_end(report, &result);
	e4z_close(img);
	return result.exit;
}
