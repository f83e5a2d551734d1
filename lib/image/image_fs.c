// SPDX-License-Identifier: GPL-2.0-or-later
// The file system of an open image as libext2fs has it, and what is derived from its superblock.
#include "format/feature_names.h"
#include "format/super.h"
#include "image/opening.h"
#include "io/channel.h"
#include "sets/rangeset.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * The free counts of the superblock are those of the descriptors, whatever it says: no kernel
 * believes it (ext4_fill_super() counts), and some that make images get it wrong.
 */
static void count_free(ext2_filsys fs)
{
	uint64_t clusters = 0, inodes = 0;

	for (dgrp_t g = 0; g < fs->group_desc_count; g++) {
		clusters += ext2fs_bg_free_blocks_count(fs, g);
		inodes += ext2fs_bg_free_inodes_count(fs, g);
	}
	ext2fs_free_blocks_count_set(fs->super, EXT2FS_C2B(fs, clusters));
	fs->super->s_free_inodes_count = (uint32_t)inodes;
}

static void derive(struct e4z_image *img)
{
	ext2_filsys fs = img->fs;
	struct ext2_super_block *sb = fs->super;

	img->block_size = fs->blocksize;
	img->block_bits = EXT2_BLOCK_SIZE_BITS(sb);
	img->inode_size = EXT2_INODE_SIZE(sb);
	img->cluster_ratio = 1U << fs->cluster_ratio_bits;
	img->blocks = ext2fs_blocks_count(sb);
	img->inodes = sb->s_inodes_count;
	img->groups = fs->group_desc_count;
	img->csum_seed = fs->csum_seed;
	img->metadata_csum = ext2fs_has_feature_metadata_csum(sb);
	/* ext4_inode_csum_verify() */
	img->inode_csum = img->metadata_csum && sb->s_creator_os == EXT2_OS_LINUX;
	img->hurd = sb->s_creator_os == EXT2_OS_HURD;
	img->group_csum = img->metadata_csum || ext2fs_has_feature_gdt_csum(sb);
	img->shared_blocks = ext2fs_has_feature_shared_blocks(sb);

	img->info.block_size = img->block_size;
	img->info.blocks = img->blocks;
	img->info.group_blocks = sb->s_blocks_per_group;
	img->info.first_block = sb->s_first_data_block;
	img->info.inodes = img->inodes;
	memcpy(img->info.uuid, sb->s_uuid, sizeof(img->info.uuid));
	img->info.mmp = ext2fs_has_feature_mmp(sb);
}

errcode_t image_keep_features(struct e4z_image *img)
{
	const char *const *names = feature_names(img->fs->super);
	const char *const *old = img->info.features;
	size_t n = 0;

	if (!names)
		return ENOMEM;
	while (names[n] && old[n] && !strcmp(names[n], old[n]))
		n++;
	if (!names[n] && !old[n]) {
		image_strings_free(names);
		return 0;
	}
	img->info.features = names;
	image_strings_free(old);
	return 0;
}

errcode_t image_attach_fs(struct e4z_image *img)
{
	int flags = EXT2_FLAG_64BITS | EXT2_FLAG_SKIP_MMP | EXT2_FLAG_SOFTSUPP_FEATURES;
	errcode_t err = channel_open_fs(img->view, flags, &img->fs);

	if (err)
		return image_fail(img, err, "opening the file system");
	count_free(img->fs);
	derive(img);
	return 0;
}

errcode_t image_reload(struct e4z_image *img)
{
	_Alignas(struct ext2_super_block) uint8_t raw[SUPER_SIZE];
	char why[WHY_SIZE];
	ext2_filsys old;
	errcode_t err = image_read(img, SUPER_OFFSET, sizeof(raw), raw);

	if (err)
		return image_fail(img, err, "reading the superblock");
	err = super_validate(raw, img->dev->len, why, sizeof(why));
	if (err)
		return image_fail_below(img, err, why);
	old = img->fs;
	err = image_attach_fs(img);
	if (!err)
		err = image_keep_features(img);
	if (err) {
		if (img->fs && img->fs != old)
			ext2fs_free(img->fs);
		img->fs = old;
		derive(img);
		return err;
	}
	ext2fs_free(old);
	free(img->group);
	rangeset_free(img->metadata);
	img->group = NULL;
	img->metadata = NULL;
	return 0;
}
