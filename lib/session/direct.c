// SPDX-License-Identifier: GPL-2.0-or-later
// Writes a change to where it belongs, in an order that e2fsck can make sense of.
#include "session/direct.h"

#include "base/rangeset.h"
#include "image/groups.h"
#include "image/super.h"
#include "journal/flip.h"
#include <errno.h>

/* The blocks of all inode tables. */
static errcode_t note_inode_tables(const struct e4z_image *img, struct rangeset **tables)
{
	errcode_t err = 0;

	*tables = rangeset_new(img->blocks);
	if (!*tables)
		return ENOMEM;
	for (uint32_t g = 0; g < img->groups && !err; g++)
		err = rangeset_add(*tables, img->group[g].itable, img->fs->inode_blocks_per_group,
				   NULL);
	return err;
}

/* Blocks of one sort, then a barrier. */
static errcode_t write_sort(struct e4z_image *img, const struct captured *list, size_t count,
			    const struct rangeset *tables, bool inodes)
{
	errcode_t err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		if (list[i].block == SUPER_OFFSET / img->block_size ||
		    rangeset_has(tables, list[i].block) != inodes)
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

static errcode_t write_all(struct e4z_image *img, const struct captured *list, size_t count,
			   const struct rangeset *tables)
{
	uint32_t super_block = SUPER_OFFSET / img->block_size;
	bool was_valid = img->fs->super->s_state & EXT2_VALID_FS;
	errcode_t err = was_valid ? turn_valid(img) : 0;

	if (!err)
		err = blkdev_sync(img->dev, "super");
	if (!err)
		err = write_sort(img, list, count, tables, false);
	if (!err)
		err = write_sort(img, list, count, tables, true);
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

errcode_t direct_commit(struct e4z_image *img, const struct captured *list, size_t count)
{
	struct rangeset *tables = NULL;
	errcode_t err = note_inode_tables(img, &tables);

	if (!err)
		err = write_all(img, list, count, tables);
	rangeset_free(tables);
	return err;
}
