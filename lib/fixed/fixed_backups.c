// SPDX-License-Identifier: GPL-2.0-or-later
// super-slack, desc-slack, reserved-gdt: what the superblock, the descriptors and their copies do
// not take of their blocks.
#include "fixed/fixed.h"

#include "format/super.h"

/* Where group G has them; 0: it has none. */
struct copies {
	uint64_t super, descs, meta; /* all descriptors from the first on; those of its metagroup */
};

static errcode_t find(const struct e4z_image *img, uint32_t g, struct copies *copies)
{
	blk64_t super, descs, meta;
	errcode_t err = ext2fs_super_and_bgd_loc2(img->fs, g, &super, &descs, &meta, NULL);

	*copies = (struct copies){super, descs, meta};
	return err;
}

errcode_t fixed_supers(const struct e4z_image *img, uint32_t g, struct fixed *fixed)
{
	struct copies copies;
	errcode_t err = find(img, g, &copies);
	uint64_t off = copies.super << img->block_bits;

	if (err || (g && !copies.super))
		return err;
	/* the first one stands after the boot block, in the same block if that is large enough */
	fixed_add(fixed, (g ? off : SUPER_OFFSET) + SUPER_SIZE, off + img->block_size);
	return 0;
}

/*
 * What follows the last descriptor in descriptor block I, which is at BLOCK. The first ones are
 * read, and yet it needs no transaction: no checksum covers it, and a sector that has descriptors,
 * too, has the same ones whether it is written or not.
 */
static void add_rest(const struct e4z_image *img, uint64_t i, uint64_t block, struct fixed *fixed)
{
	uint32_t size = EXT2_DESC_SIZE(img->fs->super), per_block = img->block_size / size;
	uint64_t left = img->groups - i * per_block;
	uint64_t used = (left < per_block ? left : per_block) * size;

	fixed_add(fixed, (block << img->block_bits) + used, (block + 1) << img->block_bits);
}

errcode_t fixed_descriptors(const struct e4z_image *img, uint32_t g, struct fixed *fixed)
{
	const struct ext2_super_block *sb = img->fs->super;
	uint32_t per_block = img->block_size / EXT2_DESC_SIZE(img->fs->super);
	bool meta_bg = ext2fs_has_feature_meta_bg(img->fs->super);
	uint64_t last = img->fs->desc_blocks - 1, all;
	struct copies copies;
	errcode_t err = find(img, g, &copies);

	if (err)
		return err;
	if (copies.meta)
		add_rest(img, g / per_block, copies.meta, fixed);
	all = meta_bg ? sb->s_first_meta_bg : last + 1 + sb->s_reserved_gdt_blocks;
	if (copies.descs && copies.descs + all <= img->blocks && last < all)
		add_rest(img, last, copies.descs + last, fixed);
	return 0;
}

errcode_t fixed_reserved_gdt(const struct e4z_image *img, uint32_t g, struct fixed *fixed)
{
	struct ext2_super_block *sb = img->fs->super;
	uint64_t start, end;
	struct copies copies;
	errcode_t err = find(img, g, &copies);

	/* the first ones are blocks of the map of inode 7 */
	if (err || !copies.descs || ext2fs_has_feature_meta_bg(sb) ||
	    (g == 0 && ext2fs_has_feature_resize_inode(sb)))
		return err;
	start = copies.descs + img->fs->desc_blocks;
	end = start + sb->s_reserved_gdt_blocks;
	if (end <= img->blocks)
		fixed_add(fixed, start << img->block_bits, end << img->block_bits);
	return 0;
}
