// SPDX-License-Identifier: GPL-2.0-or-later
// Blocks of files in order, and a log of what was done to them since the last mark.
//
// The log is read backwards by cache_back(). A block that was made since the mark is not kept when
// it goes: going back removes it anyway, so nothing but what was there before takes memory twice.
#include "file/cache_row.h"

#include <stdlib.h>
#include <string.h>

struct cache *cache_new(uint32_t block_size, size_t limit)
{
	struct cache *cache = calloc(1, sizeof(*cache));

	if (cache)
		*cache = (struct cache){.block_size = block_size, .limit = limit ? limit : 1};
	return cache;
}

static void forget_log(struct cache *cache)
{
	for (size_t i = 0; i < cache->log.count; i++)
		free(cache->log.items[i].block);
	cache->log.count = 0;
}

void cache_free(struct cache *cache)
{
	if (!cache)
		return;
	forget_log(cache);
	vec_free(&cache->log);
	free(cache);
}

struct cache_file *cache_file_new(struct cache *cache)
{
	struct cache_file *file = calloc(1, sizeof(*file));

	if (file)
		file->cache = cache;
	return file;
}

void cache_file_free(struct cache_file *file)
{
	if (!file)
		return;
	for (size_t i = 0; i < file->blocks.count; i++)
		free(file->blocks.items[i]);
	file->cache->count -= file->blocks.count;
	vec_free(&file->blocks);
	free(file);
}

size_t cache_count(const struct cache *cache)
{
	return cache->count;
}

size_t cache_limit(const struct cache *cache)
{
	return cache->limit;
}

uint64_t cache_cookie(const struct cache_file *file)
{
	return file->cookie;
}

size_t cache_dirty(const struct cache_file *file)
{
	return file->dirty;
}

size_t cache_held(const struct cache_file *file)
{
	return file->blocks.count;
}

const struct cache_block *cache_find(const struct cache_file *file, uint64_t lblk)
{
	return cache_row_find(file, lblk);
}

const struct cache_block *cache_next_dirty(const struct cache_file *file, uint64_t lblk,
					   uint64_t end)
{
	if (!file->dirty)
		return NULL;
	for (size_t i = cache_row_at(file, lblk); i < file->blocks.count; i++) {
		const struct cache_block *block = file->blocks.items[i];

		if (block->lblk >= end)
			break;
		if (block->dirty)
			return block;
	}
	return NULL;
}

/* ---- steps ---- */

static errcode_t note(struct cache_file *file, enum step_kind kind, uint64_t lblk, uint64_t len,
		      struct cache_block *block)
{
	struct step step = {kind, file, (uint32_t)lblk, (uint32_t)len, block};

	file->cookie++;
	return vec_push(&file->cache->log, step) ? ENOMEM : 0;
}

static bool is_fresh(const struct cache_file *file, const struct cache_block *block)
{
	return block->fresh && block->mark == file->cache->mark;
}

/* BLOCK leaves: it is kept in the log only where going back needs it. */
static errcode_t let_go(struct cache_file *file, struct cache_block *block)
{
	errcode_t err = 0;

	file->dirty -= block->dirty;
	if (is_fresh(file, block)) {
		file->cookie++;
		free(block);
		return 0;
	}
	err = note(file, DROPPED, block->lblk, 1, block);
	if (err)
		file->dirty += block->dirty;
	return err;
}

/* Keep what BLOCK says for going back. */
static errcode_t save(struct cache_file *file, struct cache_block *block)
{
	size_t size = sizeof(*block) + file->cache->block_size;
	struct cache_block *copy;
	errcode_t err;

	if (block->mark == file->cache->mark) {
		file->cookie++;
		return 0;
	}
	copy = malloc(size);
	if (!copy)
		return ENOMEM;
	memcpy(copy, block, size);
	err = note(file, CHANGED, block->lblk, 1, copy);
	if (err) {
		free(copy);
		return err;
	}
	block->mark = file->cache->mark;
	block->fresh = false;
	return 0;
}

static errcode_t make(struct cache_file *file, uint64_t lblk, struct cache_block **out)
{
	struct cache_block *block = calloc(1, sizeof(*block) + file->cache->block_size);
	errcode_t err = block ? note(file, MADE, lblk, 1, NULL) : ENOMEM;

	if (!err) {
		block->lblk = (uint32_t)lblk;
		block->fresh = true;
		block->mark = file->cache->mark;
		err = cache_row_insert(file, block);
	}
	if (err) {
		free(block);
		block = NULL;
	}
	*out = block;
	return err;
}

errcode_t cache_change(struct cache_file *file, uint64_t lblk, uint8_t **data, bool *made)
{
	struct cache_block *block = cache_row_find(file, lblk);
	bool new = !block;
	errcode_t err = new ? make(file, lblk, &block) : save(file, block);

	if (err)
		return err;
	if (made)
		*made = new;
	cache_row_turn(file, block, true);
	*data = block->data;
	return 0;
}

errcode_t cache_clean(struct cache_file *file, uint64_t lblk)
{
	struct cache_block *block = cache_row_find(file, lblk);
	errcode_t err;

	if (!block || !block->dirty)
		return 0;
	err = note(file, CLEANED, lblk, 1, NULL);
	if (!err)
		cache_row_turn(file, block, false);
	return err;
}

errcode_t cache_drop(struct cache_file *file, uint64_t lblk, uint64_t len)
{
	size_t first = cache_row_at(file, lblk), n = 0;
	errcode_t err = 0;

	while (first + n < file->blocks.count && file->blocks.items[first + n]->lblk < lblk + len) {
		err = let_go(file, file->blocks.items[first + n]);
		if (err)
			break;
		n++;
	}
	cache_row_remove(file, first, n);
	return err;
}

errcode_t cache_evict(struct cache_file *file)
{
	struct block_vec *v = &file->blocks;
	size_t kept = 0, i = 0;
	errcode_t err = 0;

	for (; i < v->count && !err; i++) {
		if (v->items[i]->dirty)
			v->items[kept++] = v->items[i];
		else
			err = let_go(file, v->items[i]);
	}
	/* the one that could not go stays */
	i -= err != 0;
	cache_row_remove(file, kept, i - kept);
	return err;
}

errcode_t cache_shift_up(struct cache_file *file, uint64_t lblk, uint64_t len)
{
	errcode_t err = note(file, SHIFTED_UP, lblk, len, NULL);

	if (!err)
		cache_row_shift(file, lblk, (uint32_t)len);
	return err;
}

errcode_t cache_shift_down(struct cache_file *file, uint64_t lblk, uint64_t len)
{
	errcode_t err = note(file, SHIFTED_DOWN, lblk, len, NULL);

	if (!err)
		cache_row_shift(file, lblk, (uint32_t)-len);
	return err;
}

/* ---- going back ---- */

void cache_mark(struct cache *cache)
{
	forget_log(cache);
	cache->mark++;
}

/* LBLK was made since the mark: it goes, if it is still there. */
static void unmake(struct cache_file *file, uint32_t lblk)
{
	size_t at = cache_row_at(file, lblk);
	struct cache_block *block = cache_row_find(file, lblk);

	if (!block)
		return;
	file->dirty -= block->dirty;
	cache_row_remove(file, at, 1);
	free(block);
}

static void unchange(struct cache_file *file, const struct cache_block *was)
{
	struct cache_block *block = cache_row_find(file, was->lblk);

	if (!block)
		return;
	memcpy(block->data, was->data, file->cache->block_size);
	cache_row_turn(file, block, was->dirty);
	block->mark = was->mark;
	block->fresh = was->fresh;
}

static errcode_t step_back(struct step *step)
{
	struct cache_file *file = step->file;
	struct cache_block *block;
	errcode_t err = 0;

	switch (step->kind) {
	case MADE: unmake(file, step->lblk); break;
	case CHANGED: unchange(file, step->block); break;
	case CLEANED:
		block = cache_row_find(file, step->lblk);
		if (block)
			cache_row_turn(file, block, true);
		break;
	case DROPPED:
		err = cache_row_insert(file, step->block);
		if (!err)
			step->block = NULL;
		break;
	case SHIFTED_UP: cache_row_shift(file, (uint64_t)step->lblk + step->len, -step->len); break;
	case SHIFTED_DOWN: cache_row_shift(file, step->lblk - step->len, step->len); break;
	}
	return err;
}

errcode_t cache_back(struct cache *cache)
{
	errcode_t err = 0;

	while (cache->log.count && !err) {
		struct step *step = &cache->log.items[cache->log.count - 1];

		err = step_back(step);
		step->file->cookie++;
		if (!err) {
			free(step->block);
			cache->log.count--;
		}
	}
	cache_mark(cache);
	return err;
}
