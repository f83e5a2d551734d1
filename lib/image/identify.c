// SPDX-License-Identifier: GPL-2.0-or-later
// Is it ext? Names what else an image holds, and repairs a torn superblock in memory.
#include "base/bytes.h"
#include "format/fields.h"
#include "format/super.h"
#include "image/opening.h"
#include "image/place.h"
#include "probe/sniff.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define START_SIZE (34 * SECTOR) /* an MBR, the header of a GPT and its entries */
#define ZEROS_SIZE 4096
#define GROUP_BITS_MAX ((1U << 16) - 8) /* clusters in a group, for any block size */

/*
 * A backup superblock in the second group, where mke2fs puts it for this block and cluster size:
 * its block number, 0 when there is none that is whole.
 */
static uint64_t backup_at(struct blkdev *dev, unsigned log_block, unsigned log_ratio)
{
	uint64_t block_size = EXT2_MIN_BLOCK_SIZE << log_block;
	uint64_t bits = 8 * block_size < GROUP_BITS_MAX ? 8 * block_size : GROUP_BITS_MAX;
	uint64_t block = (bits << log_ratio) + (log_block + log_ratio == 0);
	struct ext2_super_block sb;
	char why[1];

	if (blkdev_read(dev, block * block_size, sizeof(sb), &sb) ||
	    ext2fs_le32_to_cpu(sb.s_log_block_size) != log_block ||
	    ext2fs_le16_to_cpu(sb.s_block_group_nr) != 1 ||
	    super_validate(&sb, dev->len, why, sizeof(why)))
		return 0;
	return block;
}

/* "; a whole copy ..." in HELP, or nothing. */
static void backup_help(struct opening *o, char *help, size_t size)
{
	struct blkdev *dev = o->img->dev;

	*help = '\0';
	for (unsigned log_block = 0; log_block <= 6; log_block++)
		for (unsigned log_ratio = 0; log_ratio <= 4; log_ratio += 4) {
			uint64_t block = backup_at(dev, log_block, log_ratio);
			char where[48] = "";

			if (!block)
				continue;
			if (dev->base)
				snprintf(where, sizeof(where), "?offset=%" PRIu64, dev->base);
			snprintf(help, size,
				 "; its backup at block %" PRIu64 " is intact: "
				 "\"e2fsck -b %" PRIu64 " -B %u 'IMAGE%s'\" repairs it",
				 block, block, EXT2_MIN_BLOCK_SIZE << log_block, where);
			return;
		}
}

static errcode_t fail_zeros(struct e4z_image *img)
{
	if (!img->dev->base)
		return image_refuse(img, E4Z_ET_NOT_EXT,
				    "no ext superblock found; the image starts with zeros");
	return image_refuse(img, E4Z_ET_NOT_EXT,
			    "no ext superblock found; the bytes from offset %" PRIu64
			    " on are zero",
			    img->dev->base);
}

static errcode_t fail_not_ext(struct opening *o)
{
	struct e4z_image *img = o->img;
	uint8_t head[START_SIZE];
	char what[WHY_SIZE];
	size_t len = img->dev->len < sizeof(head) ? (size_t)img->dev->len : sizeof(head);
	errcode_t err;

	if (!img->dev->size)
		return image_refuse(img, E4Z_ET_NOT_EXT, "the image is empty, 0 bytes long");
	if (sniff_content(img->dev, what, sizeof(what))) {
		if (place_offer_volumes(img->dev, img->places) == ENOMEM)
			return ENOMEM;
		return image_refuse(img, E4Z_ET_NOT_EXT, "this is %s", what);
	}
	backup_help(o, what, sizeof(what));
	if (*what)
		return image_refuse(img, E4Z_ET_BAD_SUPER, "the superblock is destroyed%s", what);
	if (img->dev->len < SUPER_OFFSET + SUPER_SIZE)
		return image_refuse(img, E4Z_ET_NOT_EXT,
				    "%" PRIu64 " bytes are too few for a file system",
				    img->dev->len);
	err = blkdev_read(img->dev, 0, len, head);
	/* a table of partitions, or what else it is, may be in what the disk does not give */
	if (err && err != E4Z_ET_SHORT_READ)
		return image_fail(img, err, "reading the start of the image");
	if (!err && bytes_are_zero(head, len < ZEROS_SIZE ? len : ZEROS_SIZE))
		return fail_zeros(img);
	return image_refuse(img, E4Z_ET_NOT_EXT,
			    "no ext superblock found, and no other known format; "
			    "try \"file --special-files IMAGE\"");
}

errcode_t opening_read_super(struct opening *o)
{
	struct e4z_image *img = o->img;
	char what[WHY_SIZE];
	errcode_t err = E4Z_ET_SHORT_READ;

	if (img->dev->len >= SUPER_OFFSET + SUPER_SIZE)
		err = blkdev_read(img->dev, SUPER_OFFSET, sizeof(o->raw), o->raw);
	if (err && err != E4Z_ET_SHORT_READ)
		return image_fail(img, err, "reading the superblock");
	if (err || get_le16(o->raw + S_MAGIC) != EXT2_SUPER_MAGIC)
		return fail_not_ext(o);
	if (o->spec.has_offset || !sniff_contradicts(img->dev, what, sizeof(what)))
		return 0;
	return image_refuse(img, E4Z_ET_NOT_EXT,
			    "this is %s (it also has an ext superblock: use IMAGE?offset=%" PRIu64
			    ")",
			    what, img->dev->base);
}

/*
 * A superblock whose two sectors are of different times: a crash tore the write. Either the flag
 * that says that the log is in use was all that changed, and turning it makes the checksum right;
 * or a transaction in the log has the superblock whole. In the second case the content is taken as
 * it is to find the log, and image->torn_super waits for that copy.
 */
static bool repair_super(struct opening *o)
{
	_Alignas(struct ext2_super_block) uint8_t raw[SUPER_SIZE];
	_Alignas(struct ext2_super_block) uint8_t whole[SUPER_SIZE];
	size_t flags = S_FEATURE_INCOMPAT;
	char why[WHY_SIZE / 2];

	memcpy(raw, o->raw, sizeof(raw));
	raw[flags] ^= EXT3_FEATURE_INCOMPAT_RECOVER;
	if (super_validate(raw, o->img->dev->len, why, sizeof(why))) {
		memcpy(raw, o->raw, sizeof(raw));
		memcpy(whole, o->raw, sizeof(whole));
		super_csum_set(whole);
		if (super_validate(whole, o->img->dev->len, why, sizeof(why)))
			return false;
		memcpy(raw, whole, sizeof(raw));
		o->img->torn_super = true;
	}
	memcpy(o->raw, raw, sizeof(raw));
	o->img->repaired_super = true;
	return true;
}

errcode_t opening_check_super(struct opening *o)
{
	struct e4z_image *img = o->img;
	char why[WHY_SIZE / 2], help[WHY_SIZE / 2] = "";
	errcode_t err = super_validate(o->raw, img->dev->len, why, sizeof(why));

	if (err == E4Z_ET_BAD_SUPER && o->options->repair && repair_super(o))
		return 0;
	if (err == E4Z_ET_TRUNCATED && o->partition)
		return image_refuse(img, err,
				    "the file system is %" PRIu64 " bytes larger than partition %d",
				    super_fs_len(o->raw) - img->dev->len, o->partition);
	if (err == E4Z_ET_BAD_SUPER)
		backup_help(o, help, sizeof(help));
	if (err == E4Z_ET_TRUNCATED && img->dev->unseen)
		snprintf(help, sizeof(help),
			 "; the last %" PRIu64 " bytes of the NBD export cannot be read",
			 img->dev->unseen);
	return err ? image_refuse(img, err, "%s%s", why, help) : 0;
}
