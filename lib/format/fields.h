/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte offsets of the fields that are read and changed in place: of the superblock, of a group
 * descriptor, and of an inode's slot. All of them are little-endian, see base/bytes.h.
 */
#ifndef E4Z_FORMAT_FIELDS_H
#define E4Z_FORMAT_FIELDS_H

#include <ext2fs/ext2_fs.h>
#include <stddef.h>

#define S_AT(field) offsetof(struct ext2_super_block, field)
#define BG_AT(field) offsetof(struct ext4_group_desc, field)
#define I_AT(field) offsetof(struct ext2_inode_large, field)

/* Of the superblock, from its own start. */
enum {
	S_FREE_BLOCKS = S_AT(s_free_blocks_count),
	S_FREE_INODES = S_AT(s_free_inodes_count),
	S_WTIME = S_AT(s_wtime),
	S_MAGIC = S_AT(s_magic),
	S_STATE = S_AT(s_state),
	S_REV_LEVEL = S_AT(s_rev_level),
	S_FIRST_INO = S_AT(s_first_ino),
	S_INODE_SIZE = S_AT(s_inode_size),
	S_FEATURE_INCOMPAT = S_AT(s_feature_incompat),
	S_FEATURE_RO_COMPAT = S_AT(s_feature_ro_compat),
	S_LAST_ORPHAN = S_AT(s_last_orphan),
	S_FREE_BLOCKS_HI = S_AT(s_free_blocks_hi),
	S_KBYTES_WRITTEN = S_AT(s_kbytes_written), /* 64 bits */
	S_SNAPSHOT_LIST = S_AT(s_snapshot_list),   /* nothing has ever used it */
	S_WTIME_HI = S_AT(s_wtime_hi),		   /* 8 bits */
	S_RESERVED = S_AT(s_reserved),
	S_CHECKSUM = S_AT(s_checksum),
};

/* Of a group descriptor; the high halves exist in descriptors of 64 bytes. */
enum {
	BG_BLOCK_BITMAP = BG_AT(bg_block_bitmap),
	BG_INODE_BITMAP = BG_AT(bg_inode_bitmap),
	BG_FREE_BLOCKS = BG_AT(bg_free_blocks_count),
	BG_FREE_INODES = BG_AT(bg_free_inodes_count),
	BG_USED_DIRS = BG_AT(bg_used_dirs_count),
	BG_FLAGS = BG_AT(bg_flags),
	BG_BITMAP_CSUM = BG_AT(bg_block_bitmap_csum_lo),
	BG_INODE_BITMAP_CSUM = BG_AT(bg_inode_bitmap_csum_lo),
	BG_CHECKSUM = BG_AT(bg_checksum),
	BG_BLOCK_BITMAP_HI = BG_AT(bg_block_bitmap_hi),
	BG_FREE_BLOCKS_HI = BG_AT(bg_free_blocks_count_hi),
	BG_FREE_INODES_HI = BG_AT(bg_free_inodes_count_hi),
	BG_USED_DIRS_HI = BG_AT(bg_used_dirs_count_hi),
	BG_BITMAP_CSUM_HI = BG_AT(bg_block_bitmap_csum_hi),
	BG_INODE_BITMAP_CSUM_HI = BG_AT(bg_inode_bitmap_csum_hi),
	BG_RESERVED = BG_AT(bg_reserved),
};

/* Of an inode's slot; from I_EXTRA_ISIZE on, in slots of more than EXT2_GOOD_OLD_INODE_SIZE. */
enum {
	I_MODE = I_AT(i_mode),
	I_USER = I_AT(i_uid),
	I_SIZE_LO = I_AT(i_size),
	I_CTIME = I_AT(i_ctime),
	I_MTIME = I_AT(i_mtime),
	I_DTIME = I_AT(i_dtime), /* in an orphan: the number of the next one */
	I_GROUP = I_AT(i_gid),
	I_LINKS = I_AT(i_links_count),
	I_BLOCKS_LO = I_AT(i_blocks),
	I_FLAGS = I_AT(i_flags),
	I_VERSION_LO = I_AT(osd1.linux1.l_i_version),
	I_TRANSLATOR = I_AT(osd1.hurd1.h_i_translator),
	INODE_I_BLOCK = I_AT(i_block),
	INODE_I_BLOCK_LEN = sizeof(((struct ext2_inode_large *)0)->i_block),
	I_GENERATION = I_AT(i_generation),
	I_FILE_ACL_LO = I_AT(i_file_acl),
	I_SIZE_HIGH = I_AT(i_size_high),
	I_FADDR = I_AT(i_faddr), /* of fragments, which never came to be */
	I_FADDR_LEN = 4,
	I_BLOCKS_HIGH = I_AT(osd2.linux2.l_i_blocks_hi),
	I_FILE_ACL_HIGH = I_AT(osd2.linux2.l_i_file_acl_high),
	I_USER_HIGH = I_AT(osd2.linux2.l_i_uid_high),
	I_GROUP_HIGH = I_AT(osd2.linux2.l_i_gid_high),
	I_CHECKSUM_LO = I_AT(osd2.linux2.l_i_checksum_lo),
	I_RESERVED = I_AT(osd2.linux2.l_i_reserved),
	I_RESERVED_LEN = 2,
	I_EXTRA_ISIZE = I_AT(i_extra_isize),
	I_CHECKSUM_HI = I_AT(i_checksum_hi),
	I_CTIME_EXTRA = I_AT(i_ctime_extra),
	I_MTIME_EXTRA = I_AT(i_mtime_extra),
	I_VERSION_HI = I_AT(i_version_hi),
	I_PROJECT = I_AT(i_projid),
};

#endif
