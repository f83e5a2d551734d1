// SPDX-License-Identifier: GPL-2.0-or-later
// Indirect maps: three rows of pointer blocks, each kept in the order of the ranges they stand for.
//
// The blocks of a level are numbered by their place: block 0 hangs in i_block, block 1 + i at place
// i % P of block i / P of the level above, with P pointers a block. So block q of level 1 maps P
// logical blocks from 12 + q * P on.
#include "tree/indirect.h"

#include "base/cleanup.h"
#include "base/vec.h"
#include "format/node.h"

#define DIRECT 12
#define LEVELS 3

struct pointers {
	uint32_t index;
	uint32_t pblk; /* 0: taken when the plan is carried out */
	bool write;
};

VEC(pointer_row, struct pointers);

struct indirect {
	uint32_t block_size;
	uint32_t per_block;
	struct pointer_row now[LEVELS], next[LEVELS]; /* level 1 is [0] */
	VEC(, uint32_t) spare;
	uint64_t planned;
	bool has_plan;
};

struct indirect *indirect_new(uint32_t block_size)
{
	struct indirect *map = calloc(1, sizeof(*map));

	if (map) {
		map->block_size = block_size;
		map->per_block = block_size / 4;
	}
	return map;
}

static void rows_free(struct pointer_row *rows)
{
	for (unsigned i = 0; i < LEVELS; i++)
		vec_free(&rows[i]);
}

void indirect_free(struct indirect *map)
{
	if (!map)
		return;
	rows_free(map->now);
	rows_free(map->next);
	vec_free(&map->spare);
	free(map);
}

uint32_t indirect_blocks(const struct indirect *map)
{
	return (uint32_t)(map->now[0].count + map->now[1].count + map->now[2].count);
}

uint64_t indirect_limit(uint32_t block_size)
{
	uint64_t p = block_size / 4, limit = DIRECT + p + p * p + p * p * p;

	return limit < EXTENTS_END ? limit : EXTENTS_END;
}

/* ---- loading ---- */

struct loader {
	struct indirect *map;
	struct extents *list;
	tree_read *read;
	void *arg;
	uint8_t *buf;
};

/* The pointer PBLK to block INDEX of LEVEL; level 0 is data, and INDEX its logical block. */
static errcode_t load_pointer(struct loader *l, uint32_t pblk, unsigned level, uint64_t index)
{
	uint8_t *buf = l->buf + (size_t)level * l->map->block_size;
	uint32_t per_block = l->map->per_block;
	struct run run = {.pblk = pblk, .lblk = index, .len = 1};
	uint64_t first = level == 1 ? DIRECT + index * per_block : 1 + index * per_block;
	errcode_t err;

	if (!pblk)
		return 0;
	if (!level)
		return extents_load(l->list, &run);
	if (vec_push(&l->map->now[level - 1],
		     ((struct pointers){.index = (uint32_t)index, .pblk = pblk})))
		return ENOMEM;
	err = l->read(l->arg, pblk, buf);
	for (uint32_t i = 0; i < per_block && !err; i++)
		err = load_pointer(l, get_le32(buf + i * 4), level - 1, first + i);
	return err;
}

errcode_t indirect_load(uint32_t block_size, const void *i_block, tree_read *read, void *arg,
			struct extents *list, struct indirect **map)
{
	AUTO_FREE uint8_t *buf = malloc((size_t)block_size * (LEVELS + 1));
	struct loader l = {indirect_new(block_size), list, read, arg, buf};
	errcode_t err = buf && l.map ? 0 : ENOMEM;

	for (unsigned i = 0; i < DIRECT + LEVELS && !err; i++)
		err = load_pointer(&l, get_le32((const uint8_t *)i_block + (size_t)i * 4),
				   i < DIRECT ? 0 : i - DIRECT + 1, i < DIRECT ? i : 0);
	if (err) {
		indirect_free(l.map);
		l.map = NULL;
	}
	*map = l.map;
	return err;
}

/* ---- planning ---- */

/* The logical block of the first extent at or behind LBLK, or UINT64_MAX. */
static uint64_t next_mapped(const struct extents *list, uint64_t lblk)
{
	struct run run;

	if (lblk >= EXTENTS_END)
		return UINT64_MAX;
	if (extents_find(list, lblk, &run))
		return lblk;
	return lblk + run.len < EXTENTS_END ? lblk + run.len : UINT64_MAX;
}

/* The first logical block that block INDEX of LEVEL stands for. */
static uint64_t first_below(const struct indirect *map, unsigned level, uint64_t index)
{
	for (; level > 1; level--)
		index = 1 + index * map->per_block;
	return DIRECT + index * map->per_block;
}

bool indirect_idle(const struct indirect *map, const struct extents *list, uint64_t from,
		   uint64_t end)
{
	for (unsigned level = 1; level <= LEVELS; level++)
		for (size_t i = map->now[level - 1].count; i-- > 0;) {
			uint32_t index = map->now[level - 1].items[i].index;
			uint64_t first = first_below(map, level, index);
			uint64_t behind = first_below(map, level, index + 1ull);

			if (behind <= from)
				break;
			if (first < end && next_mapped(list, first) >= behind)
				return true;
		}
	return false;
}

static errcode_t check_range(const struct indirect *map, const struct extents *list,
			     const struct e4z_span *span)
{
	struct extents_walk walk;
	struct run run;

	extents_walk_start(list, &walk, span->start, span->start + span->len, false);
	while (extents_walk_next(list, &walk, &run)) {
		if (run.unwritten)
			return E4Z_ET_USAGE;
		if (run.pblk + run.len > UINT32_MAX ||
		    run.lblk + run.len > indirect_limit(map->block_size))
			return EFBIG;
	}
	return 0;
}

/* Copy the blocks of level 1 below INDEX as they are; *OLD is how far that went. */
static errcode_t keep_below(struct indirect *map, size_t *old, uint64_t index)
{
	const struct pointer_row *now = &map->now[0];

	for (; *old < now->count && now->items[*old].index < index; ++*old)
		if (vec_push(&map->next[0], now->items[*old]))
			return ENOMEM;
	return 0;
}

/* Blocks [from, last] of level 1 are written anew, or go. */
static errcode_t renew(struct indirect *map, const struct extents *list, size_t *old, uint64_t from,
		       uint64_t last)
{
	const struct pointer_row *now = &map->now[0];
	uint32_t per_block = map->per_block;
	uint64_t lblk = next_mapped(list, DIRECT + from * per_block);

	for (;;) {
		uint64_t index = lblk == UINT64_MAX ? UINT64_MAX : (lblk - DIRECT) / per_block;
		struct pointers block = {.index = (uint32_t)index, .write = true};

		for (; *old < now->count && now->items[*old].index <= last &&
		       now->items[*old].index < index;
		     ++*old)
			if (vec_push(&map->spare, now->items[*old].pblk))
				return ENOMEM;
		if (index > last)
			return 0;
		if (*old < now->count && now->items[*old].index == index)
			block.pblk = now->items[(*old)++].pblk;
		if (vec_push(&map->next[0], block))
			return ENOMEM;
		lblk = next_mapped(list, DIRECT + (index + 1) * per_block);
	}
}

static errcode_t plan_lowest(struct indirect *map, struct extents *list,
			     const struct e4z_span *dirty, size_t count)
{
	uint64_t done = 0; /* first block of level 1 not looked at */
	size_t old = 0;
	errcode_t err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		uint64_t end = dirty[i].start + dirty[i].len, from, last;

		err = check_range(map, list, &dirty[i]);
		if (err || end <= DIRECT)
			continue;
		from = dirty[i].start > DIRECT ? (dirty[i].start - DIRECT) / map->per_block : 0;
		last = (end - 1 - DIRECT) / map->per_block;
		if (from < done)
			from = done;
		if (from > last)
			continue;
		err = keep_below(map, &old, from);
		if (!err)
			err = renew(map, list, &old, from, last);
		done = last + 1;
	}
	return err ? err : keep_below(map, &old, UINT64_MAX);
}

/* The block of the level above that points to block INDEX; index 0 hangs in i_block. */
static uint32_t parent(const struct indirect *map, uint32_t index)
{
	return index ? (index - 1) / map->per_block : UINT32_MAX;
}

/* Where the children of block PARENT begin at or behind *AT, and how many they are. */
static size_t children(const struct indirect *map, const struct pointer_row *row, size_t *at,
		       uint32_t up)
{
	size_t end;

	while (*at < row->count &&
	       (!row->items[*at].index || parent(map, row->items[*at].index) < up))
		++*at;
	for (end = *at; end < row->count && parent(map, row->items[end].index) == up;)
		end++;
	return end - *at;
}

/* The parents that the row of the level below needs. */
static errcode_t plan_above(struct indirect *map, unsigned level)
{
	const struct pointer_row *now = &map->now[level], *was = &map->now[level - 1];
	const struct pointer_row *below = &map->next[level - 1];
	size_t old = 0, a = 0, b = 0;

	while (old < now->count || b < below->count) {
		uint32_t up = UINT32_MAX;
		struct pointers block = {0};
		size_t had, has;

		if (b < below->count && !below->items[b].index && ++b == below->count)
			continue;
		if (b < below->count)
			up = parent(map, below->items[b].index);
		if (old < now->count && now->items[old].index < up)
			up = now->items[old].index;
		if (up == UINT32_MAX)
			break;
		had = children(map, was, &a, up);
		has = children(map, below, &b, up);
		if (old < now->count && now->items[old].index == up)
			block = now->items[old++];
		block.index = up;
		block.write = !block.pblk || had != has;
		for (size_t i = 0; i < has && !block.write; i++)
			block.write = below->items[b + i].pblk != was->items[a + i].pblk ||
				      below->items[b + i].index != was->items[a + i].index;
		if (!has && block.pblk && vec_push(&map->spare, block.pblk))
			return ENOMEM;
		if (has && vec_push(&map->next[level], block))
			return ENOMEM;
		a += had;
		b += has;
	}
	return 0;
}

errcode_t indirect_plan(struct indirect *map, struct extents *list, struct tree_plan *plan)
{
	const struct e4z_span *dirty;
	size_t count, missing = 0;
	errcode_t err = extents_dirty(list, &dirty, &count);

	rows_free(map->next);
	map->spare.count = 0;
	map->has_plan = false;
	*plan = (struct tree_plan){0};
	if (!err)
		err = plan_lowest(map, list, dirty, count);
	for (unsigned level = 1; level < LEVELS && !err; level++)
		err = plan_above(map, level);
	if (err)
		return err;
	for (unsigned level = 0; level < LEVELS; level++)
		for (size_t i = 0; i < map->next[level].count; i++) {
			missing += !map->next[level].items[i].pblk;
			plan->writes += map->next[level].items[i].write;
			plan->depth = level + 1;
		}
	plan->takes = (uint32_t)(missing > map->spare.count ? missing - map->spare.count : 0);
	plan->drops = (uint32_t)(map->spare.count > missing ? map->spare.count - missing : 0);
	map->planned = extents_cookie(list);
	map->has_plan = true;
	return 0;
}

/* ---- emitting ---- */

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
			fill_data(image, list, DIRECT + (uint64_t)block->index * map->per_block,
				  map->per_block);
		} else {
			const struct pointer_row *below = &map->next[level - 1];
			size_t has = children(map, below, &child, block->index);

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
	fill_data(root, list, 0, DIRECT);
	for (unsigned level = 0; level < LEVELS; level++) {
		const struct pointer_row *row = &map->next[level];
		bool has = row->count && !row->items[0].index;

		put_le32(root + (size_t)(DIRECT + level) * 4, has ? row->items[0].pblk : 0);
	}
	memcpy(i_block, root, sizeof(root));
	rows_free(map->now);
	memcpy(map->now, map->next, sizeof(map->now));
	memset(map->next, 0, sizeof(map->next));
	for (unsigned level = 0; level < LEVELS; level++)
		for (size_t i = 0; i < map->now[level].count; i++)
			map->now[level].items[i].write = false;
	extents_clean(list);
	return 0;
}
