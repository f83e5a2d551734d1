// SPDX-License-Identifier: GPL-2.0-or-later
// bitmap-slack, desc-slack, super-slack in blocks that are in use: padding, what is reserved in a
// descriptor, what follows the end of a string.
#include "fixed/live.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "format/fields.h"
#include "format/super.h"
#include "image/groups.h"
#include "txn/part.h"
#include "txn/txn.h"
#include <errno.h>
#include <string.h>

/* Words of s_reserved that may have a meaning in a kernel newer than this. */
#define RESERVED_KEPT 32

static void add(struct live *live, uint64_t block, uint64_t from, uint64_t end, uint8_t fill)
{
	if (from < end && live->count < LIVE_MAX)
		live->parts[live->count++] = (struct live_part){
			.block = block, .from = (uint32_t)from, .end = (uint32_t)end, .fill = fill};
}

/* BLOCK could not be read. */
static void set_unread(struct live *live, uint64_t block)
{
	for (unsigned i = 0; i < live->count; i++)
		live->parts[i].unread |= live->parts[i].block == block;
}

static bool inside(const struct e4z_image *img, uint64_t block)
{
	return block >= img->fs->super->s_first_data_block && block < img->blocks;
}

/* The descriptor of group G says so, and is believed. */
static bool is_uninit(const struct e4z_image *img, uint32_t g, uint16_t flag)
{
	return img->group_csum && ext2fs_bg_flags_test(img->fs, g, flag);
}

errcode_t live_bitmaps(const struct e4z_image *img, uint32_t g, struct live *live)
{
	AUTO_FREE uint8_t *bitmap = NULL;
	uint64_t blocks = ext2fs_group_blocks_count(img->fs, g), ratio = img->cluster_ratio;
	uint64_t block = ext2fs_block_bitmap_loc(img->fs, g);
	bool unread;

	if (img->group_csum && !ext2fs_group_desc_csum_verify(img->fs, g))
		return 0;
	bitmap = malloc(img->block_size);
	if (!bitmap)
		return ENOMEM;
	if (!is_uninit(img, g, EXT2_BG_BLOCK_UNINIT) && inside(img, block))
		add(live, block, ((blocks + ratio - 1) / ratio + 7) / 8, img->block_size, 0xff);
	if (is_uninit(img, g, EXT2_BG_INODE_UNINIT) || !inside(img, img->group[g].inode_bitmap))
		return 0;
	block = img->group[g].inode_bitmap;
	unread = image_read(img, block << img->block_bits, img->block_size, bitmap) != 0;
	if (unread || groups_inode_bitmap_ok(img, g, bitmap))
		add(live, block, (img->fs->super->s_inodes_per_group + 7) / 8, img->block_size,
		    0xff);
	if (unread)
		set_unread(live, block);
	return 0;
}

errcode_t live_descriptor(const struct e4z_image *img, uint32_t g, struct live *live)
{
	uint32_t size = EXT2_DESC_SIZE(img->fs->super), per_block = img->block_size / size;
	uint32_t at = g % per_block * size;

	if (img->group_csum && !ext2fs_group_desc_csum_verify(img->fs, g))
		return 0;
	add(live, part_desc_block(img, g / per_block), at + BG_RESERVED, at + size, 0);
	return 0;
}

/*
 * The block of the superblock, or of group G's copy; 0: it has none. WHY_LEFT: it is not valid.
 * UNREAD: it cannot be read.
 */
static uint64_t find_super(const struct e4z_image *img, uint32_t g, uint32_t *base,
			   const char **why_left, bool *unread)
{
	_Alignas(struct ext2_super_block) uint8_t copy[SUPER_SIZE];
	blk64_t block = SUPER_OFFSET / img->block_size;
	char why[1];

	*base = SUPER_OFFSET % img->block_size;
	*unread = false;
	if (!g)
		return block;
	*base = 0;
	if (ext2fs_super_and_bgd_loc2(img->fs, g, &block, NULL, NULL, NULL) || !inside(img, block))
		return 0;
	*unread = image_read(img, block << img->block_bits, sizeof(copy), copy) != 0;
	if (!*unread && super_validate(copy, img->dev->len, why, sizeof(why)))
		*why_left = "the copy of the superblock is not valid";
	return block;
}

/* The field of a copy has to be as RAW's, the superblock's own, is up to the end of its string. */
static void add_copy(struct live *live, uint64_t block, const struct super_string *string,
		     const uint8_t *raw)
{
	uint8_t *text = live->text + live->text_len;
	size_t len = strnlen((const char *)raw + string->at, string->size);

	add(live, block, string->at, string->at + string->size, 0);
	live->parts[live->count - 1].has_text = true;
	live->parts[live->count - 1].text = live->text_len;
	memset(text, 0, string->size);
	memcpy(text, raw + string->at, len);
	live->text_len += string->size;
}

errcode_t live_super(const struct e4z_image *img, uint32_t g, struct live *live)
{
	uint8_t raw[SUPER_SIZE];
	uint32_t base;
	bool unread;
	uint64_t block = find_super(img, g, &base, &live->why, &unread);
	errcode_t err;

	if (g && !block)
		return 0;
	err = image_read(img, SUPER_OFFSET, sizeof(raw), raw);
	if (err)
		return err;
	for (size_t i = 0; i < SUPER_STRINGS; i++) {
		size_t at = super_strings[i].at, size = super_strings[i].size;

		if (g)
			add_copy(live, block, &super_strings[i], raw);
		else
			add(live, block, base + at + strnlen((const char *)raw + at, size),
			    base + at + size, 0);
	}
	add(live, block, base + S_RESERVED + RESERVED_KEPT, base + S_CHECKSUM, 0);
	if (unread)
		set_unread(live, block);
	return 0;
}

live_fn *live_of_kind(enum e4z_finding_kind kind)
{
	switch (kind) {
	case E4Z_BITMAP_SLACK: return live_bitmaps;
	case E4Z_DESC_SLACK: return live_descriptor;
	case E4Z_SUPER_SLACK: return live_super;
	default: return NULL;
	}
}

void live_drop(const struct e4z_image *img, const struct rangeset *disputed, struct live *live)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < live->count; i++)
		if (!rangeset_has(disputed, live->parts[i].block / img->cluster_ratio))
			live->parts[kept++] = live->parts[i];
	live->count = kept;
}

static bool has_block(const struct live *live, uint64_t block)
{
	for (unsigned i = 0; i < live->count; i++)
		if (live->parts[i].block == block)
			return true;
	return false;
}

static bool any_unread(const struct live *live)
{
	for (unsigned i = 0; i < live->count; i++)
		if (live->parts[i].unread)
			return true;
	return false;
}

static errcode_t set_parts(struct e4z_image *img, const struct live *live)
{
	errcode_t err = 0;

	for (unsigned i = 0; i < live->count && !err; i++) {
		const struct live_part *part = &live->parts[i];
		uint8_t *data;

		err = txn_edit(img, part->block, &data);
		for (uint32_t k = part->from; k < part->end && !err; k++)
			data[k] = live_byte(live, part, k - part->from);
	}
	return err;
}

/* The checksum of group G's copy; that of the superblock is set with every commit. */
static errcode_t seal_copy(struct e4z_image *img, const struct live *live)
{
	uint8_t *data;
	errcode_t err = txn_edit(img, live->parts[0].block, &data);

	if (!err)
		super_csum_set(data);
	return err;
}

errcode_t live_set(struct e4z_image *img, uint32_t g, enum e4z_finding_kind kind,
		   const struct rangeset *disputed)
{
	struct live live = {.count = 0};
	struct part p = {.img = img, .group = g};
	live_fn *fn = live_of_kind(kind);
	errcode_t err = fn ? fn(img, g, &live) : 0;

	live_drop(img, disputed, &live);
	if (err || !live.count || live.why)
		return err;
	if (any_unread(&live))
		return image_refuse(img, EIO, "group %u: a block cannot be read", g);
	/* the checksums have to be right before they are made right */
	if (kind == E4Z_BITMAP_SLACK && has_block(&live, ext2fs_block_bitmap_loc(img->fs, g)))
		err = part_load(&p);
	else if (kind != E4Z_SUPER_SLACK)
		err = part_load_desc(&p);
	if (!err)
		err = set_parts(img, &live);
	if (!err && kind != E4Z_SUPER_SLACK)
		part_seal(&p);
	if (!err && kind == E4Z_SUPER_SLACK && g && img->metadata_csum)
		err = seal_copy(img, &live);
	return err;
}
