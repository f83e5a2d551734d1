// SPDX-License-Identifier: GPL-2.0-or-later
// Writes a change to where it belongs, in an order that e2fsck can make sense of.
#include "txn/direct.h"

#include "base/bytes.h"
#include "format/fields.h"
#include "format/super.h"
#include "image/groups.h"
#include "journal/flip.h"
#include "sets/rangeset.h"
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
	uint8_t sector[SECTOR];
	errcode_t err = blkdev_read(img->dev, SUPER_OFFSET, sizeof(sector), sector);

	if (err)
		return err;
	flip_valid(sector, img->metadata_csum);
	return blkdev_write(img->dev, SUPER_OFFSET, sizeof(sector), sector, "super");
}

/* As ext4_update_super() counts: this alone may tell two edits within a second apart. */
static void count_written(uint8_t *raw, uint64_t kbytes)
{
	kbytes += get_le64(raw + S_KBYTES_WRITTEN);
	put_le32(raw + S_KBYTES_WRITTEN, (uint32_t)kbytes);
	put_le32(raw + S_KBYTES_WRITTEN + 4, (uint32_t)(kbytes >> 32));
}

/* RAW says how much was written, and goes with the LEN bytes DATA that it stands in. */
static errcode_t write_super(struct e4z_image *img, uint8_t *raw, size_t blocks, uint64_t off,
			     size_t len, const uint8_t *data)
{
	errcode_t err;

	count_written(raw, (uint64_t)blocks * img->block_size / 1024);
	if (img->metadata_csum)
		super_csum_set(raw);
	err = blkdev_write(img->dev, off, len, data, "super");
	return err ? err : blkdev_sync(img->dev, "super");
}

/* The superblock comes last: the one of LIST, or else the one on the disk. */
static errcode_t write_last(struct e4z_image *img, const struct captured *list, size_t count,
			    bool was_valid)
{
	uint32_t bs = img->block_size, block = SUPER_OFFSET / bs;
	uint8_t own[SUPER_SIZE];
	errcode_t err;

	for (size_t i = 0; i < count; i++) {
		uint8_t *raw = list[i].data + SUPER_OFFSET % bs;

		if (list[i].block != block)
			continue;
		if (was_valid)
			flip_valid(raw, img->metadata_csum);
		return write_super(img, raw, count, (uint64_t)block * bs, bs, list[i].data);
	}
	err = blkdev_read(img->dev, SUPER_OFFSET, sizeof(own), own);
	return err ? err : write_super(img, own, count, SUPER_OFFSET, sizeof(own), own);
}

static errcode_t write_all(struct e4z_image *img, const struct captured *list, size_t count,
			   const struct rangeset *tables)
{
	bool was_valid = img->fs->super->s_state & EXT2_VALID_FS;
	errcode_t err = was_valid ? turn_valid(img) : 0;

	if (!err)
		err = blkdev_sync(img->dev, "super");
	if (!err)
		err = write_sort(img, list, count, tables, false);
	if (!err)
		err = write_sort(img, list, count, tables, true);
	if (!err)
		err = write_last(img, list, count, was_valid);
	if (!err && was_valid)
		err = turn_valid(img);
	return err ? err : blkdev_sync(img->dev, "super");
}

errcode_t direct_mark(struct e4z_image *img)
{
	uint8_t sector[SECTOR];
	errcode_t err;

	if (img->metadata_csum)
		return 0;
	err = blkdev_read(img->dev, SUPER_OFFSET, sizeof(sector), sector);
	if (err)
		return err;
	count_written(sector, 1);
	return blkdev_write(img->dev, SUPER_OFFSET, sizeof(sector), sector, "super");
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
