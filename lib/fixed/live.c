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
		live->parts[live->count++] =
			(struct live_part){block, (uint32_t)from, (uint32_t)end, fill};
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

	if (img->group_csum && !ext2fs_group_desc_csum_verify(img->fs, g))
		return 0;
	bitmap = malloc(img->block_size);
	if (!bitmap)
		return ENOMEM;
	if (!is_uninit(img, g, EXT2_BG_BLOCK_UNINIT) && inside(img, block))
		add(live, block, ((blocks + ratio - 1) / ratio + 7) / 8, img->block_size, 0xff);
	if (!is_uninit(img, g, EXT2_BG_INODE_UNINIT) && groups_read_inode_bitmap(img, g, bitmap))
		add(live, img->group[g].inode_bitmap, (img->fs->super->s_inodes_per_group + 7) / 8,
		    img->block_size, 0xff);
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

errcode_t live_super(const struct e4z_image *img, uint32_t g, struct live *live)
{
	uint32_t base = SUPER_OFFSET % img->block_size;
	uint64_t block = SUPER_OFFSET / img->block_size;
	uint8_t raw[SUPER_SIZE];

	if (g)
		return 0;
	if (image_read(img, SUPER_OFFSET, sizeof(raw), raw))
		return 0;
	for (size_t i = 0; i < SUPER_STRINGS; i++) {
		size_t at = super_strings[i].at, size = super_strings[i].size;

		add(live, block, base + at + strnlen((const char *)raw + at, size),
		    base + at + size, 0);
	}
	add(live, block, base + S_RESERVED + RESERVED_KEPT, base + S_CHECKSUM, 0);
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

static errcode_t set_parts(struct e4z_image *img, const struct live *live)
{
	errcode_t err = 0;

	for (unsigned i = 0; i < live->count && !err; i++) {
		const struct live_part *part = &live->parts[i];
		uint8_t *data;

		err = txn_edit(img, part->block, &data);
		if (!err)
			memset(data + part->from, part->fill, part->end - part->from);
	}
	return err;
}

errcode_t live_set(struct e4z_image *img, uint32_t g, enum e4z_finding_kind kind)
{
	struct live live = {.count = 0};
	struct part p = {.img = img, .group = g};
	bool uninit = is_uninit(img, g, EXT2_BG_BLOCK_UNINIT);
	live_fn *fn = live_of_kind(kind);
	errcode_t err = fn ? fn(img, g, &live) : 0;

	if (err || !live.count)
		return err;
	/* the checksums have to be right before they are made right */
	if (kind == E4Z_BITMAP_SLACK && !uninit)
		err = part_load(&p);
	else if (kind != E4Z_SUPER_SLACK)
		err = part_load_desc(&p);
	if (!err)
		err = set_parts(img, &live);
	if (!err && kind != E4Z_SUPER_SLACK)
		part_seal(&p);
	return err;
}
