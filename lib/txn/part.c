// SPDX-License-Identifier: GPL-2.0-or-later
// Loads a group's bitmap and descriptor, and sets their counts and checksums.
#include "txn/part.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/fields.h"
#include "format/super.h"
#include "image/groups.h"
#include "txn/txn.h"
#include <string.h>

static uint32_t bitmap_bytes(const struct e4z_image *img)
{
	return img->fs->super->s_clusters_per_group / 8;
}

static uint32_t bitmap_csum_stored(const struct part *p)
{
	uint32_t csum = get_le16(p->desc + BG_BITMAP_CSUM);

	if (p->wide)
		csum |= (uint32_t)get_le16(p->desc + BG_BITMAP_CSUM_HI) << 16;
	return csum;
}

static uint32_t bitmap_csum_right(const struct part *p)
{
	uint32_t csum = crc32c(p->img->csum_seed, p->bitmap, bitmap_bytes(p->img));

	return p->wide ? csum : csum & 0xffff;
}

/* ext4_group_desc_csum: crc32c with metadata_csum, else crc16. */
static uint16_t desc_csum(const struct part *p)
{
	uint8_t number[4], zero[2] = {0};
	size_t size = EXT2_DESC_SIZE(p->img->fs->super);
	const struct ext2_super_block *sb = p->img->fs->super;
	uint32_t crc;
	uint16_t crc_16;

	put_le32(number, p->group);
	if (p->img->metadata_csum) {
		crc = crc32c(p->img->csum_seed, number, 4);
		crc = crc32c(crc, p->desc, BG_CHECKSUM);
		crc = crc32c(crc, zero, 2);
		return (uint16_t)crc32c(crc, p->desc + BG_CHECKSUM + 2, size - BG_CHECKSUM - 2);
	}
	crc_16 = crc16(0xffff, sb->s_uuid, sizeof(sb->s_uuid));
	crc_16 = crc16(crc_16, number, 4);
	crc_16 = crc16(crc_16, p->desc, BG_CHECKSUM);
	if (size > BG_CHECKSUM + 2)
		crc_16 = crc16(crc_16, p->desc + BG_CHECKSUM + 2, size - BG_CHECKSUM - 2);
	return crc_16;
}

void part_seal(struct part *p)
{
	uint32_t csum;

	if (p->img->metadata_csum && p->bitmap) {
		csum = bitmap_csum_right(p);
		put_le16(p->desc + BG_BITMAP_CSUM, csum);
		if (p->wide)
			put_le16(p->desc + BG_BITMAP_CSUM_HI, csum >> 16);
	}
	if (p->img->group_csum)
		put_le16(p->desc + BG_CHECKSUM, desc_csum(p));
}

/* The bitmap of a group that was never used: its static metadata, and what is past its end. */
static void make_bitmap(struct part *p)
{
	const struct e4z_image *img = p->img;
	uint32_t ratio = img->cluster_ratio;

	memset(p->bitmap, 0, img->block_size);
	for (uint32_t i = 0; i < p->clusters; i++)
		if (rangeset_meets(img->metadata, p->first + (uint64_t)i * ratio, ratio))
			part_set_bit(p->bitmap, i, true);
	for (uint32_t i = p->clusters; i < img->block_size * 8; i++)
		part_set_bit(p->bitmap, i, true);
	put_le16(p->desc + BG_FLAGS, get_le16(p->desc + BG_FLAGS) & ~EXT2_BG_BLOCK_UNINIT);
}

/*
 * Where block I of the descriptors is. With 1k blocks and bigalloc the first block of the file
 * system is 0, yet its superblock is in block 1: ext2fs_descriptor_block_loc2() minds that for I =
 * 0 only.
 */
uint64_t part_desc_block(const struct e4z_image *img, uint32_t i)
{
	const struct ext2_super_block *sb = img->fs->super;

	if (ext2fs_has_feature_meta_bg(img->fs->super) && i >= sb->s_first_meta_bg)
		return ext2fs_descriptor_block_loc2(img->fs, sb->s_first_data_block, i);
	return SUPER_OFFSET / img->block_size + 1 + i;
}

/* A block of P for changing; or into *DATA, which is P's own then, to be read. */
static errcode_t read_block(const struct part *p, uint64_t block, uint8_t **data)
{
	struct e4z_image *img = p->img;

	if (!p->look)
		return txn_edit(img, block, data);
	return image_read(img, block * img->block_size, img->block_size, *data);
}

errcode_t part_load_desc(struct part *p)
{
	struct e4z_image *img = p->img;
	uint32_t size = EXT2_DESC_SIZE(img->fs->super), per_block = img->block_size / size;
	errcode_t err = read_block(p, part_desc_block(img, p->group / per_block), &p->desc);

	if (err)
		return err;
	p->wide = size >= BG_BITMAP_CSUM_HI + 4;
	p->desc += (size_t)(p->group % per_block) * size;
	if (img->group_csum && get_le16(p->desc + BG_CHECKSUM) != desc_csum(p))
		return image_refuse(img, E4Z_ET_CORRUPT_MAP,
				    "group %u: the descriptor's checksum is wrong", p->group);
	return 0;
}

errcode_t part_load(struct part *p)
{
	struct e4z_image *img = p->img;
	const struct ext2_super_block *sb = img->fs->super;
	uint32_t size = EXT2_DESC_SIZE(img->fs->super);
	uint64_t at;
	errcode_t err;

	p->first = sb->s_first_data_block + (uint64_t)p->group * sb->s_blocks_per_group;
	p->clusters = sb->s_clusters_per_group;
	if ((img->blocks - p->first + img->cluster_ratio - 1) / img->cluster_ratio < p->clusters)
		p->clusters = (uint32_t)((img->blocks - p->first + img->cluster_ratio - 1) /
					 img->cluster_ratio);
	err = part_load_desc(p);
	if (err)
		return err;
	at = get_le32(p->desc + BG_BLOCK_BITMAP);
	if (size > BG_BLOCK_BITMAP_HI)
		at |= (uint64_t)get_le32(p->desc + BG_BLOCK_BITMAP_HI) << 32;
	if (!rangeset_has(img->metadata, at))
		return image_refuse(img, E4Z_ET_CORRUPT_MAP,
				    "group %u: the block bitmap has an invalid location", p->group);
	err = read_block(p, at, &p->bitmap);
	if (err)
		return err;
	if (img->group_csum && get_le16(p->desc + BG_FLAGS) & EXT2_BG_BLOCK_UNINIT)
		make_bitmap(p);
	else if (img->metadata_csum && bitmap_csum_stored(p) != bitmap_csum_right(p))
		return image_refuse(img, E4Z_ET_CORRUPT_MAP,
				    "group %u: the block bitmap's checksum is wrong", p->group);
	return 0;
}

errcode_t part_open(struct e4z_image *img, uint32_t g, struct part *p)
{
	*p = (struct part){.img = img, .group = g};
	return part_load(p);
}

/* Add DELTA clusters to the free counts of the group and of the file system. */
static errcode_t count_free(struct part *p, int64_t delta)
{
	uint8_t *sb;
	uint64_t n;
	errcode_t err = txn_super(p->img, &sb);

	if (err)
		return err;
	n = get_le16(p->desc + BG_FREE_BLOCKS);
	if (p->wide)
		n |= (uint64_t)get_le16(p->desc + BG_FREE_BLOCKS_HI) << 16;
	n += (uint64_t)delta;
	put_le16(p->desc + BG_FREE_BLOCKS, (uint32_t)n);
	if (p->wide)
		put_le16(p->desc + BG_FREE_BLOCKS_HI, (uint32_t)(n >> 16));
	n = get_le32(sb + S_FREE_BLOCKS);
	if (ext2fs_has_feature_64bit(p->img->fs->super))
		n |= (uint64_t)get_le32(sb + S_FREE_BLOCKS_HI) << 32;
	n += (uint64_t)(delta * (int64_t)p->img->cluster_ratio);
	put_le32(sb + S_FREE_BLOCKS, (uint32_t)n);
	if (ext2fs_has_feature_64bit(p->img->fs->super))
		put_le32(sb + S_FREE_BLOCKS_HI, (uint32_t)(n >> 32));
	return 0;
}

errcode_t part_close(struct part *p, int64_t freed)
{
	errcode_t err = count_free(p, freed);

	if (!err)
		part_seal(p);
	return err;
}
