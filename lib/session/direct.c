// SPDX-License-Identifier: GPL-2.0-or-later
// Writes a change to where it belongs, in an order that e2fsck can make sense of.
#include "session/direct.h"

#include "image/groups.h"
#include "image/super.h"
#include "journal/flip.h"

static bool is_inode_table(const struct e4z_image *img, uint64_t block)
{
	for (uint32_t g = 0; g < img->groups; g++)
		if (block >= img->group[g].itable &&
		    block - img->group[g].itable < img->fs->inode_blocks_per_group)
			return true;
	return false;
}

/* Blocks of one sort, then a barrier. */
static errcode_t write_sort(struct e4z_image *img, const struct captured *list, size_t count,
			    bool inodes)
{
	errcode_t err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		if (list[i].block == SUPER_OFFSET / img->block_size ||
		    is_inode_table(img, list[i].block) != inodes)
			continue;
		err = blkdev_write(img->dev, list[i].block * img->block_size, img->block_size,
				   list[i].data, "home");
	}
	return err ? err : blkdev_sync(img->dev, "home");
}

/* Turn EXT2_VALID_FS in the superblock on the disk. */
static errcode_t turn_valid(struct e4z_image *img)
{
	uint8_t sector[512];
	errcode_t err = blkdev_read(img->dev, SUPER_OFFSET, sizeof(sector), sector);

	if (err)
		return err;
	flip_valid(sector, img->metadata_csum);
	return blkdev_write(img->dev, SUPER_OFFSET, sizeof(sector), sector, "super");
}

errcode_t direct_commit(struct e4z_image *img, const struct captured *list, size_t count)
{
	uint32_t super_block = SUPER_OFFSET / img->block_size;
	bool was_valid = img->fs->super->s_state & EXT2_VALID_FS;
	errcode_t err = was_valid ? turn_valid(img) : 0;

	if (!err)
		err = blkdev_sync(img->dev, "super");
	if (!err)
		err = write_sort(img, list, count, false);
	if (!err)
		err = write_sort(img, list, count, true);
	for (size_t i = 0; i < count && !err; i++) {
		uint8_t *raw = list[i].data + SUPER_OFFSET % img->block_size;

		if (list[i].block != super_block)
			continue;
		if (was_valid)
			flip_valid(raw, img->metadata_csum);
		err = blkdev_write(img->dev, super_block * (uint64_t)img->block_size,
				   img->block_size, list[i].data, "super");
		if (!err)
			err = blkdev_sync(img->dev, "super");
	}
	if (!err && was_valid)
		err = turn_valid(img);
	return err ? err : blkdev_sync(img->dev, "super");
}
