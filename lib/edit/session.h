/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that are open in a transaction: one map and one set of dirty blocks for each, however
 * many operations change them. They are written into the transaction once, when it is to be
 * committed, counted or left to somebody else (session_settle).
 *
 *           session_mark         the operation, spill_between
 *   BETWEEN ------------> WITHIN ----------------------------> BETWEEN
 *      ^  |                  |
 *      |  | session_settle:  | session_back: files, cache and transaction are as at the mark;
 *      +--+ nothing is open  +---------------------------------> BETWEEN, or BROKEN if that fails
 *
 * An operation is whatever is marked: one of lib/ops, a flush, an orphan that is finished, a file
 * that is converted. BROKEN: part of what failed may be in the transaction, and session_get()
 * refuses everything.
 *
 * M1. No handle is open when an operation begins, and none when the files are settled.
 * M2. When an operation begins the cache holds no more than its limit (lib/edit/spill.h).
 * M3. When the files were settled, none is open, none waits, and neither cache nor the sums over
 *     all files have anything left.
 * M4. A session belongs to a transaction that is open, and what is broken is never spilled.
 */
#ifndef E4Z_EDIT_SESSION_H
#define E4Z_EDIT_SESSION_H

#include "edit/files.h"

/*
 * An operation begins: what fails of it goes back to here, maps, blocks and transaction. Should
 * that fail too, the session is good for nothing but e4z_abort().
 */
errcode_t session_mark(struct e4z_image *img);
errcode_t session_back(struct e4z_image *img);

/*
 * Flush the files that were touched since the last flush; a barrier follows what is written to its
 * final location. What the others have in the cache can be seen, and waits for the commit.
 */
errcode_t session_flush(struct e4z_image *img);

/*
 * E4Z_ET_NO_SPACE where more is to be written over holes than blocks are free: the operation that
 * is one too many is the one to fail, not the commit. What maps have to grow by is not foreseen.
 */
errcode_t session_has_room(struct e4z_image *img);

/* Blocks were given back, which a commit makes free. */
bool session_gave_back(const struct e4z_image *img);

/*
 * Put all dirty blocks where they belong, and all maps into the transaction; nothing stays open.
 * Within an operation, which has to be taken back if this fails; else it still can be where nothing
 * was open when it began (O4).
 */
errcode_t session_put_files(struct e4z_image *img);

/*
 * The same; data are moved to new blocks before, as far as the transaction is too large for the
 * log.
 */
errcode_t session_settle_within(struct e4z_image *img);

/*
 * The same between operations: after a failure all files are open and the transaction is what it
 * was, so that another operation may make room.
 */
errcode_t session_settle(struct e4z_image *img);

/* session_settle(), then txn_seal_planned(). */
errcode_t session_seal(struct e4z_image *img);

/* Within an operation that is split: commit, or go on as if that had been done, as was asked. */
errcode_t session_next(struct e4z_image *img);

/* session_settle(), then txn_commit(). */
errcode_t session_commit(struct e4z_image *img, struct e4z_commit_summary *summary);

/* session_settle(), then txn_pretend(). */
errcode_t session_pretend(struct e4z_image *img, struct e4z_commit_summary *summary,
			  uint64_t *room);

/* Forget all that is neither committed nor sealed: txn_rewind(). */
errcode_t session_rewind(struct e4z_image *img);

#endif
