/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the cache: the blocks of a file in order, and the log of what was done to them. */
#ifndef E4Z_FILE_CACHE_ROW_H
#define E4Z_FILE_CACHE_ROW_H

#include "base/vec.h"
#include "file/cache.h"

VEC(block_vec, struct cache_block *);

enum step_kind { MADE, CHANGED, CLEANED, DROPPED, SHIFTED_UP, SHIFTED_DOWN };

struct step {
	enum step_kind kind;
	struct cache_file *file;
	uint32_t lblk, len;
	struct cache_block *block; /* CHANGED: as it was; DROPPED: it */
};

struct cache {
	uint32_t block_size;
	size_t limit, count;
	size_t most; /* blocks held at once, for tests of the limit */
	uint64_t mark;
	VEC(, struct step) log;
};

struct cache_file {
	struct cache *cache;
	struct block_vec blocks; /* in ascending order */
	size_t dirty;
	uint64_t cookie;
};

/* The index of the first block at or after LBLK. */
size_t cache_row_at(const struct cache_file *file, uint64_t lblk);

/* The block LBLK, or NULL. */
struct cache_block *cache_row_find(const struct cache_file *file, uint64_t lblk);

/* Put BLOCK, which is not there, in its place. 0 or ENOMEM. */
errcode_t cache_row_insert(struct cache_file *file, struct cache_block *block);

/* Take COUNT of the blocks from index AT on out of the row; they become the caller's. */
void cache_row_remove(struct cache_file *file, size_t at, size_t count);

/* Add DELTA, modulo 2^32, to the numbers of the blocks at and after LBLK. */
void cache_row_shift(struct cache_file *file, uint64_t lblk, uint32_t delta);

/* BLOCK becomes dirty or clean. */
void cache_row_turn(struct cache_file *file, struct cache_block *block, bool dirty);

#endif
