// SPDX-License-Identifier: GPL-2.0-or-later
// Carries the plan of an indirect map out: takes blocks, makes the images, gives blocks back.
#include "tree/indirect_level.h"

#include "base/cleanup.h"

static errcode_t place_blocks(struct indirect *map, const struct tree_sink *sink)
{
	uint64_t near = 0;

	for (unsigned level = 0; level < LEVELS; level++)
		for (size_t i = 0; i < map->next[level].count; i++) {
			struct pointers *block = &map->next[level].items[i];
			uint64_t pblk = block->pblk;
			errcode_t err;

			if (!pblk && map->spare.count)
				pblk = map->spare.items[--map->spare.count];
			if (!pblk) {
				err = sink->take(sink->arg, near, &pblk);
				if (err)
					return err;
				if (pblk > UINT32_MAX)
					return EFBIG;
			}
			block->pblk = (uint32_t)pblk;
			near = pblk;
		}
	return 0;
}

/* Pointers to the data of COUNT logical blocks from LBLK on. */
static void fill_data(uint8_t *image, const struct extents *list, uint64_t lblk, uint64_t count)
{
	struct extents_walk walk;
	struct run run;

	memset(image, 0, count * 4);
	extents_walk_start(list, &walk, lblk, lblk + count, false);
	while (extents_walk_next(list, &walk, &run))
		for (uint64_t i = 0; i < run.len; i++)
			put_le32(image + (run.lblk - lblk + i) * 4, (uint32_t)(run.pblk + i));
}

static errcode_t put_level(struct indirect *map, const struct extents *list,
			   const struct tree_sink *sink, unsigned level, uint8_t *image)
{
	const struct pointer_row *row = &map->next[level];
	size_t child = 0;

	for (size_t i = 0; i < row->count; i++) {
		const struct pointers *block = &row->items[i];
		errcode_t err;

		if (!block->write)
			continue;
		if (!level) {
			fill_data(image, list,
				  EXT2_NDIR_BLOCKS + (uint64_t)block->index * map->per_block,
				  map->per_block);
		} else {
			const struct pointer_row *below = &map->next[level - 1];
			size_t has = indirect_children(map, below, &child, block->index);

			memset(image, 0, map->block_size);
			for (size_t j = child; j < child + has; j++)
				put_le32(image + (below->items[j].index - 1) % map->per_block * 4,
					 below->items[j].pblk);
		}
		err = sink->put(sink->arg, block->pblk, image);
		if (err)
			return err;
	}
	return 0;
}

void indirect_mark(struct indirect *map, bool keep)
{
	if (!map)
		return;
	indirect_rows_free(map->was);
	map->has_was = false;
	map->keeps = keep;
}

void indirect_back(struct indirect *map)
{
	if (!map || !map->has_was)
		return;
	indirect_rows_free(map->now);
	memcpy(map->now, map->was, sizeof(map->now));
	memset(map->was, 0, sizeof(map->was));
	map->has_was = map->has_plan = false;
}

errcode_t indirect_emit(struct indirect *map, struct extents *list, const struct tree_sink *sink,
			void *i_block)
{
	AUTO_FREE uint8_t *image = NULL;
	uint8_t root[TREE_ROOT_LEN];
	errcode_t err;

	if (!map->has_plan || map->planned != extents_cookie(list))
		return E4Z_ET_USAGE;
	image = malloc(map->block_size);
	if (!image)
		return ENOMEM;
	map->has_plan = false;
	err = place_blocks(map, sink);
	for (unsigned level = 0; level < LEVELS && !err; level++)
		err = put_level(map, list, sink, level, image);
	for (size_t i = 0; i < map->spare.count && !err; i++)
		err = sink->drop(sink->arg, map->spare.items[i]);
	if (err)
		return err;
	fill_data(root, list, 0, EXT2_NDIR_BLOCKS);
	for (unsigned level = 0; level < LEVELS; level++) {
		const struct pointer_row *row = &map->next[level];
		bool has = row->count && !row->items[0].index;

		put_le32(root + (size_t)(EXT2_NDIR_BLOCKS + level) * 4,
			 has ? row->items[0].pblk : 0);
	}
	memcpy(i_block, root, sizeof(root));
	if (map->keeps && !map->has_was) {
		memcpy(map->was, map->now, sizeof(map->was));
		map->has_was = true;
	} else {
		indirect_rows_free(map->now);
	}
	memcpy(map->now, map->next, sizeof(map->now));
	memset(map->next, 0, sizeof(map->next));
	for (unsigned level = 0; level < LEVELS; level++)
		for (size_t i = 0; i < map->now[level].count; i++)
			map->now[level].items[i].write = false;
	extents_clean(list);
	return 0;
}
