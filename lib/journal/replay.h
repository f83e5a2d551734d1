/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a log that was not replayed says the file system is: an overlay, made without writing.
 *
 * The log ends before the first transaction that is not whole. That is how a crash leaves it,
 * unless a whole transaction follows, or the broken one has its commit block: then the log is
 * corrupt, and is not used.
 */
#ifndef E4Z_JOURNAL_REPLAY_H
#define E4Z_JOURNAL_REPLAY_H

#include "io/overlay.h"
#include "journal/log.h"

struct replay {
	bool empty;		/* the log was empty: below only the numbers of transactions hold */
	bool torn;		/* a transaction was begun but not committed */
	uint32_t first_tid;	/* the oldest transaction in the log */
	uint32_t next_tid;	/* the first number that no committed transaction has */
	uint32_t safe_tid;	/* for the next transaction: not even a torn one has it */
	uint32_t transactions;	/* committed ones */
	uint64_t tags, revokes; /* logged blocks and revoke records in them */
	uint32_t end;		/* log block after the last committed transaction */
	uint32_t log_blocks;	/* from the start to there */
	uint64_t last_seconds;	/* the last commit's time: later ones must not be older */
};

/*
 * Read the log of a file system whose device has DEVICE_BLOCKS: a file system that was growing when
 * it crashed has blocks in its log that lie past its end until the replay. The sealed overlay's
 * source is the log's device.
 * E4Z_ET_BAD_JOURNAL (corrupt), E4Z_ET_FAST_COMMIT (fast commits follow the last transaction), or a
 * read error, with a sentence in WHY; *OV is NULL then. Takes up to 128 bytes of memory for each
 * tag in the log while it reads, and leaves 16 for each block.
 */
errcode_t replay_read(const struct log *log, uint64_t device_blocks, struct overlay **ov,
		      struct replay *replay, char *why, size_t why_size);

#endif
