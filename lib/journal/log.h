/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a log lies and what it looks like: the journal inode's blocks, or a device of its own.
 * Log block 0 is the superblock of a journal inode; an external journal counts its device's blocks.
 *
 *    0      first                       last      fc_first            maxlen
 *    | super | ring of transactions ...  | unused | fast commits ...  |
 */
#ifndef E4Z_JOURNAL_LOG_H
#define E4Z_JOURNAL_LOG_H

#include "io/blkdev.h"
#include "journal/jbd2.h"

/* LEN log blocks from LBLK on lie at PBLK on of the device. */
struct log_run {
	uint64_t pblk;
	uint32_t lblk, len;
};

struct log {
	struct blkdev *dev; /* the caller's */
	bool external;
	uint64_t super_block; /* on dev */
	struct log_run *runs;
	size_t run_count;
	struct jbd2_super raw;
	struct jbd2_sb sb;
	struct jbd2_shape shape;    /* of what is in it */
	struct jbd2_shape next;	    /* of what is written next, see commit_shape() */
	uint32_t seed;		    /* of every checksum */
	uint64_t born;		    /* when the file system was made, seconds; 0: not known */
	uint32_t first, last;	    /* the ring is [first, last) */
	uint32_t fc_first, fc_last; /* fast commits are in [fc_first, fc_last); equal: nowhere */
};

/*
 * Open the log in RUNS, the mapping of the journal inode from log block 0 on without a gap, on a
 * file system of BLOCK_SIZE. E4Z_ET_BAD_JOURNAL, E4Z_ET_FEATURE or a read error, with one sentence
 * in WHY; *LOG is NULL then.
 */
errcode_t log_open(struct blkdev *dev, uint32_t block_size, const struct log_run *runs,
		   size_t run_count, struct log **log, char *why, size_t why_size);

/*
 * Open an external journal on DEV: its UUID must be JOURNAL_UUID (s_journal_uuid), and FS_UUID
 * among its users.
 */
errcode_t log_open_external(struct blkdev *dev, uint32_t block_size,
			    const uint8_t journal_uuid[JBD2_UUID_BYTES],
			    const uint8_t fs_uuid[JBD2_UUID_BYTES], struct log **log, char *why,
			    size_t why_size);
void log_close(struct log *log);

/* Blocks of the ring. */
static inline uint32_t log_size(const struct log *log)
{
	return log->last - log->first;
}

/* The ring's block COUNT after N, which lies in the ring; COUNT <= log_size. */
static inline uint32_t log_after(const struct log *log, uint32_t n, uint32_t count)
{
	uint64_t to = (uint64_t)n + count;

	return (uint32_t)(to < log->last ? to : to - log_size(log));
}

/*
 * Where log block N < maxlen lies on the device, and how many blocks from it on lie side by side.
 */
void log_where(const struct log *log, uint32_t n, uint64_t *pblk, uint32_t *together);

/* The superblock, as it is on the device now. */
errcode_t log_read_super(const struct log *log, struct jbd2_super *raw);

/* Read log blocks [n, n + count), which must be below maxlen; there is no wrapping around. */
errcode_t log_read(const struct log *log, uint32_t n, uint32_t count, void *buf);

/* Reads log blocks mostly in order, several at a time. */
struct log_window {
	const struct log *log;
	uint8_t *buf;
	uint32_t start, count, room; /* log blocks in buf; blocks that fit */
	uint32_t end;		     /* never reads this block or a later one */
};

/* Blocks below END are read in pieces of up to BYTES. */
errcode_t log_window_open(struct log_window *win, const struct log *log, uint32_t end,
			  size_t bytes);
void log_window_close(struct log_window *win);

/* Log block N < end, valid until the next call. */
errcode_t log_window_get(struct log_window *win, uint32_t n, const void **block);

#endif
