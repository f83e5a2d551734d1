// SPDX-License-Identifier: GPL-2.0-or-later
// bitmap-slack: the blocks of bitmaps that are not in use yet, as the group's descriptor says.
#include "fixed/fixed.h"

#include "image/groups.h"

static void add_block(const struct e4z_image *img, uint64_t block, struct fixed *fixed)
{
	if (block >= img->fs->super->s_first_data_block && block < img->blocks)
		fixed_add(fixed, block << img->block_bits, (block + 1) << img->block_bits);
}

errcode_t fixed_bitmaps(const struct e4z_image *img, uint32_t g, struct fixed *fixed)
{
	if (!img->group_csum || !ext2fs_group_desc_csum_verify(img->fs, g))
		return 0;
	if (ext2fs_bg_flags_test(img->fs, g, EXT2_BG_BLOCK_UNINIT))
		add_block(img, ext2fs_block_bitmap_loc(img->fs, g), fixed);
	if (ext2fs_bg_flags_test(img->fs, g, EXT2_BG_INODE_UNINIT)) {
		add_block(img, img->group[g].inode_bitmap, fixed);
		fixed->why = fixed_doubt_uninit(img, g);
	}
	return 0;
}
