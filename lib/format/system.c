// SPDX-License-Identifier: GPL-2.0-or-later
// Which inodes are the file system's own, and whether quota counts blocks.
#include "format/system.h"

#include <et/com_err.h>
#include <ext2fs/ext2fs.h>

/* The inode numbers that the superblock names; 0: none. */
#define NAMED 5

static void named_inodes(const struct ext2_super_block *sb, uint32_t named[NAMED])
{
	named[0] = sb->s_usr_quota_inum;
	named[1] = sb->s_grp_quota_inum;
	named[2] = sb->s_prj_quota_inum;
	named[3] = sb->s_orphan_file_inum;
	named[4] = sb->s_feature_compat & EXT3_FEATURE_COMPAT_HAS_JOURNAL ? sb->s_journal_inum : 0;
}

bool is_system_inode(const struct ext2_super_block *sb, uint32_t ino)
{
	uint32_t named[NAMED];

	if (ino == EXT2_ROOT_INO)
		return false;
	if (ino < EXT2_FIRST_INODE(sb))
		return true;
	named_inodes(sb, named);
	for (unsigned i = 0; i < NAMED; i++)
		if (named[i] == ino)
			return true;
	return false;
}

uint32_t last_system_inode(const struct ext2_super_block *sb)
{
	uint32_t named[NAMED], last = EXT2_FIRST_INODE(sb) - 1;

	named_inodes(sb, named);
	for (unsigned i = 0; i < NAMED; i++)
		last = named[i] > last ? named[i] : last;
	return last;
}

bool is_quota_file(const struct ext2_super_block *sb, uint32_t ino)
{
	return ino && (ino == sb->s_usr_quota_inum || ino == sb->s_grp_quota_inum ||
		       ino == sb->s_prj_quota_inum);
}

bool quota_applies(const struct ext2_super_block *sb)
{
	return sb->s_feature_ro_compat & EXT4_FEATURE_RO_COMPAT_QUOTA &&
	       (sb->s_usr_quota_inum || sb->s_grp_quota_inum || sb->s_prj_quota_inum);
}
