/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One transaction through the log, or several in a row: the six barriers that doc/journal.md argues
 * for.
 *
 * J1. The log is empty before and after each transaction: s_start is 0, so a transaction always
 *     begins at the start of the ring and never wraps.
 * J2. Its number is later than s_sequence, and than any that an old block of the ring has where a
 *     reader looks for a header (journal/stale): a torn log can never be completed by old blocks.
 * J3. The superblock's RECOVER flag is durable before the log's superblock points at a transaction,
 *     and is cleared only after the log is durably empty.
 * J4. A transaction is no larger than the ring.
 * J5. After the first failed write or barrier nothing more is written, not even what would tidy up
 *     (blkdev keeps the failure): what is on the disk is a prefix of the protocol.
 */
#ifndef E4Z_JOURNAL_COMMIT_H
#define E4Z_JOURNAL_COMMIT_H

#include "io/capture.h"
#include "journal/log.h"

/*
 * Test-only: rules of the protocol that are broken on purpose, to see that the crash tests notice.
 */
enum commit_fault {
	COMMIT_FAULT_NO_RECOVER = 1,  /* the superblock never says that the log is in use */
	COMMIT_FAULT_NO_BARRIER = 2,  /* none before the commit block */
	COMMIT_FAULT_EARLY_CLEAR = 4, /* the superblock says so no longer before the log is empty */
	COMMIT_FAULT_KEEP_SLOT = 8,   /* the commit block's place is not zeroed first */
	COMMIT_FAULT_KEEP_FC = 16,    /* the log's FAST_COMMIT bit stays */
	COMMIT_FAULT_REUSE_FREED = 32, /* blocks freed in the transaction are taken again */
	COMMIT_FAULT_TAILS_FIRST = 64, /* bytes past EOF in written blocks are written before it */
};

struct commit {
	struct blkdev *dev; /* of the file system */
	struct log *log;    /* its log; its sb follows what is written */
	uint32_t block_size;
	bool metadata_csum;
	uint32_t next_tid; /* of the next transaction */
	uint64_t seconds;  /* of the last commit block: they never go back */
	bool recovering;   /* the superblock on disk says that the log may be in use */
	unsigned faults;   /* enum commit_fault */
	uint64_t transactions, log_blocks; /* of those that are durable, wherever it ended */
};

/*
 * Decide in which form transactions are written from now on: a file system of more than 2^32
 * FS_BLOCKS needs block numbers of 64 bits, which make descriptors larger. What is in the log now
 * is still read in its own form. E4Z_ET_FEATURE when the log cannot have them.
 */
errcode_t commit_shape(struct log *log, uint64_t fs_blocks);

/* Log blocks that a transaction of COUNT blocks takes, with its descriptors and commit block. */
uint64_t commit_need(const struct log *log, uint64_t count);

/* Blocks that fit into one transaction. */
uint64_t commit_room(const struct log *log);

/*
 * Have the host's blocks of all that commit_transaction() will write allocated, so that a host
 * without room says so before anything is written. 0, or what the host said: ENOSPC, EIO.
 */
errcode_t commit_reserve(struct commit *commit, const struct captured *blocks, size_t count);

/*
 * What is not journaled was written to dev before. Make that durable with the superblock's flag,
 * then carry BLOCKS through the log and home. The copy of the superblock among them, if any, must
 * not carry the flag: it is added. On failure the caller stops for good; what recovers is either
 * the state before or the state after.
 */
errcode_t commit_transaction(struct commit *commit, const struct captured *blocks, size_t count,
			     uint64_t now);

/*
 * Bytes are written without a transaction: raise s_sequence in the superblock of the log, which is
 * empty, as a transaction would, so that an undo file of an earlier edit can tell. The caller's
 * next barrier makes it durable. Both kernel and e2fsck go on from any number when s_start is 0
 * (jbd2_journal_recover()).
 */
errcode_t commit_mark(struct commit *commit);

/* After the last one: the superblock says that the log is empty. */
errcode_t commit_finish(struct commit *commit);

/*
 * Write what the log holds (OV) home and empty it; commit_finish() then clears the flag. NEXT_TID
 * as replay.safe_tid. SUPER is the superblock as it will be afterwards, 1024 bytes without the
 * flag.
 */
errcode_t commit_replay(struct commit *commit, const struct overlay *ov, uint32_t next_tid,
			const uint8_t *super);

/* The same where the log holds nothing and nothing is to follow: the flag goes at once. */
errcode_t commit_clear(struct commit *commit, uint32_t next_tid, const uint8_t *super);

#endif
