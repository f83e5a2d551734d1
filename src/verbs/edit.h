/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verbs that write: each is a plan in memory, then one commit, or none in a dry run.
 */
#ifndef E4ZERO_EDIT_H
#define E4ZERO_EDIT_H

#include "cli/options.h"
#include "report/report.h"

verb_fn edit_operation_run; /* that of the verb's name */
verb_fn edit_replay_run;
verb_fn edit_undo_run;

struct edit_job {
	const struct options *options;
	struct report *report;
	const volatile int *stop;
	bool repair;	/* the verb repairs a torn superblock */
	bool reading;	/* files of the host are opened while it runs */
	bool left_some; /* not all was done that was asked for, and it was said what */
	struct e4z_image *img;
	struct report_summary result;
	void *arg;	     /* the verb's own */
	const char *context; /* of a failure, "": that of the library */
};

/* What a verb does with an image that is open for editing. */
typedef errcode_t edit_work(struct edit_job *job);

/*
 * Open the image for editing, have WORK done, tell how it ended. The exit status. READING: WORK
 * opens files of the host.
 */
int edit_run(const struct options *options, struct report *report, const volatile int *stop,
	     edit_work *work);
int edit_run_with(const struct options *options, struct report *report, const volatile int *stop,
		  edit_work *work, void *arg, const char *context, bool reading);

/*
 * What is to be done cannot be read, no image was opened: 16 with E4Z_ET_USAGE, 32 with
 * E4Z_ET_INTERRUPTED, else 8.
 */
int edit_refuse(struct report *report, const char *name, const char *context, const char *message,
		errcode_t err);

/* For struct e4z_edit_options, with a job: an orphan that is left is reported as skipped. */
errcode_t edit_tell_orphan(void *job, uint32_t ino, const char *why);

/* Begin the one transaction of a plan; what it ends with: the commit, or its price in a dry run. */
errcode_t edit_begin(struct edit_job *job);
errcode_t edit_commit(struct edit_job *job);
/* After a commit, or its price: the next transaction. */
errcode_t edit_next(struct edit_job *job);

#endif
