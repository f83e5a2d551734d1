// SPDX-License-Identifier: GPL-2.0-or-later
// Blocks of files in order, and a log of what was done to them since the last mark.
//
// The log is read backwards by cache_back(). A block that was made since the mark is not kept when
// it goes: going back removes it anyway, so nothing but what stood there before takes memory twice.
#include "file/cache.h"

#include "base/vec.h"
#include <stdlib.h>
#include <string.h>

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
	size_t limit, count, most;
	uint64_t mark;
	VEC(, struct step) log;
};

struct cache_file {
	struct cache *cache;
	struct block_vec blocks; /* by rising lblk */
	size_t dirty;
	uint64_t cookie;
};

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

size_t cache_most(const struct cache *cache)
{
	return cache->most;
}

uint64_t cache_cookie(const struct cache_file *file)
{
	return file->cookie;
}

size_t cache_dirty(const struct cache_file *file)
{
	return file->dirty;
}

/* The index of the first block at or behind LBLK. */
static size_t locate(const struct cache_file *file, uint64_t lblk)
{
	size_t low = 0, high = file->blocks.count;

	/* most come in order */
	if (!high || file->blocks.items[high - 1]->lblk < lblk)
		return high;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (file->blocks.items[mid]->lblk < lblk)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct cache_block *held(const struct cache_file *file, uint64_t lblk)
{
	size_t at = locate(file, lblk);

	if (at == file->blocks.count || file->blocks.items[at]->lblk != lblk)
		return NULL;
	return file->blocks.items[at];
}

const struct cache_block *cache_find(const struct cache_file *file, uint64_t lblk)
{
	return held(file, lblk);
}

const struct cache_block *cache_next_dirty(const struct cache_file *file, uint64_t lblk,
					   uint64_t end)
{
	if (!file->dirty)
		return NULL;
	for (size_t i = locate(file, lblk); i < file->blocks.count; i++) {
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

static void turn(struct cache_file *file, struct cache_block *block, bool dirty)
{
	file->dirty += dirty;
	file->dirty -= block->dirty;
	block->dirty = dirty;
}

static errcode_t insert(struct cache_file *file, struct cache_block *block)
{
	struct block_vec *v = &file->blocks;
	size_t at = locate(file, block->lblk);

	if (vec_grow(&v->items, v->count, &v->room, sizeof(v->items[0])))
		return ENOMEM;
	memmove(v->items + at + 1, v->items + at, (v->count - at) * sizeof(v->items[0]));
	v->items[at] = block;
	v->count++;
	if (++file->cache->count > file->cache->most)
		file->cache->most = file->cache->count;
	file->dirty += block->dirty;
	return 0;
}

/* Take COUNT of the blocks from AT on out of the row. */
static void close_up(struct cache_file *file, size_t at, size_t count)
{
	struct block_vec *v = &file->blocks;

	if (!count)
		return;
	memmove(v->items + at, v->items + at + count,
		(v->count - at - count) * sizeof(v->items[0]));
	v->count -= count;
	file->cache->count -= count;
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
		err = insert(file, block);
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
	struct cache_block *block = held(file, lblk);
	bool new = !block;
	errcode_t err = new ? make(file, lblk, &block) : save(file, block);

	if (err)
		return err;
	if (made)
		*made = new;
	turn(file, block, true);
	*data = block->data;
	return 0;
}

errcode_t cache_clean(struct cache_file *file, uint64_t lblk)
{
	struct cache_block *block = held(file, lblk);
	errcode_t err;

	if (!block || !block->dirty)
		return 0;
	err = note(file, CLEANED, lblk, 1, NULL);
	if (!err)
		turn(file, block, false);
	return err;
}

errcode_t cache_drop(struct cache_file *file, uint64_t lblk, uint64_t len)
{
	size_t first = locate(file, lblk), n = 0;
	errcode_t err = 0;

	while (first + n < file->blocks.count && file->blocks.items[first + n]->lblk < lblk + len) {
		err = let_go(file, file->blocks.items[first + n]);
		if (err)
			break;
		n++;
	}
	close_up(file, first, n);
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
	close_up(file, kept, i - kept);
	return err;
}

static void shift(struct cache_file *file, uint64_t lblk, uint32_t delta)
{
	for (size_t i = locate(file, lblk); i < file->blocks.count; i++)
		file->blocks.items[i]->lblk += delta;
}

errcode_t cache_shift_up(struct cache_file *file, uint64_t lblk, uint64_t len)
{
	errcode_t err = note(file, SHIFTED_UP, lblk, len, NULL);

	if (!err)
		shift(file, lblk, (uint32_t)len);
	return err;
}

errcode_t cache_shift_down(struct cache_file *file, uint64_t lblk, uint64_t len)
{
	errcode_t err = note(file, SHIFTED_DOWN, lblk, len, NULL);

	if (!err)
		shift(file, lblk, (uint32_t)-len);
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
	size_t at = locate(file, lblk);
	struct cache_block *block = held(file, lblk);

	if (!block)
		return;
	file->dirty -= block->dirty;
	close_up(file, at, 1);
	free(block);
}

static void unchange(struct cache_file *file, const struct cache_block *was)
{
	struct cache_block *block = held(file, was->lblk);

	if (!block)
		return;
	memcpy(block->data, was->data, file->cache->block_size);
	turn(file, block, was->dirty);
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
		block = held(file, step->lblk);
		if (block)
			turn(file, block, true);
		break;
	case DROPPED:
		err = insert(file, step->block);
		if (!err)
			step->block = NULL;
		break;
	case SHIFTED_UP: shift(file, (uint64_t)step->lblk + step->len, -step->len); break;
	case SHIFTED_DOWN: shift(file, step->lblk - step->len, step->len); break;
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
