/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a verb has to say, in the form that was asked for: a table, or JSON Lines. */
#ifndef E4ZERO_REPORT_H
#define E4ZERO_REPORT_H

#include "e4zero.h"
#include "options.h"

struct report_summary {
	const char *verb;
	const struct e4z_check_summary *check; /* never NULL */
	struct e4z_commit_summary commit;
	double seconds;
	int exit;
};

struct report_ops {
	errcode_t (*image)(struct report *report, const struct e4z_image_info *info);
	errcode_t (*finding)(struct report *report, const struct e4z_finding *finding);
	errcode_t (*skipped)(struct report *report, const struct e4z_skipped *skipped);
	void (*error)(struct report *report, const char *image, const char *context,
		      const char *message, errcode_t code);
	/* Always the last, after a failure too. */
	errcode_t (*summary)(struct report *report, const struct report_summary *summary);
	void (*close)(struct report *report);
};

struct report {
	const struct report_ops *ops;
};

/* NULL: no memory. */
struct report *report_text_open(const struct options *options);

/* A failure, on standard error and in the report: what was being done ("": unknown) and why. */
void report_failure(struct report *report, const char *image, const char *context,
		    const char *message, errcode_t code);

#endif
