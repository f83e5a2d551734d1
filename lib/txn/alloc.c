// SPDX-License-Identifier: GPL-2.0-or-later
// Changes block bitmaps and the counts that go with them, in memory.
#include "txn/alloc.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/crc32c.h"
#include "base/invariant.h"
#include "format/super.h"
#include "image/groups.h"
#include "txn/hole.h"
#include "txn/space.h"
#include "txn/txn.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Offsets in a group descriptor and in the superblock. */
enum {
	BG_BLOCK_BITMAP = 0x00,
	BG_FREE_BLOCKS = 0x0c,
	BG_FLAGS = 0x12,
	BG_BITMAP_CSUM = 0x18,
	BG_CHECKSUM = 0x1e,
	BG_BLOCK_BITMAP_HI = 0x20,
	BG_FREE_BLOCKS_HI = 0x2c,
	BG_BITMAP_CSUM_HI = 0x38,
	S_FREE_BLOCKS = 0x0c,
	S_FREE_BLOCKS_HI = 0x158,
};

#define GOOD_RUN 256 /* clusters: what is shorter is taken only where nothing else is left */

/* One group being changed; the pointers are into the transaction. */
struct part {
	struct e4z_image *img;
	uint32_t group;
	uint8_t *desc, *bitmap;
	uint64_t first;	   /* block of the bitmap's first bit */
	uint32_t clusters; /* bits that mean something */
	bool wide;	   /* the descriptor has high halves */
	bool look;	   /* nothing is to be changed: the pointers are the caller's */
};

static uint32_t bitmap_bytes(const struct e4z_image *img)
{
	return img->fs->super->s_clusters_per_group / 8;
}

static uint32_t bitmap_csum_stored(const struct part *p)
{
	uint32_t csum = get_le16(p->desc + BG_BITMAP_CSUM);

	if (p->wide)
		csum |= (uint32_t)get_le16(p->desc + BG_BITMAP_CSUM_HI) << 16;
	return csum;
}

static uint32_t bitmap_csum_right(const struct part *p)
{
	uint32_t csum = crc32c(p->img->csum_seed, p->bitmap, bitmap_bytes(p->img));

	return p->wide ? csum : csum & 0xffff;
}

/* ext4_group_desc_csum: crc32c with metadata_csum, else crc16. */
static uint16_t desc_csum(const struct part *p)
{
	uint8_t number[4], zero[2] = {0};
	size_t size = EXT2_DESC_SIZE(p->img->fs->super);
	const struct ext2_super_block *sb = p->img->fs->super;
	uint32_t crc;
	uint16_t crc_16;

	put_le32(number, p->group);
	if (p->img->metadata_csum) {
		crc = crc32c(p->img->csum_seed, number, 4);
		crc = crc32c(crc, p->desc, BG_CHECKSUM);
		crc = crc32c(crc, zero, 2);
		return (uint16_t)crc32c(crc, p->desc + BG_CHECKSUM + 2, size - BG_CHECKSUM - 2);
	}
	crc_16 = crc16(0xffff, sb->s_uuid, sizeof(sb->s_uuid));
	crc_16 = crc16(crc_16, number, 4);
	crc_16 = crc16(crc_16, p->desc, BG_CHECKSUM);
	if (size > BG_CHECKSUM + 2)
		crc_16 = crc16(crc_16, p->desc + BG_CHECKSUM + 2, size - BG_CHECKSUM - 2);
	return crc_16;
}

static void part_seal(struct part *p)
{
	uint32_t csum;

	if (p->img->metadata_csum) {
		csum = bitmap_csum_right(p);
		put_le16(p->desc + BG_BITMAP_CSUM, csum);
		if (p->wide)
			put_le16(p->desc + BG_BITMAP_CSUM_HI, csum >> 16);
	}
	if (p->img->group_csum)
		put_le16(p->desc + BG_CHECKSUM, desc_csum(p));
}

static bool bit_get(const uint8_t *bitmap, uint32_t n)
{
	return bitmap[n / 8] >> n % 8 & 1;
}

static void bit_put(uint8_t *bitmap, uint32_t n, bool set)
{
	if (set)
		bitmap[n / 8] |= (uint8_t)(1 << n % 8);
	else
		bitmap[n / 8] &= (uint8_t) ~(1 << n % 8);
}

/* The bitmap of a group that was never used: its static metadata, and what is behind its end. */
static void part_make_bitmap(struct part *p)
{
	const struct e4z_image *img = p->img;
	uint32_t ratio = img->cluster_ratio;

	memset(p->bitmap, 0, img->block_size);
	for (uint32_t i = 0; i < p->clusters; i++)
		if (rangeset_meets(img->metadata, p->first + (uint64_t)i * ratio, ratio))
			bit_put(p->bitmap, i, true);
	for (uint32_t i = p->clusters; i < img->block_size * 8; i++)
		bit_put(p->bitmap, i, true);
	put_le16(p->desc + BG_FLAGS, get_le16(p->desc + BG_FLAGS) & ~EXT2_BG_BLOCK_UNINIT);
}

/*
 * Where block I of the descriptors is. With 1k blocks and bigalloc the first block of the file
 * system is 0, yet its superblock is in block 1: ext2fs_descriptor_block_loc2() minds that for I =
 * 0 only.
 */
static uint64_t desc_block(const struct e4z_image *img, uint32_t i)
{
	const struct ext2_super_block *sb = img->fs->super;

	if (ext2fs_has_feature_meta_bg(img->fs->super) && i >= sb->s_first_meta_bg)
		return ext2fs_descriptor_block_loc2(img->fs, sb->s_first_data_block, i);
	return SUPER_OFFSET / img->block_size + 1 + i;
}

/* A block of P for changing; or into *DATA, which is P's own then, to be looked at. */
static errcode_t part_block(const struct part *p, uint64_t block, uint8_t **data)
{
	struct e4z_image *img = p->img;

	if (!p->look)
		return txn_edit(img, block, data);
	return image_read(img, block * img->block_size, img->block_size, *data);
}

static errcode_t part_load(struct part *p)
{
	struct e4z_image *img = p->img;
	const struct ext2_super_block *sb = img->fs->super;
	uint32_t size = EXT2_DESC_SIZE(img->fs->super), per_block = img->block_size / size;
	uint64_t at;
	errcode_t err;

	p->wide = size >= BG_BITMAP_CSUM_HI + 4;
	p->first = sb->s_first_data_block + (uint64_t)p->group * sb->s_blocks_per_group;
	p->clusters = sb->s_clusters_per_group;
	if ((img->blocks - p->first + img->cluster_ratio - 1) / img->cluster_ratio < p->clusters)
		p->clusters = (uint32_t)((img->blocks - p->first + img->cluster_ratio - 1) /
					 img->cluster_ratio);
	err = part_block(p, desc_block(img, p->group / per_block), &p->desc);
	if (err)
		return err;
	p->desc += (size_t)(p->group % per_block) * size;
	if (img->group_csum && get_le16(p->desc + BG_CHECKSUM) != desc_csum(p))
		return image_refuse(img, E4Z_ET_CORRUPT_MAP,
				    "group %u: the descriptor's checksum is wrong", p->group);
	at = get_le32(p->desc + BG_BLOCK_BITMAP);
	if (size > BG_BLOCK_BITMAP_HI)
		at |= (uint64_t)get_le32(p->desc + BG_BLOCK_BITMAP_HI) << 32;
	if (!rangeset_has(img->metadata, at))
		return image_refuse(img, E4Z_ET_CORRUPT_MAP,
				    "group %u: the block bitmap is misplaced", p->group);
	err = part_block(p, at, &p->bitmap);
	if (err)
		return err;
	if (img->group_csum && get_le16(p->desc + BG_FLAGS) & EXT2_BG_BLOCK_UNINIT)
		part_make_bitmap(p);
	else if (img->metadata_csum && bitmap_csum_stored(p) != bitmap_csum_right(p))
		return image_refuse(img, E4Z_ET_CORRUPT_MAP,
				    "group %u: the block bitmap's checksum is wrong", p->group);
	return 0;
}

static errcode_t part_open(struct e4z_image *img, uint32_t g, struct part *p)
{
	*p = (struct part){.img = img, .group = g};
	return part_load(p);
}

/* Add DELTA clusters to the free counts of the group and of the file system. */
static errcode_t count_free(struct part *p, int64_t delta)
{
	uint8_t *sb;
	uint64_t n;
	errcode_t err = txn_super(p->img, &sb);

	if (err)
		return err;
	n = get_le16(p->desc + BG_FREE_BLOCKS);
	if (p->wide)
		n |= (uint64_t)get_le16(p->desc + BG_FREE_BLOCKS_HI) << 16;
	n += (uint64_t)delta;
	put_le16(p->desc + BG_FREE_BLOCKS, (uint32_t)n);
	if (p->wide)
		put_le16(p->desc + BG_FREE_BLOCKS_HI, (uint32_t)(n >> 16));
	n = get_le32(sb + S_FREE_BLOCKS);
	if (ext2fs_has_feature_64bit(p->img->fs->super))
		n |= (uint64_t)get_le32(sb + S_FREE_BLOCKS_HI) << 32;
	n += (uint64_t)(delta * (int64_t)p->img->cluster_ratio);
	put_le32(sb + S_FREE_BLOCKS, (uint32_t)n);
	if (ext2fs_has_feature_64bit(p->img->fs->super))
		put_le32(sb + S_FREE_BLOCKS_HI, (uint32_t)(n >> 32));
	return 0;
}

static errcode_t part_close(struct part *p, int64_t freed)
{
	errcode_t err = count_free(p, freed);

	if (!err)
		part_seal(p);
	return err;
}

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
		.closed = {img->metadata, txn_closed(img)},
	};

	return hole_find(&map, from, want, longest);
}

/* Where a run is searched for, and what it is to be like. */
struct search {
	struct e4z_image *img;
	struct space *space;
	uint32_t goal, from; /* group, cluster of it */
	uint32_t want, least;
	uint8_t *desc, *bitmap; /* of the group that is looked at */
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
	       !bit_get(p->bitmap, hole.at) && !bit_get(p->bitmap, hole.at + hole.len - 1) &&
	       !(closed && rangeset_meets(closed, pblk, blocks));
}

static errcode_t take_hole(struct e4z_image *img, uint32_t g, struct hole hole, uint64_t *pblk)
{
	struct part p;
	errcode_t err = part_open(img, g, &p);

	if (err)
		return err;
	*pblk = p.first + (uint64_t)hole.at * img->cluster_ratio;
	err = INVARIANT("A1", is_takable(&p, hole, *pblk));
	if (err)
		return err;
	for (uint32_t i = 0; i < hole.len; i++)
		bit_put(p.bitmap, hole.at + i, true);
	return part_close(&p, -(int64_t)hole.len);
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
		err = image_fail(img, E4Z_ET_NO_SPACE, "looking for a free block");
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
		if (!bit_get(p->bitmap, i))
			return image_refuse(p->img, E4Z_ET_CORRUPT_MAP,
					    "block %llu is free already",
					    (unsigned long long)*pblk);
		bit_put(p->bitmap, i, false);
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

	/* the two checksums of a group are looked at and made once, not for every extent */
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
		if (!bit_get(bitmap, bit))
			return image_refuse(img, E4Z_ET_CORRUPT_MAP,
					    "block %llu is mapped and free at once",
					    (unsigned long long)pblk);
		/* long runs by the byte, less the step that the loop takes */
		if (bit % 8 == 0 && bitmap[bit / 8] == 0xff && end - pblk >= 8ull * ratio)
			pblk += 7ull * ratio;
	}
	return 0;
}
