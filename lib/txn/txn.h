/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transaction of an image that is edited.
 *
 *            txn_begin             txn_commit: all that can be refused was refused
 *   IDLE ----------------> OPEN ---------------------------------------------> WRITING
 *    ^ ^                   |  ^                                                 |   |
 *    | +-------------------+  +-------------------------------------------------+   |
 *    |      txn_abort              all of it is durable; OPEN, and empty again      |
 *    |                                                                              |
 *    +--------------------------------- BROKEN <------------------------------------+
 *           txn_abort                             a write, a read or a barrier failed
 *
 * IDLE     There is no transaction: img->txn is NULL. The view shows the image, through its log
 *          where that was not replayed.
 *
 * OPEN     Operations change memory, and nothing else. There are two kinds of change:
 *          - blocks in the view (txn_edit, txn_create, txn_super) are journaled. They are metadata,
 *            and data that can be read before the commit and must change with it;
 *          - bytes at their final location, "home" in the names of this room (txn_home and its
 *            like, lib/txn/homes.h): data that nobody can read before the commit, so that the
 *            journal need not carry them.
 *          Reads through the image see both at once. Whatever fails here, memory, a refusal, a
 *          read, leaves the image as it was, so txn_back(), txn_restart() and txn_abort() need no
 *          write, and a dry run is a transaction that is never committed.
 *          txn_seal() ends a part of it, for an operation that is larger than the log or needs
 *          blocks that an earlier one freed: the part waits, unchangeable, to be written before
 *          what comes.
 *
 * WRITING  txn_commit() alone is at work, and the view and the homes do not change any more: what
 *          was listed, found to fit and saved for an undo file is what is written. In this order; a
 *          bar is a barrier, and what stands before it is durable before anything after it begins:
 *
 *            the undo file: old content of all that follows |
 *            an older log, if it waits: its blocks home | it is empty |
 *            for each sealed part, and then for the last one:
 *              homes, group by group | ... |, with the last one the superblock's RECOVER
 *              the log's superblock, descriptors, copies, an empty commit slot |
 *              the commit block |                                 <- the part counts from here on
 *              its blocks home | the log is empty |
 *            RECOVER off |
 *
 *          Why each bar is there is argued in doc/journal.md. Without a journal lib/txn/direct
 *          writes in another order, of which e2fsck can make sense.
 *
 * BROKEN   Final. What is on the disk recovers to the state before or after one of the parts, and
 *          writing more could spoil that: only txn_abort() is left, and the image is not edited
 *          again through this handle.
 *
 * The invariants; txn_check() asks for them at every entry, and one that does not hold ends the
 * transaction (lib/base/invariant.h):
 *
 * T1. While IDLE the view holds no change, no stash and nothing sealed; a superblock that was
 *     repaired in memory when the image was opened is the one exception.
 * T2. The view and the homes change only while OPEN, and never while WRITING.
 * T3. While OPEN nothing is written to the image or its external journal, and no barrier issued,
 *     since txn_begin() or the end of the last commit.
 * T4. The stash that the view reads is the one of the homes that are collected: data that will be
 *     written are visible at once, and data that were forgotten are not.
 * T5. Where a part is sealed, libext2fs's handle is of the state after it, and is loaded again
 *     before that part is forgotten.
 * T6. An overlay is in the view only while its log waits to be replayed: the first commit does
 *     that before anything else, and takes it away.
 * T7. Each part fits into the log: that was counted before the first byte was written.
 * T8. What was freed since the last commit or seal is in txn_closed(): nothing is put there
 *     (lib/txn/alloc.h, A1).
 */
#ifndef E4Z_TXN_TXN_H
#define E4Z_TXN_TXN_H

#include "image/image.h"

/* The image must be open for writing and guarded. */
errcode_t txn_begin(struct e4z_image *img, const struct e4z_edit_options *options);

/*
 * Make all of it durable; SUMMARY counts all commits since txn_begin(). The transaction is open
 * again, and empty, afterwards.
 */
errcode_t txn_commit(struct e4z_image *img, struct e4z_commit_summary *summary);

/*
 * What txn_commit() would take, without doing it, with what was planned before; a transaction has
 * room for ROOM blocks of the log (UINT64_MAX: no journal). E4Z_ET_LOG_FULL when it does not fit.
 */
errcode_t txn_plan(struct e4z_image *img, struct e4z_commit_summary *summary, uint64_t *room);

/* The same, and all of it is forgotten but for the count. */
errcode_t txn_pretend(struct e4z_image *img, struct e4z_commit_summary *summary, uint64_t *room);

/* What the next commits count from. */
struct e4z_commit_summary *txn_summary(struct e4z_image *img);

/* Forget what was not committed. Does nothing when nothing is open. */
void txn_abort(struct e4z_image *img);

const struct e4z_edit_options *txn_options(const struct e4z_image *img);
enum e4z_data_mode txn_data_mode(const struct e4z_image *img);

/*
 * What comes past EOF into a written block is journaled, as visible bytes are: a crash
 * before the commit would leave it as a stale tail. Not where data are ordered, and not without a
 * journal: there it is written first, as the kernel has it.
 */
bool txn_tails_wait(const struct e4z_image *img);

/*
 * The moment that every time stamp of the transaction says, seconds: SOURCE_DATE_EPOCH clamps it.
 */
uint64_t txn_now(const struct e4z_image *img);

/* The superblock, if it changes, says that it was written now: s_wtime. */
void txn_stamp(struct e4z_image *img);

/* A block of metadata, or of data that is journaled, for changing. */
errcode_t txn_edit(struct e4z_image *img, uint64_t block, uint8_t **data);

/* The same, of a block whose old content does not matter: all zero. */
errcode_t txn_create(struct e4z_image *img, uint64_t block, uint8_t **data);

/*
 * Have LEN bytes at OFF, a block or a part of one, become DATA at home before the commit. In the
 * committed state they are in a free block or an unwritten one; or past EOF in a written one, and
 * DATA are zeroes or txn_tails_wait() is false; or visible with E4Z_DATA_ORDERED. Reads through the
 * image see them at once.
 */
errcode_t txn_home(struct e4z_image *img, uint64_t off, size_t len, const void *data);

/*
 * The same of a whole block that can be seen and may have been changed before: what it was to
 * become then is never written, so that a crash meets the old bytes or the last ones.
 */
errcode_t txn_home_again(struct e4z_image *img, uint64_t block, const void *data);

/*
 * Have LEN bytes at OFF, which nobody sees in the committed state, become zero at home before the
 * commit: parts of one block, or whole blocks, of which the host may keep a hole. Nothing is held
 * in memory but the range, so there may be very many and very long ones; a read through the image
 * still sees what was there, unless the block is being changed.
 */
errcode_t txn_home_zero(struct e4z_image *img, uint64_t off, uint64_t len);

/* How many pieces are written before the commit. */
size_t txn_homes(const struct e4z_image *img);

/*
 * What is written directly later comes after a barrier that follows what came so far. It is issued
 * by the commit, as the writes are.
 */
void txn_barrier(struct e4z_image *img);

/* The 1024 bytes of the superblock for changing; its checksum is set by the commit. */
errcode_t txn_super(struct e4z_image *img, uint8_t **raw);

/*
 * Take BITS, which only say what the state before is like, out of s_feature_ro_compat. Where a log
 * is replayed first, and nothing else changes, the superblock that the replay writes is without
 * them.
 */
errcode_t txn_drop_ro_compat(struct e4z_image *img, uint32_t bits);

/* BLOCK, of COUNT, was freed in this transaction: until the commit nothing may be put there. */
errcode_t txn_note_freed(struct e4z_image *img, uint64_t block, uint64_t count);
/* All of them, or NULL when they may be taken. */
const struct rangeset *txn_closed(const struct e4z_image *img);

/* What is known of the free runs of each group; NULL when memory runs out. */
struct space *txn_space(struct e4z_image *img);

/* How many there are. */
uint64_t txn_freed(const struct e4z_image *img);

/* Blocks that are held because they may have changed: no more than these are journaled. */
size_t txn_blocks(const struct e4z_image *img);

/* Those of them that are not written directly, whether they differ or not. */
size_t txn_logged(const struct e4z_image *img);

/* T3: it rises with everything that is done to the disks. */
uint64_t txn_disk(const struct e4z_image *img);

/* Anything was changed since the last commit. */
bool txn_has_changes(const struct e4z_image *img);

/* Forget everything since the last commit, and go on. */
errcode_t txn_restart(struct e4z_image *img);

/* The same, but for what is sealed. */
errcode_t txn_rewind(struct e4z_image *img);

/* An operation may commit at safe points of its own. */
bool txn_may_split(const struct e4z_image *img);

/*
 * An operation begins; what fails of it goes back to here, so that nothing of it is committed.
 * After txn_restart() or txn_commit() that is the state they left.
 */
void txn_mark(struct e4z_image *img);
void txn_back(struct e4z_image *img);

/* Blocks that the transaction would change now, those that are written directly aside. */
errcode_t txn_count(struct e4z_image *img, size_t *count);

/*
 * Blocks of the log that the transaction would take now, and how many there are (UINT64_MAX: no
 * journal). What is sealed is not counted.
 */
errcode_t txn_log_need(struct e4z_image *img, uint64_t *need, uint64_t *room);

/* No fewer than those, and than MORE blocks would take with them, without looking. */
uint64_t txn_log_bound(const struct e4z_image *img, uint64_t more);

/* Blocks that the log holds, and blocks that fill it as a transaction; UINT64_MAX: no log. */
uint64_t txn_log_room(const struct e4z_image *img);
uint64_t txn_log_most(const struct e4z_image *img);
/* It fits into the log now: cheap while it is far from full. */
errcode_t txn_fits(struct e4z_image *img, bool *fits);

/*
 * What was changed until now becomes a transaction of its own: it is written by the next
 * txn_commit(), before what comes, but seen from now on, by IMG's handle of libext2fs too; what it
 * freed may be used. No file may be open in the session. E4Z_ET_LOG_FULL when it is too large, and
 * nothing is different. Without a journal it is seen, and stays part of what comes.
 */
errcode_t txn_seal(struct e4z_image *img);

/* The same of what will not be written: without a journal, too, it becomes one of its own. */
errcode_t txn_seal_planned(struct e4z_image *img);

#endif
