/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a verb has to say, in the form that was asked for: a table, or JSON Lines. */
#ifndef E4ZERO_REPORT_H
#define E4ZERO_REPORT_H

#include "cli/options.h"
#include "e4zero.h"

/* What the last line of text counts. */
enum report_about { ABOUT_NOTHING, ABOUT_CHECK, ABOUT_FIX, ABOUT_MAP, ABOUT_EDIT, ABOUT_CONVERT };

struct report_summary {
	const char *verb;
	enum report_about about;
	struct e4z_check_summary check;
	struct e4z_commit_summary commit;
	uint64_t left;	   /* findings that were not fixed, files that were not converted */
	uint64_t log_room; /* of a dry run, E4Z_NONE: there is no journal */
	bool would_replay; /* of a dry run */
	uint64_t pieces;   /* of a map */
	uint64_t verified; /* bytes zeroed without the journal and read again */
	double seconds;
	int exit;
	const char *why; /* it failed, where the image cannot say so; else NULL */
};

/* Some of the bytes of a finding, from its first on. */
struct report_sample {
	uint8_t bytes[48];
	size_t len;
};

struct report_ops {
	errcode_t (*image)(struct report *report, const struct e4z_image_info *info);
	/* SAMPLE: NULL or empty: none */
	errcode_t (*finding)(struct report *report, const struct e4z_finding *finding,
			     const struct report_sample *sample);
	errcode_t (*skipped)(struct report *report, const struct e4z_skipped *skipped);
	/* after the last finding */
	errcode_t (*ledger)(struct report *report, const struct e4z_ledger *ledger);
	/* of a shard, after the last finding */
	errcode_t (*shard)(struct report *report, const struct e4z_shard *shard);
	errcode_t (*claims)(struct report *report, const struct e4z_claims *claims);
	errcode_t (*edit)(struct report *report, const struct e4z_edit *edit);
	errcode_t (*map)(struct report *report, const char *file,
			 const struct e4z_map_piece *piece);
	void (*error)(struct report *report, const char *image, const char *context,
		      const char *message, errcode_t code);
	/* Always the last, after a failure too. */
	errcode_t (*summary)(struct report *report, const struct report_summary *summary);
	void (*close)(struct report *report);
};

struct report {
	const struct report_ops *ops;
	const struct options *options;
	bool lost;	/* what could not be written beside standard output was said, or will be */
	bool wrote;	/* the image: a report that is lost comes too late to leave it as it was */
	uint32_t noted; /* the inode whose edit had the last note: the next one needs not say it */
};

/* NULL: no memory. */
struct report *report_text_open(const struct options *options);

/* An image was opened: its notes on standard error, its facts into the report. */
errcode_t report_image(struct report *report, const struct e4z_image_info *info);

/* An edit is done: its note on standard error, the rest into the report. */
errcode_t report_edit(struct report *report, const struct e4z_edit *edit);

/*
 * A failure, on standard error and in the report: what was being done ("": unknown) and why. LIST:
 * as in util_say_list().
 */
void report_failure(struct report *report, const char *image, const char *context,
		    const char *message, const char *list, errcode_t code);

/* The summary, and the exit status that is in it or comes of its failure. */
int report_end(struct report *report, const struct report_summary *summary);

#endif
