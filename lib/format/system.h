/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the superblock says of inodes that are the file system's own, and of quota. */
#ifndef E4Z_FORMAT_SYSTEM_H
#define E4Z_FORMAT_SYSTEM_H

#include <ext2fs/ext2_fs.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * INO holds data of the file system itself: it is below s_first_ino, or SB, in the byte order of
 * this host, names it as a quota file, the orphan file or the journal. As is_special_ino() in the
 * kernel, which asks for no feature (ext4_iget() then fails); e2fsck clears such inodes where their
 * feature is off. The journal counts if it exists: without has_journal the kernel ignores its
 * number. The root is never a system inode, whatever a field says: names begin there.
 */
bool is_system_inode(const struct ext2_super_block *sb, uint32_t ino);

/* is_system_inode() is false for every inode after this one. */
uint32_t last_system_inode(const struct ext2_super_block *sb);

/* SB names INO as a quota file, with the feature or without it. */
bool is_quota_file(const struct ext2_super_block *sb, uint32_t ino);

/*
 * The kernel counts blocks for quota: the feature is on, and a quota file exists. It enables no
 * type whose inode number is 0 (ext4_enable_quotas()), and e2fsck compares no usage of that type.
 */
bool quota_applies(const struct ext2_super_block *sb);

#endif
