// SPDX-License-Identifier: GPL-2.0-or-later
// Gives an inode back: its bit, the counts of its group and of the file system, its slot.
#include "txn/alloc.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "file/inode.h"
#include "format/fields.h"
#include "txn/part.h"
#include "txn/txn.h"
#include <string.h>

/* A group's descriptor and inode bitmap, in the transaction. */
struct table {
	struct part part; /* its block bitmap is not loaded */
	uint8_t *bitmap;
};

static uint32_t per_group(const struct part *p)
{
	return p->img->fs->super->s_inodes_per_group;
}

/* A number of the descriptor whose high half is in wide ones alone. */
static uint32_t get_half(const struct part *p, size_t low, size_t high)
{
	return get_le16(p->desc + low) | (p->wide ? (uint32_t)get_le16(p->desc + high) << 16 : 0);
}

static void put_half(const struct part *p, size_t low, size_t high, uint32_t n)
{
	put_le16(p->desc + low, n);
	if (p->wide)
		put_le16(p->desc + high, n >> 16);
}

static uint32_t csum_right(const struct table *t)
{
	uint32_t csum = crc32c(t->part.img->csum_seed, t->bitmap, per_group(&t->part) / 8);

	return t->part.wide ? csum : csum & 0xffff;
}

static uint32_t free_bits(const struct table *t)
{
	uint32_t free = 0;

	for (uint32_t i = 0; i < per_group(&t->part); i++)
		free += !part_bit(t->bitmap, i);
	return free;
}

/* Why the bitmap is not believed, as groups_read_inode_bitmap() decides, or NULL. */
static const char *table_fault(const struct table *t)
{
	const struct part *p = &t->part;

	if (p->img->group_csum && get_le16(p->desc + BG_FLAGS) & EXT2_BG_INODE_UNINIT)
		return "no inode of it is in use";
	if (free_bits(t) != get_half(p, BG_FREE_INODES, BG_FREE_INODES_HI))
		return "its count of free inodes is wrong";
	if (p->img->metadata_csum &&
	    get_half(p, BG_INODE_BITMAP_CSUM, BG_INODE_BITMAP_CSUM_HI) != csum_right(t))
		return "the inode bitmap's checksum is wrong";
	return NULL;
}

static errcode_t table_open(struct e4z_image *img, uint32_t g, struct table *t)
{
	const char *why = "the inode bitmap has an invalid location";
	uint64_t at;
	errcode_t err;

	*t = (struct table){.part = {.img = img, .group = g}};
	err = part_load_desc(&t->part);
	if (err)
		return err;
	at = ext2fs_inode_bitmap_loc(img->fs, g);
	if (rangeset_has(img->metadata, at)) {
		err = txn_edit(img, at, &t->bitmap);
		if (err)
			return err;
		why = table_fault(t);
	}
	return why ? image_refuse(img, E4Z_ET_CORRUPT_MAP, "group %u: %s", g, why) : 0;
}

/* One inode more is free in the file system. */
static errcode_t count_super(struct e4z_image *img)
{
	uint8_t *sb;
	errcode_t err = txn_super(img, &sb);

	if (!err)
		put_le32(sb + S_FREE_INODES, get_le32(sb + S_FREE_INODES) + 1);
	return err;
}

static errcode_t zero_slot(struct e4z_image *img, uint32_t ino)
{
	uint64_t block;
	uint32_t off;
	uint8_t *data;
	errcode_t err;

	inode_place(img, ino, &block, &off);
	err = txn_edit(img, block, &data);
	if (!err)
		memset(data + off, 0, img->inode_size);
	return err;
}

errcode_t alloc_give_inode(struct e4z_image *img, uint32_t ino, bool directory)
{
	uint32_t n = (ino - 1) % img->fs->super->s_inodes_per_group, dirs;
	struct table t;
	struct part *p = &t.part;
	errcode_t err = table_open(img, (ino - 1) / img->fs->super->s_inodes_per_group, &t);

	if (err)
		return err;
	dirs = get_half(p, BG_USED_DIRS, BG_USED_DIRS_HI);
	if (!part_bit(t.bitmap, n) || (directory && !dirs))
		return image_refuse_file(img, ino, E4Z_ET_CORRUPT_MAP,
					 directory ? "its group counts no directory, or it is free"
						   : "it is free already");
	part_set_bit(t.bitmap, n, false);
	put_half(p, BG_FREE_INODES, BG_FREE_INODES_HI,
		 get_half(p, BG_FREE_INODES, BG_FREE_INODES_HI) + 1);
	if (directory)
		put_half(p, BG_USED_DIRS, BG_USED_DIRS_HI, dirs - 1);
	if (img->metadata_csum)
		put_half(p, BG_INODE_BITMAP_CSUM, BG_INODE_BITMAP_CSUM_HI, csum_right(&t));
	part_seal(p);
	err = count_super(img);
	return err ? err : zero_slot(img, ino);
}
