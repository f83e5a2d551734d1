/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes small images with a log in them, block by block, so that tests know what is in it.
 *
 * The file system has LOGMAKER_BLOCKS blocks below the journal; the journal inode's blocks lie
 * behind, in three runs out of order. Data block B starts as all bytes (uint8_t)B.
 */
#ifndef TESTS_LOGMAKER_H
#define TESTS_LOGMAKER_H

#include "journal/log.h"
#include <stdbool.h>

#define LOGMAKER_BLOCKS 512

struct logmaker_write {
	uint64_t block;
	uint32_t fill; /* the seed of its content */
	bool magic;    /* its content begins with the magic number */
};

struct logmaker {
	struct jbd2_sb sb;
	struct jbd2_shape shape;
	uint32_t seed;
	uint32_t last;	 /* end of the ring */
	uint64_t blocks; /* of the whole image */
	uint8_t *image;
	struct log_run runs[3];
	uint32_t at, tid; /* where the next block goes, whose it is */
	uint64_t seconds;
	uint32_t crc; /* of COMPAT_CHECKSUM */
};

/* A log that begins at START, with transaction number TID. */
void logmaker_open(struct logmaker *lm, uint32_t block_size, uint32_t compat, uint32_t incompat,
		   uint32_t maxlen, uint32_t start, uint32_t tid);
void logmaker_close(struct logmaker *lm);

/* A log block; the one for a new log block, and the log grows by it. */
uint8_t *logmaker_block(struct logmaker *lm, uint32_t n);
uint8_t *logmaker_next(struct logmaker *lm);

/* What the write leaves in its block. */
void logmaker_content(const struct logmaker *lm, const struct logmaker_write *write, uint8_t *data);

/* The parts of a transaction, and the whole: revokes first, as kernels do. */
void logmaker_revoke(struct logmaker *lm, const uint64_t *revokes, size_t count);
void logmaker_blocks(struct logmaker *lm, const struct logmaker_write *writes, size_t count);
void logmaker_commit(struct logmaker *lm);
void logmaker_transaction(struct logmaker *lm, const struct logmaker_write *writes, size_t count,
			  const uint64_t *revokes, size_t revoke_count);

/* Store the superblock. */
void logmaker_super(struct logmaker *lm);

/* The image as a device: of an unlinked temporary file. */
struct blkdev *logmaker_device(const struct logmaker *lm);

#endif
