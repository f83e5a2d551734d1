/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fix that is running, for fix.c, which goes through the findings, and fix_stage.c. */
#ifndef E4Z_FIX_FIX_STATE_H
#define E4Z_FIX_FIX_STATE_H

#include "base/vec.h"
#include "e4zero.h"
#include "fix/fix_orphans.h"
#include "ledger/ledger.h"
#include "scan/check.h"
#include "scan/doubt.h"

/* A finding that is left, and why. */
struct left {
	uint32_t ino, group;
	enum e4z_finding_kind kind;
	uint64_t lblk, pblk;
	char *why;
};
VEC(left_vec, struct left);
VEC(finding_vec, struct e4z_finding);

struct fix {
	struct e4z_image *img;
	const struct e4z_fix_options *options;
	struct check *check;
	struct ledger *ledger; /* NULL: none was asked for */
	const struct e4z_check_sink *sink;
	struct e4z_fix_summary *summary;
	struct doubt doubt; /* blocks of inodes that cannot be read */
	struct fix_orphans orphans;
	struct finding_vec past_eof; /* one inode's runs of written blocks past EOF */
	struct left_vec left;
	size_t next_left; /* while they are delivered */
	size_t held_max;  /* changed blocks of a batch */
	char why[1024];	  /* the last change was not made */
};

/* F is left; WHY is copied. */
errcode_t fix_leave(struct fix *fix, const struct e4z_finding *f, const char *why);

/* What was staged is one transaction. E4Z_ET_INTERRUPTED where the caller wants an end. */
errcode_t fix_end_batch(struct fix *fix);

/* [f->first, f->last] become zero, in whole blocks: what is between is not visible either. */
errcode_t fix_zero_run(struct fix *fix, const struct e4z_finding *f);

/* Zeroes from EOF to the end of its block. */
errcode_t fix_zero_tail(struct fix *fix, const struct e4z_finding *f);

/* Zeroes after inline data; F is left where that cannot be. */
errcode_t fix_zero_inline(struct fix *fix, const struct e4z_finding *f);

/* The leaked blocks of F's group become free; F is left where that cannot be. */
errcode_t fix_free_leaked(struct fix *fix, const struct e4z_finding *f);

/* Zeroes in the place that F is in a unit of its inode; F is left where that cannot be. */
errcode_t fix_zero_slack(struct fix *fix, const struct e4z_finding *f);

/* Zeroes in the slots of inodes that are not in use; F is left where the bitmap is not valid. */
errcode_t fix_zero_spares(struct fix *fix, const struct e4z_finding *f);

/* The group's bytes of F's kind become what they have to be; F is left where that cannot be. */
errcode_t fix_set_live(struct fix *fix, const struct e4z_finding *f);

/* The entries of the orphan file become zero. */
errcode_t fix_zero_orphan_slots(struct fix *fix, const struct e4z_finding *f);

/*
 * What was gathered in fix->past_eof, runs of one inode. All else of it is staged before: what is
 * freed here may be somebody else's in the next batch.
 */
errcode_t fix_end_past_eof(struct fix *fix);

#endif
