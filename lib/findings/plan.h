/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of reading tails: sorted by place, neighbours coalesced into batches. Pure but for the
 * question where the host has holes.
 */
#ifndef E4Z_FINDINGS_PLAN_H
#define E4Z_FINDINGS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The tail of a written EOF block. 16 bytes: a million of them are held at once. */
struct tail {
	uint64_t place; /* block << 16 | offset of EOF in it, which is never 0 */
	uint32_t ino;
	uint32_t lblk;
};

static inline uint64_t tail_pblk(const struct tail *t)
{
	return t->place >> 16;
}

static inline uint32_t tail_skip(const struct tail *t)
{
	return t->place & 0xffff;
}

static inline struct tail tail_make(uint32_t ino, uint64_t pblk, uint64_t size, uint32_t block_bits)
{
	uint64_t skip = size & ((1ull << block_bits) - 1);

	return (struct tail){pblk << 16 | skip, ino, (uint32_t)(size >> block_bits)};
}

/* Sort COUNT tails by place, with TMP of the same size as scratch; the result is in TAILS. */
void plan_sort(struct tail *tails, struct tail *tmp, size_t count);

/* Tails [first, first + count) are read as the blocks from the first one's to the last one's. */
struct batch {
	uint32_t first, count;
};
_Static_assert(sizeof(struct batch) <= sizeof(struct tail), "batches fit where tails were sorted");

static inline uint64_t batch_start(const struct tail *tails, const struct batch *batch)
{
	return tail_pblk(&tails[batch->first]);
}

static inline uint64_t batch_blocks(const struct tail *tails, const struct batch *batch)
{
	return tail_pblk(&tails[batch->first + batch->count - 1]) + 1 - batch_start(tails, batch);
}

/*
 * The batch that begins with tail FROM: neighbours with gaps of at most MAX_GAP blocks, up to
 * MAX_BLOCKS blocks. COUNT is less than 2^32.
 */
struct batch plan_batch(const struct tail *tails, size_t count, size_t from, uint64_t max_gap,
			uint64_t max_blocks);

#endif
