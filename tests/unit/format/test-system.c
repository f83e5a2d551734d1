// SPDX-License-Identifier: GPL-2.0-or-later
// Which inodes are the file system's own, and when quota counts blocks.
#include "../check.h"
#include "format/system.h"
#include <et/com_err.h>
#include <ext2fs/ext2fs.h>

static struct ext2_super_block plain(void)
{
	return (struct ext2_super_block){
		.s_rev_level = EXT2_DYNAMIC_REV, .s_first_ino = 11, .s_inodes_count = 1000};
}

static void reserved_numbers(void)
{
	struct ext2_super_block sb = plain();

	for (uint32_t ino = 0; ino < 20; ino++)
		CHECK(is_system_inode(&sb, ino) == (ino < 11 && ino != EXT2_ROOT_INO));
	CHECK(last_system_inode(&sb) == 10);
	sb.s_first_ino = 16;
	CHECK(is_system_inode(&sb, 15) && !is_system_inode(&sb, 16));
	CHECK(last_system_inode(&sb) == 15);
	/* revision 0 has no such field */
	sb.s_rev_level = EXT2_GOOD_OLD_REV;
	CHECK(is_system_inode(&sb, 10) && !is_system_inode(&sb, 11));
}

/* With the feature or without it: the kernel opens no inode that such a field names. */
static void named_numbers(void)
{
	struct ext2_super_block sb = plain();
	__u32 *const field[] = {&sb.s_usr_quota_inum, &sb.s_grp_quota_inum, &sb.s_prj_quota_inum,
				&sb.s_orphan_file_inum};

	for (unsigned i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
		*field[i] = 40;
		CHECK(is_system_inode(&sb, 40) && !is_system_inode(&sb, 41));
		CHECK(last_system_inode(&sb) == 40);
		*field[i] = EXT2_ROOT_INO;
		CHECK(!is_system_inode(&sb, EXT2_ROOT_INO));
		*field[i] = 0;
	}
}

/* The journal is an ordinary number after "tune2fs -j" of a mounted file system. */
static void journal_number(void)
{
	struct ext2_super_block sb = plain();

	sb.s_journal_inum = 12;
	CHECK(!is_system_inode(&sb, 12) && last_system_inode(&sb) == 10);
	sb.s_feature_compat = EXT3_FEATURE_COMPAT_HAS_JOURNAL;
	CHECK(is_system_inode(&sb, 12) && last_system_inode(&sb) == 12);
	sb.s_journal_inum = EXT2_ROOT_INO;
	CHECK(!is_system_inode(&sb, EXT2_ROOT_INO));
}

static void quota(void)
{
	struct ext2_super_block sb = plain();

	CHECK(!quota_applies(&sb));
	sb.s_feature_ro_compat = EXT4_FEATURE_RO_COMPAT_QUOTA;
	CHECK(!quota_applies(&sb));
	sb.s_prj_quota_inum = 12;
	CHECK(quota_applies(&sb));
	sb.s_prj_quota_inum = 0;
	sb.s_usr_quota_inum = 3;
	CHECK(quota_applies(&sb));
	sb.s_feature_ro_compat = EXT4_FEATURE_RO_COMPAT_PROJECT;
	CHECK(!quota_applies(&sb));
}

int main(void)
{
	reserved_numbers();
	named_numbers();
	journal_number();
	quota();
	return 0;
}
