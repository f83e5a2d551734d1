/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks that corrupt inodes may own. It only says what to keep away from, because e2fsck may find
 * that such an inode is right after all.
 */
#ifndef E4Z_SCAN_DOUBT_H
#define E4Z_SCAN_DOUBT_H

#include "image/image.h"
#include "sets/rangeset.h"

/*
 * Add to BLOCKS, a set over the file system, everything that the slot of INO and the tree blocks
 * below it name, whatever their checksums and rules say. What cannot be read is passed over.
 */
errcode_t doubt_add(const struct e4z_image *img, uint32_t ino, struct rangeset *blocks);

/*
 * LEN blocks from PBLK on, or others of their clusters, are in BLOCKS: a cluster is freed as a
 * whole.
 */
bool doubt_meets(const struct e4z_image *img, const struct rangeset *blocks, uint64_t pblk,
		 uint64_t len);

#endif
