// SPDX-License-Identifier: GPL-2.0-or-later
// Indirect maps loaded, and how they follow a list of extents.
#include "tree/indirect_level.h"

#include "base/cleanup.h"

struct indirect *indirect_new(uint32_t block_size)
{
	struct indirect *map = calloc(1, sizeof(*map));

	if (map) {
		map->block_size = block_size;
		map->per_block = block_size / 4;
	}
	return map;
}

void indirect_rows_free(struct pointer_row *rows)
{
	for (unsigned i = 0; i < LEVELS; i++)
		vec_free(&rows[i]);
}

void indirect_free(struct indirect *map)
{
	if (!map)
		return;
	indirect_rows_free(map->now);
	indirect_rows_free(map->next);
	indirect_rows_free(map->was);
	vec_free(&map->spare);
	free(map);
}

uint32_t indirect_blocks(const struct indirect *map)
{
	return (uint32_t)(map->now[0].count + map->now[1].count + map->now[2].count);
}

uint64_t indirect_limit(uint32_t block_size)
{
	uint64_t p = block_size / 4, limit = EXT2_NDIR_BLOCKS + p + p * p + p * p * p;

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
	uint64_t first = level == 1 ? EXT2_NDIR_BLOCKS + index * per_block : 1 + index * per_block;
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

	for (unsigned i = 0; i < EXT2_NDIR_BLOCKS + LEVELS && !err; i++)
		err = load_pointer(&l, get_le32((const uint8_t *)i_block + (size_t)i * 4),
				   i < EXT2_NDIR_BLOCKS ? 0 : i - EXT2_NDIR_BLOCKS + 1,
				   i < EXT2_NDIR_BLOCKS ? i : 0);
	if (err) {
		indirect_free(l.map);
		l.map = NULL;
	}
	*map = l.map;
	return err;
}

/* ---- planning ---- */

/* The logical block of the first extent at or after LBLK, or UINT64_MAX. */
static uint64_t next_mapped(const struct extents *list, uint64_t lblk)
{
	struct run run;

	if (lblk >= EXTENTS_END)
		return UINT64_MAX;
	if (extents_find(list, lblk, &run))
		return lblk;
	return lblk + run.len < EXTENTS_END ? lblk + run.len : UINT64_MAX;
}

/* The first logical block that block INDEX of LEVEL maps. */
static uint64_t first_below(const struct indirect *map, unsigned level, uint64_t index)
{
	for (; level > 1; level--)
		index = 1 + index * map->per_block;
	return EXT2_NDIR_BLOCKS + index * map->per_block;
}

bool indirect_idle(const struct indirect *map, const struct extents *list, uint64_t from,
		   uint64_t end)
{
	for (unsigned level = 1; level <= LEVELS; level++)
		for (size_t i = map->now[level - 1].count; i-- > 0;) {
			uint32_t index = map->now[level - 1].items[i].index;
			uint64_t first = first_below(map, level, index);
			uint64_t after = first_below(map, level, index + 1ull);

			if (after <= from)
				break;
			if (first < end && next_mapped(list, first) >= after)
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

/* Blocks [from, last] of level 1 are rewritten, or go. */
static errcode_t renew(struct indirect *map, const struct extents *list, size_t *old, uint64_t from,
		       uint64_t last)
{
	const struct pointer_row *now = &map->now[0];
	uint32_t per_block = map->per_block;
	uint64_t lblk = next_mapped(list, EXT2_NDIR_BLOCKS + from * per_block);

	for (;;) {
		uint64_t index = lblk == UINT64_MAX ? UINT64_MAX
						    : (lblk - EXT2_NDIR_BLOCKS) / per_block;
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
		lblk = next_mapped(list, EXT2_NDIR_BLOCKS + (index + 1) * per_block);
	}
}

static errcode_t plan_lowest(struct indirect *map, struct extents *list,
			     const struct e4z_span *dirty, size_t count)
{
	uint64_t done = 0; /* first block of level 1 not planned */
	size_t old = 0;
	errcode_t err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		uint64_t end = dirty[i].start + dirty[i].len, from, last;

		err = check_range(map, list, &dirty[i]);
		if (err || end <= EXT2_NDIR_BLOCKS)
			continue;
		from = dirty[i].start > EXT2_NDIR_BLOCKS
			       ? (dirty[i].start - EXT2_NDIR_BLOCKS) / map->per_block
			       : 0;
		last = (end - 1 - EXT2_NDIR_BLOCKS) / map->per_block;
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

size_t indirect_children(const struct indirect *map, const struct pointer_row *row, size_t *at,
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
		had = indirect_children(map, was, &a, up);
		has = indirect_children(map, below, &b, up);
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

	indirect_rows_free(map->next);
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
