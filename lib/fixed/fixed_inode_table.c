// SPDX-License-Identifier: GPL-2.0-or-later
// inode-table: the part of an inode table that was never in use, as the group's descriptor says,
// and what follows the last slot.
#include "fixed/fixed.h"

#include "base/cleanup.h"
#include "image/groups.h"
#include <errno.h>

const char *fixed_doubt_uninit(const struct e4z_image *img, uint32_t g)
{
	return img->group[g].free == img->fs->super->s_inodes_per_group
		       ? NULL
		       : "the group has the flag INODE_UNINIT, but inodes in use";
}

/* An inode of the unused part is in use, as the bitmap says that is at BITMAP. */
static bool any_in_use(const struct e4z_image *img, const struct group *group,
		       const uint8_t *bitmap)
{
	for (uint32_t n = group->used; n < img->fs->super->s_inodes_per_group; n++)
		if (bitmap[n / 8] >> n % 8 & 1)
			return true;
	return false;
}

/* Why the descriptor is not believed, although its checksum is right; or NULL. */
static errcode_t contradiction(const struct e4z_image *img, uint32_t g, const char **why)
{
	AUTO_FREE uint8_t *bitmap = NULL;

	if (ext2fs_bg_flags_test(img->fs, g, EXT2_BG_INODE_UNINIT)) {
		*why = fixed_doubt_uninit(img, g);
		return 0;
	}
	bitmap = malloc(img->block_size);
	if (!bitmap)
		return ENOMEM;
	*why = groups_doubt_inode_bitmap(img, g, bitmap);
	if (!*why && any_in_use(img, &img->group[g], bitmap))
		*why = "the inode bitmap and the number of unused inodes disagree";
	return 0;
}

errcode_t fixed_inode_table(const struct e4z_image *img, uint32_t g, struct fixed *fixed)
{
	const struct group *group = &img->group[g];
	uint64_t end = group->itable + img->fs->inode_blocks_per_group;

	if (group->unreadable || (img->group_csum && !ext2fs_group_desc_csum_verify(img->fs, g)))
		return 0;
	fixed_add(fixed,
		  (group->itable << img->block_bits) + (uint64_t)group->used * img->inode_size,
		  end << img->block_bits);
	/* after the last slot there is nothing that a bitmap could say otherwise */
	if (group->used == img->fs->super->s_inodes_per_group)
		return 0;
	return contradiction(img, g, &fixed->why);
}
