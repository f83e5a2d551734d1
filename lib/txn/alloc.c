// SPDX-License-Identifier: GPL-2.0-or-later
// Takes free clusters, and gives back what is not needed any more.
#include "txn/alloc.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/invariant.h"
#include "format/fields.h"
#include "format/super.h"
#include "image/groups.h"
#include "sets/hole.h"
#include "txn/part.h"
#include "txn/space.h"
#include "txn/txn.h"
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#define GOOD_RUN 256 /* clusters: what is shorter is taken only where nothing else is left */

errcode_t alloc_left(struct e4z_image *img, bool reserved, uint64_t *clusters)
{
	struct ext2_super_block *super = img->fs->super;
	uint64_t kept = reserved ? 0 : ext2fs_r_blocks_count(super), freed = txn_freed(img), n;
	uint8_t low[4], high[4];
	errcode_t err = image_read(img, SUPER_OFFSET + S_FREE_BLOCKS, sizeof(low), low);

	if (!err)
		err = image_read(img, SUPER_OFFSET + S_FREE_BLOCKS_HI, sizeof(high), high);
	if (err)
		return err;
	n = get_le32(low);
	if (ext2fs_has_feature_64bit(super))
		n |= (uint64_t)get_le32(high) << 32;
	/* what this transaction freed is not taken in it */
	kept = kept > freed ? kept : freed;
	*clusters = n > kept ? (n - kept) / img->cluster_ratio : 0;
	return 0;
}

/* Where P has room, for more than that is not changed. */
static struct hole find_hole(const struct part *p, uint32_t from, uint32_t want, uint32_t *longest)
{
	const struct e4z_image *img = p->img;
	uint64_t whole = (img->blocks - p->first) / img->cluster_ratio;
	const struct hole_map map = {
		.bitmap = p->bitmap,
		.clusters = whole < p->clusters ? (uint32_t)whole : p->clusters,
		.first = p->first,
		.ratio = img->cluster_ratio,
		.closed = {img->metadata, img->reserved, txn_closed(img)},
	};

	return hole_find(&map, from, want, longest);
}

/* Where a run is searched for, and what it is to be like. */
struct search {
	struct e4z_image *img;
	struct space *space;
	uint32_t goal, from; /* group, cluster of it */
	uint32_t want, least;
	uint8_t *desc, *bitmap; /* of the group that is searched */
};

/* Look for a place in group G; LEN is 0 if it has none for LEAST. Nothing is changed. */
static errcode_t look_in(struct search *s, uint32_t g, struct hole *hole)
{
	struct part p = {.img = s->img, .group = g, .look = true};
	uint32_t longest = space_longest(s->space, g);
	errcode_t err;

	p.desc = s->desc;
	p.bitmap = s->bitmap;
	err = part_load(&p);
	if (err)
		return err;
	*hole = find_hole(&p, g == s->goal ? s->from : 0, s->want < longest ? s->want : longest,
			  &longest);
	space_set_longest(s->space, g, longest);
	err = INVARIANT("P1", hole->len <= space_longest(s->space, g));
	if (hole->len < s->least)
		hole->len = 0;
	return err;
}

/* A1: nothing of HOLE is in use, now or in the committed state. */
static bool is_takable(const struct part *p, struct hole hole, uint64_t pblk)
{
	uint64_t blocks = (uint64_t)hole.len * p->img->cluster_ratio;
	const struct rangeset *closed = txn_closed(p->img);

	return hole.len <= p->clusters && hole.at <= p->clusters - hole.len &&
	       !part_bit(p->bitmap, hole.at) && !part_bit(p->bitmap, hole.at + hole.len - 1) &&
	       !(closed && rangeset_meets(closed, pblk, blocks));
}

static errcode_t take_hole(struct e4z_image *img, uint32_t g, struct hole hole, uint64_t *pblk)
{
	struct part p;
	errcode_t err = part_open(img, g, &p);

	if (!err) {
		*pblk = p.first + (uint64_t)hole.at * img->cluster_ratio;
		err = INVARIANT("A1", is_takable(&p, hole, *pblk));
	}
	if (err)
		return err;
	for (uint32_t i = 0; i < hole.len; i++)
		part_set_bit(p.bitmap, hole.at + i, true);
	err = part_close(&p, -(int64_t)hole.len);
	if (!err && img->taken)
		err = rangeset_add(img->taken, *pblk, (uint64_t)hole.len * img->cluster_ratio,
				   NULL);
	return err;
}

/* Ask the groups that can have LEAST, from the goal on and around. */
static errcode_t search_all(struct search *s, uint32_t *group, struct hole *hole)
{
	uint32_t groups = s->img->groups, g = s->goal, end = groups;
	errcode_t err = 0;

	for (hole->len = 0; !err && !hole->len; g++) {
		g = space_find(s->space, g, s->least);
		if (g >= end && end == s->goal)
			return 0;
		if (g >= end) {
			end = s->goal;
			g = UINT32_MAX; /* from 0 on */
			continue;
		}
		err = look_in(s, g, hole);
		*group = g;
	}
	return err;
}

static errcode_t take_one(struct search *s, uint64_t *pblk, uint64_t *got)
{
	struct hole hole = {.len = 0};
	uint32_t g = 0, want = s->want;
	errcode_t err = 0;

	/* first where there is room for a good part of it, then wherever there is any */
	for (s->least = want < GOOD_RUN ? want : GOOD_RUN; !err && !hole.len && s->least;
	     s->least = s->least > 1)
		err = search_all(s, &g, &hole);
	if (!err && hole.len)
		err = take_hole(s->img, g, hole, pblk);
	*got = err ? 0 : hole.len;
	return err;
}

errcode_t alloc_take_run(struct e4z_image *img, uint64_t near, uint64_t count, bool reserved,
			 uint64_t *pblk, uint64_t *got)
{
	const struct ext2_super_block *sb = img->fs->super;
	uint64_t rel = near > sb->s_first_data_block ? near - sb->s_first_data_block : 0;
	AUTO_FREE uint8_t *desc = malloc(img->block_size), *bitmap = malloc(img->block_size);
	struct search s = {.img = img, .space = txn_space(img), .desc = desc, .bitmap = bitmap};
	uint64_t left = 0;
	errcode_t err = s.space && desc && bitmap ? alloc_left(img, reserved, &left) : ENOMEM;

	*got = 0;
	if (err)
		return err;
	if (rel / sb->s_blocks_per_group < img->groups) {
		s.goal = (uint32_t)(rel / sb->s_blocks_per_group);
		s.from = (uint32_t)(rel % sb->s_blocks_per_group / img->cluster_ratio);
	}
	count = count < left ? count : left;
	s.want = count < sb->s_clusters_per_group ? (uint32_t)count : sb->s_clusters_per_group;
	err = take_one(&s, pblk, got);
	if (!err && !*got)
		err = image_fail(img, E4Z_ET_NO_SPACE, "allocating a block");
	return err;
}

/* Clear the bits of [*pblk, end) that are in P's group; *PBLK becomes what is left. */
static errcode_t free_bits(struct part *p, uint64_t *pblk, uint64_t end, int64_t *freed)
{
	uint32_t ratio = p->img->cluster_ratio;
	uint64_t stop = p->first + (uint64_t)p->clusters * ratio;

	end = end < stop ? end : stop;
	for (; *pblk < end; *pblk += ratio, ++*freed) {
		uint32_t i = (uint32_t)((*pblk - p->first) / ratio);

		/* long runs by the byte, less the step that the loop takes */
		if (i % 8 == 0 && p->bitmap[i / 8] == 0xff && end - *pblk >= 8ull * ratio) {
			p->bitmap[i / 8] = 0;
			*pblk += 7ull * ratio;
			*freed += 7;
			continue;
		}
		if (!part_bit(p->bitmap, i))
			return image_refuse(p->img, E4Z_ET_CORRUPT_MAP,
					    "block %llu is free already",
					    (unsigned long long)*pblk);
		part_set_bit(p->bitmap, i, false);
	}
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return (x->pblk > y->pblk) - (x->pblk < y->pblk);
}

errcode_t alloc_give_all(struct e4z_image *img, struct run *runs, size_t count)
{
	const struct ext2_super_block *sb = img->fs->super;
	struct part p = {.img = NULL};
	int64_t freed = 0;
	errcode_t err = 0;

	/* the two checksums of a group are checked and made once, not for every extent */
	if (count)
		qsort(runs, count, sizeof(*runs), by_place);
	for (size_t i = 0; i < count && !err; i++) {
		uint64_t pblk = runs[i].pblk, end = pblk + runs[i].len;

		err = txn_note_freed(img, pblk, runs[i].len);
		while (!err && pblk < end) {
			uint32_t g = (uint32_t)((pblk - sb->s_first_data_block) /
						sb->s_blocks_per_group);

			if (!p.img || p.group != g) {
				err = p.img ? part_close(&p, freed) : 0;
				freed = 0;
				if (!err)
					err = part_open(img, g, &p);
			}
			if (!err)
				err = free_bits(&p, &pblk, end, &freed);
		}
	}
	return err || !p.img ? err : part_close(&p, freed);
}

errcode_t alloc_give(struct e4z_image *img, uint64_t pblk, uint64_t len)
{
	struct run run = {.pblk = pblk, .len = len};

	return alloc_give_all(img, &run, 1);
}

/* Read the bitmap of group G into BITMAP. */
static errcode_t look_at_group(struct e4z_image *img, uint32_t g, uint8_t *bitmap)
{
	AUTO_FREE uint8_t *desc = malloc(img->block_size);
	struct part p = {.img = img, .group = g, .look = true, .desc = desc, .bitmap = bitmap};

	return desc ? part_load(&p) : ENOMEM;
}

errcode_t alloc_check_taken(struct e4z_image *img, uint64_t pblk, uint64_t len, uint8_t *bitmap,
			    uint32_t *group)
{
	const struct ext2_super_block *sb = img->fs->super;
	uint32_t ratio = img->cluster_ratio;

	for (uint64_t end = pblk + len; pblk < end; pblk += ratio - pblk % ratio) {
		uint64_t rel = pblk - sb->s_first_data_block;
		uint32_t g = (uint32_t)(rel / sb->s_blocks_per_group);
		uint32_t bit = (uint32_t)(rel % sb->s_blocks_per_group / ratio);
		errcode_t err = g == *group ? 0 : look_at_group(img, g, bitmap);

		*group = err ? UINT32_MAX : g;
		if (err)
			return err;
		if (!part_bit(bitmap, bit))
			return image_refuse(img, E4Z_ET_CORRUPT_MAP,
					    "block %llu is mapped but marked as free",
					    (unsigned long long)pblk);
		/* long runs by the byte, less the step that the loop takes */
		if (bit % 8 == 0 && bitmap[bit / 8] == 0xff && end - pblk >= 8ull * ratio)
			pblk += 7ull * ratio;
	}
	return 0;
}
