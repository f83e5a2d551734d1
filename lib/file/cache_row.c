// SPDX-License-Identifier: GPL-2.0-or-later
// The row of blocks that a file has in the cache.
#include "file/cache_row.h"

#include <string.h>

size_t cache_row_at(const struct cache_file *file, uint64_t lblk)
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

struct cache_block *cache_row_find(const struct cache_file *file, uint64_t lblk)
{
	size_t at = cache_row_at(file, lblk);

	if (at == file->blocks.count || file->blocks.items[at]->lblk != lblk)
		return NULL;
	return file->blocks.items[at];
}

void cache_row_turn(struct cache_file *file, struct cache_block *block, bool dirty)
{
	file->dirty += dirty;
	file->dirty -= block->dirty;
	block->dirty = dirty;
}

errcode_t cache_row_insert(struct cache_file *file, struct cache_block *block)
{
	struct block_vec *v = &file->blocks;
	size_t at = cache_row_at(file, block->lblk);

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

void cache_row_remove(struct cache_file *file, size_t at, size_t count)
{
	struct block_vec *v = &file->blocks;

	if (!count)
		return;
	memmove(v->items + at, v->items + at + count,
		(v->count - at - count) * sizeof(v->items[0]));
	v->count -= count;
	file->cache->count -= count;
}

void cache_row_shift(struct cache_file *file, uint64_t lblk, uint32_t delta)
{
	for (size_t i = cache_row_at(file, lblk); i < file->blocks.count; i++)
		file->blocks.items[i]->lblk += delta;
}
