/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A check whose findings are kept: read more than once, delivered with what became of them. */
#ifndef E4Z_SCAN_CHECK_H
#define E4Z_SCAN_CHECK_H

#include "findings/findings.h"
#include "image/image.h"
#include "scan/tables.h"

/* Stands among the kinds for the end. */
#define CHECK_END (E4Z_KIND_COUNT + 1)

struct check;

/*
 * FN: done when all inodes were examined, with what is known then; it may add to the findings.
 * AMEND: each finding, whenever it is read again, as it is with that.
 */
typedef errcode_t check_after_fn(void *arg, struct tables *tables, struct findings *findings);
typedef void check_outcome(void *arg, struct e4z_finding *finding);
struct check_after {
	void *arg;
	check_after_fn *fn;
	check_outcome *amend;
};

/*
 * Check the image as e4z_check() does, and find the names of what was found; WHOLE: every inode is
 * looked at even if only some are asked for, so that it is known whose blocks theirs are. With
 * AFTER, if not NULL, bytes are counted by their owners, and something more is done. SUMMARY counts
 * what is examined now and what is delivered later. *CHECK is to be freed in any case.
 */
errcode_t check_new(struct e4z_image *img, const struct e4z_check_options *options, bool whole,
		    const struct check_after *after, const struct e4z_check_sink *sink,
		    struct e4z_check_summary *summary, struct check **check);
void check_free(struct check *check);

/* From the first finding that is wanted, or FINDING_SKIPPED, to CHECK_END; without paths. */
errcode_t check_rewind(struct check *check);
errcode_t check_next(struct check *check, struct e4z_finding *finding);

/* The same, of all that was found; *WANTED: check_next() would give it. */
errcode_t check_next_any(struct check *check, struct e4z_finding *finding, bool *wanted);

/* Deliver them in order. OUTCOME, if not NULL, says of each what became of it. */
errcode_t check_deliver(struct check *check, check_outcome *outcome, void *arg);

#endif
