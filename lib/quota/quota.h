/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The usage that quota counts, for the user, the group and the project of an inode. It follows what
 * a transaction changes, in entries that are there already: none is made, and none is removed.
 *
 * Q1. Nothing of the quota files but the usage and the times in entries changes, so what was found
 *     once stays where it is while the image is open: no file that is edited has these blocks.
 */
#ifndef E4Z_QUOTA_QUOTA_H
#define E4Z_QUOTA_QUOTA_H

#include "file/inode.h"
#include "image/image.h"

/*
 * Reserve the blocks of the quota files (sound_reserve), before any file is opened for editing. A
 * file that cannot be read reserves nothing, and is tried again when it is needed.
 */
errcode_t quota_reserve(struct e4z_image *img);

/*
 * Can the usage of INODE's owners be changed? E4Z_ET_QUOTA where one of them has no entry, or the
 * file that should have it is damaged.
 */
errcode_t quota_check(struct e4z_image *img, const struct inode *inode);

/*
 * In the transaction the usage of INODE's owners becomes so many bytes and inodes more. Nothing is
 * changed when it fails, as quota_check() does.
 */
errcode_t quota_add(struct e4z_image *img, const struct inode *inode, int64_t bytes,
		    int64_t inodes);

/* Blocks of the file system that one quota_add() changes, at most. */
unsigned quota_bound(const struct e4z_image *img);

/* Forget what was found; e4z_close() does it. */
void quota_free(struct e4z_image *img);

#endif
