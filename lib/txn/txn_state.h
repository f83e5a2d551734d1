/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of a transaction, for the files whose names begin with txn_. */
#ifndef E4Z_TXN_TXN_STATE_H
#define E4Z_TXN_TXN_STATE_H

#include "base/vec.h"
#include "format/super.h"
#include "image/image.h"
#include "journal/commit.h"
#include "sets/rangeset.h"
#include "txn/homes.h"
#include "txn/space.h"

/* What a transaction changes, once that is known. */
struct waiting {
	struct captured *list; /* its first COUNT are journaled, all ALL are held */
	size_t count, all;
	struct homes homes;
};

enum state { OPEN, WRITING, BROKEN };

struct txn {
	enum state state;
	uint64_t disk; /* txn_disk() when it was begun, or the last commit ended */
	struct e4z_edit_options options;
	uint64_t now;
	struct homes homes;
	bool stamped, stamped_mark;    /* s_wtime is to be now; at the mark */
	VEC(, struct waiting) waiting; /* before what is changed now */
	bool reloaded;		       /* img->fs is of a state that is not committed */
	struct rangeset *freed;	       /* blocks; what was taken back stays in it, and is in use */
	uint64_t freed_count, freed_mark; /* of those that are free; that number at the mark */
	struct space *space;		  /* what may be taken; NULL: nothing was asked for */
	uint8_t *counted; /* the block of the superblock with the right counts; NULL: it has them */
	struct commit commit;
	bool replay_pending; /* the view is of a log that was not replayed yet */
	_Alignas(struct ext2_super_block) uint8_t clean_super[SUPER_SIZE]; /* of it, when it is */
	uint64_t log_transactions;
	uint32_t safe_tid;
	struct e4z_commit_summary sum;	   /* of all commits so far */
	struct e4z_commit_summary planned; /* of those that were only planned, and forgotten */
};

/* What was freed before is free. */
errcode_t txn_new_freed(struct e4z_image *img, struct txn *txn);

/* A transaction must be open, and what it should be. */
errcode_t txn_may_change(struct e4z_image *img);

/*
 * T1, when a transaction is begun; T2 to T6, of one that there is; T7, of what is to be written.
 * E4Z_ET_STATE where one does not hold; the transaction is BROKEN then.
 */
errcode_t txn_check_idle(struct e4z_image *img);
errcode_t txn_check(struct e4z_image *img);
errcode_t txn_check_size(struct e4z_image *img, const struct waiting *w);

/*
 * List what is changed now into W, whose list is the caller's; what has to be journaled comes
 * first. The superblock is sealed by it. E4Z_ET_LOG_FULL when it does not fit the log.
 */
errcode_t txn_list(struct e4z_image *img, struct waiting *w);

/* Have libext2fs see what the view shows. */
errcode_t txn_reload(struct e4z_image *img);

#endif
