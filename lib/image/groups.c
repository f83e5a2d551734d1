// SPDX-License-Identifier: GPL-2.0-or-later
// Validates every group descriptor and collects the blocks of static metadata.
#include "image/groups.h"

#include "base/cleanup.h"
#include "base/crc32c.h"
#include <errno.h>
#include <stdlib.h>

static bool inside(const struct e4z_image *img, uint64_t block, uint64_t len)
{
	uint64_t first = img->fs->super->s_first_data_block;

	return block >= first && len <= img->blocks && block <= img->blocks - len;
}

/* Superblock and descriptor blocks of group G: ext2fs_super_and_bgd_loc2 knows every layout. */
static errcode_t add_backups(struct e4z_image *img, uint32_t g)
{
	const struct ext2_super_block *sb = img->fs->super;
	blk64_t super, old_desc, new_desc;
	bool meta_bg = ext2fs_has_feature_meta_bg(img->fs->super);
	uint64_t old_len = meta_bg ? sb->s_first_meta_bg
				   : img->fs->desc_blocks + sb->s_reserved_gdt_blocks;
	errcode_t err = ext2fs_super_and_bgd_loc2(img->fs, g, &super, &old_desc, &new_desc, NULL);

	/*
	 * block 0 holds the boot sector, and with 1k blocks and bigalloc the superblock follows it
	 */
	if (!err && g == 0)
		err = rangeset_add(img->metadata, 0, super + 1, NULL);
	if (!err && super)
		err = rangeset_add(img->metadata, super, 1, NULL);
	if (!err && old_desc && inside(img, old_desc, old_len))
		err = rangeset_add(img->metadata, old_desc, old_len, NULL);
	if (!err && new_desc && inside(img, new_desc, 1))
		err = rangeset_add(img->metadata, new_desc, 1, NULL);
	return err;
}

static bool descriptor_csum_ok(struct e4z_image *img, uint32_t g)
{
	return !img->group_csum || ext2fs_group_desc_csum_verify(img->fs, g);
}

static uint32_t bitmap_csum(const struct e4z_image *img, uint32_t g)
{
	const struct ext2_group_desc *low = ext2fs_group_desc(img->fs, img->fs->group_desc, g);
	const struct ext4_group_desc *wide = (const struct ext4_group_desc *)low;
	uint32_t csum = low->bg_inode_bitmap_csum_lo;

	if (EXT2_DESC_SIZE(img->fs->super) >= EXT4_BG_INODE_BITMAP_CSUM_HI_END)
		csum |= (uint32_t)wide->bg_inode_bitmap_csum_hi << 16;
	return csum;
}

/* Read what the descriptor of group G says. The caller verifies the checksum. */
static void read_descriptor(struct e4z_image *img, uint32_t g, bool csum_ok)
{
	struct group *group = &img->group[g];
	uint32_t per_group = img->fs->super->s_inodes_per_group, unused = 0;

	*group = (struct group){
		.itable = ext2fs_inode_table_loc(img->fs, g),
		.inode_bitmap = ext2fs_inode_bitmap_loc(img->fs, g),
		.bitmap_csum = bitmap_csum(img, g),
		.free = ext2fs_bg_free_inodes_count(img->fs, g),
		.used = per_group,
	};
	if (csum_ok && img->group_csum) {
		unused = ext2fs_bg_itable_unused(img->fs, g);
		if (ext2fs_bg_flags_test(img->fs, g, EXT2_BG_INODE_UNINIT))
			unused = per_group;
		group->used = unused < per_group ? per_group - unused : 0;
	}
	if (!inside(img, group->itable, img->fs->inode_blocks_per_group))
		group->unreadable = "the inode table lies outside the file system";
}

/* Claim the group's own blocks; two groups cannot have the same table. */
static errcode_t add_group_blocks(struct e4z_image *img, uint32_t g)
{
	struct group *group = &img->group[g];
	uint64_t block_bitmap = ext2fs_block_bitmap_loc(img->fs, g);
	bool twice = false;
	errcode_t err = 0;

	if (!group->unreadable)
		err = rangeset_add(img->metadata, group->itable, img->fs->inode_blocks_per_group,
				   &twice);
	if (twice)
		group->unreadable = "the inode table overlaps other metadata";
	if (!err && inside(img, group->inode_bitmap, 1))
		err = rangeset_add(img->metadata, group->inode_bitmap, 1, NULL);
	if (!err && inside(img, block_bitmap, 1))
		err = rangeset_add(img->metadata, block_bitmap, 1, NULL);
	return err;
}

static errcode_t load(struct e4z_image *img)
{
	uint64_t mmp = img->info.mmp ? img->fs->super->s_mmp_block : 0;
	errcode_t err = 0;

	for (uint32_t g = 0; g < img->groups && !err; g++)
		err = add_backups(img, g);
	if (!err && mmp && inside(img, mmp, 1))
		err = rangeset_add(img->metadata, mmp, 1, NULL);
	/*
	 * descriptors that can be believed first: where two overlap, the doubtful one is at fault
	 */
	for (int doubtful = 0; doubtful < 2; doubtful++) {
		for (uint32_t g = 0; g < img->groups && !err; g++) {
			bool ok = descriptor_csum_ok(img, g);

			if (ok == !!doubtful)
				continue;
			read_descriptor(img, g, ok);
			err = add_group_blocks(img, g);
		}
	}
	return err;
}

static void forget_groups(struct e4z_image *img)
{
	free(img->group);
	rangeset_free(img->metadata);
	img->group = NULL;
	img->metadata = NULL;
}

errcode_t groups_load(struct e4z_image *img)
{
	errcode_t err = ENOMEM;

	if (img->group)
		return 0;
	img->group = calloc(img->groups, sizeof(*img->group));
	img->metadata = rangeset_new(img->blocks);
	if (img->group && img->metadata)
		err = load(img);
	if (err)
		forget_groups(img);
	return err;
}

/* A bit that says "free" of an inode in use makes the descriptor's count wrong. */
static bool count_agrees(const struct e4z_image *img, const struct group *group,
			 const uint8_t *bitmap)
{
	uint32_t per_group = img->fs->super->s_inodes_per_group, free = per_group, i;

	for (i = 0; i < per_group / 8; i++)
		free -= (uint32_t)__builtin_popcount(bitmap[i]);
	for (i *= 8; i < per_group; i++)
		free -= bitmap[i / 8] >> i % 8 & 1;
	return free == group->free;
}

bool groups_inode_bitmap_ok(const struct e4z_image *img, uint32_t g, const uint8_t *bitmap)
{
	const struct group *group = &img->group[g];
	uint32_t csum;

	/* it is believed unless its count or its own checksum is wrong, whatever else is */
	if (!count_agrees(img, group, bitmap))
		return false;
	if (!img->metadata_csum)
		return true;
	csum = crc32c(img->csum_seed, bitmap, img->fs->super->s_inodes_per_group / 8);
	/* descriptors of 32 bytes have room for the low half only */
	if (EXT2_DESC_SIZE(img->fs->super) < EXT4_BG_INODE_BITMAP_CSUM_HI_END)
		return (uint16_t)csum == (uint16_t)group->bitmap_csum;
	return csum == group->bitmap_csum;
}

const char *groups_doubt_inode_bitmap(const struct e4z_image *img, uint32_t g, uint8_t *bitmap)
{
	uint64_t block = img->group[g].inode_bitmap;
	bool valid = inside(img, block, 1);

	if (valid && image_read(img, block * img->block_size, img->block_size, bitmap))
		return "the inode bitmap cannot be read";
	valid = valid && groups_inode_bitmap_ok(img, g, bitmap);
	return valid ? NULL : "the inode bitmap is not valid";
}

bool groups_read_inode_bitmap(const struct e4z_image *img, uint32_t g, uint8_t *bitmap)
{
	return !groups_doubt_inode_bitmap(img, g, bitmap);
}

bool groups_inode_is_free(const struct e4z_image *img, uint32_t ino)
{
	uint32_t per_group = img->fs->super->s_inodes_per_group;
	uint32_t g = (ino - 1) / per_group, n = (ino - 1) % per_group;
	uint8_t *bitmap;
	bool is_free = false;

	if (img->group[g].unreadable)
		return false;
	if (n >= img->group[g].used)
		return true;
	bitmap = malloc(img->block_size);
	if (bitmap && groups_read_inode_bitmap(img, g, bitmap))
		is_free = !(bitmap[n / 8] >> n % 8 & 1);
	free(bitmap);
	return is_free;
}

static int compare_place(const void *pa, const void *pb)
{
	const struct group *const *a = pa, *const *b = pb;

	return ((*a)->itable > (*b)->itable) - ((*a)->itable < (*b)->itable);
}

errcode_t groups_order(const struct e4z_image *img, uint32_t **order)
{
	AUTO_FREE const struct group **sorted = calloc(img->groups, sizeof(*sorted));

	*order = calloc(img->groups, sizeof(**order));
	if (!sorted || !*order)
		return ENOMEM;
	for (uint32_t g = 0; g < img->groups; g++)
		sorted[g] = &img->group[g];
	qsort(sorted, img->groups, sizeof(*sorted), compare_place);
	for (uint32_t g = 0; g < img->groups; g++)
		(*order)[g] = (uint32_t)(sorted[g] - img->group);
	return 0;
}

/* Bytes of an inode table that are read at a time. */
#define PIECE_BYTES 262144

uint32_t groups_readable(const struct e4z_image *img, uint32_t g)
{
	return img->group[g].unreadable ? 0 : img->group[g].used;
}

struct room groups_room(const struct e4z_image *img, unsigned workers)
{
	uint32_t step = PIECE_BYTES / img->inode_size, largest;
	struct room room = {.step = step ? step : 1};
	uint64_t pieces = 0;

	for (uint32_t g = 0; g < img->groups; g++) {
		uint32_t used = groups_readable(img, g);

		pieces += used / room.step + (used % room.step != 0);
		room.used += used;
		if (used > room.group)
			room.group = used;
	}
	largest = room.group < room.step ? room.group : room.step;
	room.table = (size_t)(largest ? largest : 1) * img->inode_size;
	room.workers = pieces < workers ? (unsigned)pieces : workers;
	if (!room.workers)
		room.workers = 1;
	return room;
}
