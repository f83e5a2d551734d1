// SPDX-License-Identifier: GPL-2.0-or-later
// How large a file can become: by its kind of map, and by what i_blocks can count.
#include "file/map.h"

#define LBLK_END 0xffffffffull /* logical block numbers go to 2^32 - 2 */

uint64_t map_max_size(const struct e4z_image *img, const struct inode *inode)
{
	uint64_t n = img->block_size / 4, blocks = 12 + n + n * n + n * n * n;

	if (inode->flags & EXT4_EXTENTS_FL || blocks > LBLK_END)
		blocks = LBLK_END;
	return blocks * img->block_size;
}

static uint64_t divide_up(uint64_t n, uint64_t by)
{
	return (n + by - 1) / by;
}

/* Of ROOM blocks that a file may own, those that are data in a full indirect map of N pointers. */
static uint64_t indirect_data(uint64_t room, uint64_t n)
{
	uint64_t left = room - 12 - n, tree = 1;

	if (left < n * n)
		return room - (tree + 1 + divide_up(left, n));
	left -= n * n;
	tree += 1 + n;
	tree += 1 + divide_up(left, n) + divide_up(left, n * n);
	return room - tree;
}

uint64_t map_size_limit(const struct e4z_image *img, const struct inode *inode)
{
	uint64_t n = img->block_size / 4, size = map_max_size(img, inode);
	uint64_t tree = 1 + (1 + n) + (1 + n + n * n);
	uint64_t room = UINT32_MAX >> (img->block_bits - 9);

	if (ext2fs_has_feature_huge_file(img->fs->super))
		return size;
	if (inode->flags & EXT4_EXTENTS_FL)
		return size < room * img->block_size ? size : room * img->block_size;
	if (size / img->block_size + tree <= room)
		return size;
	return indirect_data(room, n) * img->block_size;
}
