/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --check, and the face of a check that --fix shows too. */
#ifndef E4ZERO_CHECK_H
#define E4ZERO_CHECK_H

#include "cli/options.h"
#include "report/progress.h"
#include "verbs/files.h"
#include "verbs/verb.h"

verb_fn check_run;

/* What check_run() does with the open image; ARG: a struct check_face with a report and a stop. */
verb_look_fn check_look;

/* Takes what a check delivers to the report, and shows its progress. */
struct check_face {
	struct report *report;
	const volatile int *stop;
	struct e4z_image *img; /* to show bytes of; NULL: none are shown */
	struct progress progress;
	struct file_list files; /* what was asked for */
	uint64_t skipped;	/* of it, before the check began */
};

/* Fill HOW as OPTIONS ask, and SINK, which refers to FACE. */
void check_face_open(struct check_face *face, const struct options *options, struct report *report,
		     const volatile int *stop, struct e4z_check_options *how,
		     struct e4z_check_sink *sink);
/* Have HOW look at what the FILEs of the command line stand for in IMG, if there are any. */
errcode_t check_face_expand(struct check_face *face, struct e4z_image *img,
			    struct e4z_check_options *how);
void check_face_close(struct check_face *face);
/* Say on standard error, whatever is quiet, why CHECK proves less than it seems to. */
void check_face_warn(const struct check_face *face, const struct e4z_check_summary *check);

#endif
