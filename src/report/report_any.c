// SPDX-License-Identifier: GPL-2.0-or-later
// What is done with every report, whatever its form: notes and failures on standard error, the end.

#include "report/report.h"
#include "util.h"

errcode_t report_image(struct report *report, const struct e4z_image_info *info)
{
	const char *const *note = info->notes;

	for (; !report->options->quiet && note && *note; note++)
		util_say(report->options->image, "note", *note);
	return report->ops->image(report, info);
}

errcode_t report_edit(struct report *report, const struct e4z_edit *edit)
{
	if (!report->options->quiet && edit->note && edit->ino != report->noted) {
		util_say(report->options->image, edit->path, edit->note);
		report->noted = edit->ino;
	}
	return report->ops->edit(report, edit);
}

void report_failure(struct report *report, const char *image, const char *context,
		    const char *message, const char *list, errcode_t code)
{
	util_say_list(image, context, message, list);
	report->ops->error(report, image, context, message, code);
}

int report_end(struct report *report, const struct report_summary *summary)
{
	errcode_t err = report->ops->summary(report, summary);

	if (!err)
		return summary->exit;
	/* a report that cannot be written is an error once, when standard output is closed */
	if (!util_stdout_error() && !report->lost)
		util_say_lost(report->options->image, error_message(err), report->wrote);
	if (summary->exit == EXIT_SIGNAL)
		return EXIT_SIGNAL;
	return report->wrote ? EXIT_BROKEN : EXIT_REFUSED;
}
