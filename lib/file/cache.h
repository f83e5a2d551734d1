/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The write-back cache of a session: blocks of files, keyed by (file, logical block), that were
 * changed and are not written to their final location yet.
 *
 * A block is DIRTY until its owner has written it (edit/writeback.h), then CLEAN,
 * and then it may be forgotten at any time. The cache never reads or writes; it counts, and says
 * when it is over its limit. What an operation does to it can be rolled back (cache_back).
 */
#ifndef E4Z_FILE_CACHE_H
#define E4Z_FILE_CACHE_H

#include <et/com_err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cache;
struct cache_file; /* the blocks of one file */

struct cache_block {
	uint32_t lblk;
	bool dirty;
	bool fresh;    /* made since MARK */
	uint64_t mark; /* it was saved, or made, since this mark */
	uint8_t data[];
};

/* Of blocks of BLOCK_SIZE bytes, LIMIT of which it should hold: at least 1. NULL: no memory. */
struct cache *cache_new(uint32_t block_size, size_t limit);
/* All its files were freed. */
void cache_free(struct cache *cache);

struct cache_file *cache_file_new(struct cache *cache);
void cache_file_free(struct cache_file *file);

/* Blocks held, and those that may be. */
size_t cache_count(const struct cache *cache);
size_t cache_limit(const struct cache *cache);

/* Grows with every change of a block or of its state: what was looked up before may be stale. */
uint64_t cache_cookie(const struct cache_file *file);

/* NULL: LBLK is not held. */
const struct cache_block *cache_find(const struct cache_file *file, uint64_t lblk);

/* The first DIRTY block in [lblk, end), or NULL. */
const struct cache_block *cache_next_dirty(const struct cache_file *file, uint64_t lblk,
					   uint64_t end);

size_t cache_dirty(const struct cache_file *file);

/* Blocks of FILE that are held, dirty or not. */
size_t cache_held(const struct cache_file *file);

/*
 * The content of LBLK for changing, valid until the next call that changes the file. It is dirty
 * from now on. Where it was not held it begins as zeroes, and *MADE says so; MADE may be NULL.
 */
errcode_t cache_change(struct cache_file *file, uint64_t lblk, uint8_t **data, bool *made);

/* LBLK, which is dirty, was written. */
errcode_t cache_clean(struct cache_file *file, uint64_t lblk);

/* Forget [lblk, lblk + len), dirty or not: the file has other content there. */
errcode_t cache_drop(struct cache_file *file, uint64_t lblk, uint64_t len);

/* The blocks at and after LBLK move up by LEN, or down to LBLK - LEN, which is empty. */
errcode_t cache_shift_up(struct cache_file *file, uint64_t lblk, uint64_t len);
errcode_t cache_shift_down(struct cache_file *file, uint64_t lblk, uint64_t len);

/* Forget all clean blocks of FILE. */
errcode_t cache_evict(struct cache_file *file);

/*
 * An operation begins: cache_back() goes back to here. What it replaces is kept until the next
 * mark, so an operation may need as much again as was held when it began.
 */
void cache_mark(struct cache *cache);
errcode_t cache_back(struct cache *cache);

#endif
