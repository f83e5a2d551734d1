/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all verbs do around their work: open the image, tell a failure, end with the summary. */
#ifndef E4ZERO_VERB_H
#define E4ZERO_VERB_H

#include "cli/options.h"
#include "e4zero.h"
#include "report/report.h"

/* How the command line opens an image to read it. */
struct e4z_open_options verb_open_options(const struct options *options, const volatile int *stop);

/*
 * Tell why a verb failed with ERR, and what helps; CONTEXT: what was being done, "": unknown;
 * WHY: a sentence. IMG may be NULL.
 */
void verb_tell_failure(struct report *report, const struct e4z_image *img, errcode_t err,
		       const char *context, const char *why);

/* What a verb does with an image that is open for reading, and what it counted. */
typedef errcode_t verb_look_fn(void *arg, struct e4z_image *img, struct report_summary *result);

/* A verb that only reads, from the opening to the exit status. */
int verb_look(struct report *report, const volatile int *stop, enum report_about about,
	      verb_look_fn *look, void *arg);

#endif
