// SPDX-License-Identifier: GPL-2.0-or-later
// Makes file systems of a few blocks in a memory file.
#include "small.h"

#include "../unit/check.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

uint8_t small_byte(uint64_t off)
{
	return (uint8_t)(1 + off % 151);
}

static void set_super(struct ext2_super_block *param, const struct small_options *o)
{
	*param = (struct ext2_super_block){
		.s_blocks_count = o->blocks,
		.s_inodes_count = o->inodes,
		.s_rev_level = EXT2_DYNAMIC_REV,
		.s_inode_size = 256,
		.s_log_block_size = (uint32_t)__builtin_ctz(o->block_size) - 10,
		.s_log_cluster_size = (uint32_t)__builtin_ctz(o->block_size) - 10,
		.s_feature_compat = EXT2_FEATURE_COMPAT_EXT_ATTR,
		.s_feature_incompat = EXT2_FEATURE_INCOMPAT_FILETYPE,
		.s_feature_ro_compat = EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER |
				       EXT2_FEATURE_RO_COMPAT_LARGE_FILE |
				       EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE,
	};
	if (!o->no_extents)
		param->s_feature_incompat |= EXT3_FEATURE_INCOMPAT_EXTENTS;
	if (!o->no_csum)
		param->s_feature_ro_compat |= EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;
}

static void make_memory(struct small *small, const struct small_options *o)
{
	small->size = (uint64_t)o->blocks * o->block_size;
	small->block_size = o->block_size;
	small->fd = memfd_create("small", MFD_CLOEXEC);
	CHECK(small->fd >= 0 && ftruncate(small->fd, (off_t)small->size) == 0);
	small->mem = mmap(NULL, small->size, PROT_READ | PROT_WRITE, MAP_SHARED, small->fd, 0);
	CHECK(small->mem != MAP_FAILED);
	memset(small->mem, SMALL_CANARY, small->size);
	memset(small->mem, 0, 1024);
	snprintf(small->path, sizeof(small->path), "/proc/self/fd/%d", small->fd);
}

static void make_tables(ext2_filsys fs)
{
	CHECK(ext2fs_allocate_tables(fs) == 0);
	for (dgrp_t g = 0; g < fs->group_desc_count; g++)
		CHECK(ext2fs_zero_blocks2(fs, ext2fs_inode_table_loc(fs, g),
					  (int)fs->inode_blocks_per_group, NULL, NULL) == 0);
	ext2fs_zero_blocks2(NULL, 0, 0, NULL, NULL);
}

void small_begin(struct small *small, const struct small_options *o)
{
	struct ext2_super_block param;
	ext2_filsys fs;

	*small = (struct small){.fd = -1};
	set_super(&param, o);
	make_memory(small, o);
	CHECK(ext2fs_initialize(small->path, EXT2_FLAG_64BITS, &param, unix_io_manager,
				&small->fs) == 0);
	fs = small->fs;
	memset(fs->super->s_uuid, 0x5a, sizeof(fs->super->s_uuid));
	memset(fs->super->s_hash_seed, 0xa5, sizeof(fs->super->s_hash_seed));
	fs->super->s_min_extra_isize = fs->super->s_want_extra_isize = 32;
	fs->super->s_mkfs_time = fs->now = 1700000000;
	if (!o->no_csum)
		fs->super->s_checksum_type = EXT2_CRC32C_CHKSUM;
	ext2fs_init_csum_seed(fs);
	make_tables(fs);
	for (ext2_ino_t ino = 1; ino < EXT2_FIRST_INODE(fs->super); ino++)
		if (ino != EXT2_ROOT_INO)
			ext2fs_inode_alloc_stats2(fs, ino, 1, 0);
	CHECK(ext2fs_mkdir(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, NULL) == 0);
	CHECK(ext2fs_mkdir(fs, EXT2_ROOT_INO, 0, "lost+found") == 0);
	CHECK(!o->journal || ext2fs_add_journal_inode(fs, 1024, 0) == 0);
}

/* A block that is the file's, filled: the disk below the library of libext2fs. */
static void fill_block(const struct small *small, blk64_t pblk, uint64_t lblk, char state,
		       uint64_t size)
{
	uint64_t bs = small->block_size;
	uint8_t *block = small->mem + pblk * bs;

	memset(block, state == SMALL_UNWRITTEN ? SMALL_CANARY : 0, bs);
	for (uint64_t i = 0; state == SMALL_WRITTEN && i < bs; i++)
		block[i] = lblk * bs + i < size ? small_byte(lblk * bs + i) : SMALL_STALE;
}

/* Map STATES, as extents or by indirect blocks, with all of it in one place. */
static void map_blocks(struct small *small, ext2_ino_t ino, struct ext2_inode *inode,
		       const char *states, uint64_t size)
{
	ext2_filsys fs = small->fs;
	uint64_t n = strlen(states), used = 0;
	blk64_t start;

	if (!n)
		return;
	CHECK(ext2fs_get_free_blocks2(fs, 0, 0, (int)n, NULL, &start) == 0);
	for (uint64_t i = 0; i < n; i++) {
		if (states[i] == SMALL_HOLE)
			continue;
		ext2fs_block_alloc_stats2(fs, start + i, 1);
		used++;
	}
	ext2fs_iblk_set(fs, inode, used);
	CHECK(ext2fs_write_inode(fs, ino, inode) == 0);
	for (uint64_t i = 0; i < n; i++) {
		int flags = BMAP_SET | (states[i] == SMALL_UNWRITTEN ? BMAP_UNINIT : 0);

		if (states[i] == SMALL_HOLE)
			continue;
		fill_block(small, start + i, i, states[i], size);
		CHECK(ext2fs_bmap2(fs, ino, inode, NULL, flags, i, NULL, &(blk64_t){start + i}) ==
		      0);
	}
}

uint32_t small_file(struct small *small, const char *name, const char *states, uint64_t size)
{
	ext2_filsys fs = small->fs;
	struct ext2_inode inode = {
		.i_mode = LINUX_S_IFREG | 0644,
		.i_links_count = 1,
		.i_size = (uint32_t)size,
	};
	ext2_ino_t ino;
	errcode_t err;

	CHECK(strlen(states) <= SMALL_LONGEST);
	CHECK(ext2fs_new_inode(fs, EXT2_ROOT_INO, LINUX_S_IFREG, NULL, &ino) == 0);
	if (ext2fs_has_feature_extents(fs->super)) {
		ext2_extent_handle_t handle;

		inode.i_flags = EXT4_EXTENTS_FL;
		CHECK(ext2fs_extent_open2(fs, ino, &inode, &handle) == 0);
		ext2fs_extent_free(handle);
	}
	CHECK(ext2fs_write_new_inode(fs, ino, &inode) == 0);
	ext2fs_inode_alloc_stats2(fs, ino, 1, 0);
	map_blocks(small, ino, &inode, states, size);
	err = ext2fs_link(fs, EXT2_ROOT_INO, name, ino, EXT2_FT_REG_FILE);
	if (err == EXT2_ET_DIR_NO_SPACE) {
		CHECK(ext2fs_expand_dir(fs, EXT2_ROOT_INO) == 0);
		err = ext2fs_link(fs, EXT2_ROOT_INO, name, ino, EXT2_FT_REG_FILE);
	}
	CHECK(err == 0);
	return ino;
}

void small_end(struct small *small)
{
	CHECK(ext2fs_close_free(&small->fs) == 0);
}

void small_free(struct small *small)
{
	munmap(small->mem, small->size);
	close(small->fd);
}
