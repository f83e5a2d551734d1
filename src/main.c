// SPDX-License-Identifier: GPL-2.0-or-later
// e4zero: the order of things around a verb - descriptors, signals, the report, the exit status.

#include "cli/options.h"
#include "e4zero.h"
#include "page/page.h"
#include "report/report.h"
#include "report/report_json.h"
#include "util.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/*
 * The first SIGINT or SIGTERM asks for an end in order, the second one ends at once. What the
 * caller ignores stays ignored (nohup, background jobs). SIGXFSZ would hide the EFBIG that names
 * the cause.
 */
static void catch_signals(void)
{
	static const int asked[] = {SIGHUP, SIGINT, SIGTERM};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_RESETHAND};
	struct sigaction before;
	size_t i;

	for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		if (!sigaction(asked[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(asked[i], &action, NULL);
	signal(SIGXFSZ, SIG_IGN);
}

/* A wrong command line has its error and its summary in JSON too; no image is to blame for it. */
static int refuse_usage(const struct options *options, struct report *report)
{
	const struct report_summary summary = {.verb = options->verb_name, .exit = EXIT_USAGE};

	report_failure(report, NULL, "", options->fault, NULL, EINVAL);
	fputs("Try 'e4zero --help' for more information.\n", stderr);
	return report_end(report, &summary);
}

int main(int argc, char **argv)
{
	struct options options;
	struct report *report;
	bool usable;
	int status;

	util_guard_descriptors();
	catch_signals();
	e4z_init_errors();
	usable = options_parse(argc, argv, &options);
	/*
	 * whoever does not read what an edit says of itself must not end it halfway, nor leave a
	 * temporary file
	 */
	if (usable && (options_may_write(&options) || options.page))
		signal(SIGPIPE, SIG_IGN);
	report = options.json ? report_json_open(&options) : report_text_open(&options);
	if (report && options.page)
		report = page_report_open(&options, report);
	if (!report) {
		util_say(options.image, "starting", strerror(ENOMEM));
		return EXIT_REFUSED;
	}
	status = usable ? options.verb(&options, report, &stop) : refuse_usage(&options, report);
	if (!util_close_stdout(report->wrote) && status != EXIT_SIGNAL)
		status = report->wrote ? EXIT_BROKEN : EXIT_REFUSED;
	report->ops->close(report);
	return status;
}
