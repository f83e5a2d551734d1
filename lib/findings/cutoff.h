/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What e2fsck takes for corruption past EOF in an extent tree that has levels. libext2fs lets the
 * last entry of every index node on the right edge of a tree end with EOF (end_blk), and e2fsck
 * unmaps what reaches past the end of its parent's entry (scan_extent_node(): the end of the
 * extent exceeds the allowed value). Where the entry in the root begins past EOF that end wraps,
 * and nothing is out of bounds; nor where it would be block 0, which means no bound.
 */
#ifndef E4Z_FINDINGS_CUTOFF_H
#define E4Z_FINDINGS_CUTOFF_H

#include "file/inode.h"

/* PAST_EOF is the first block wholly past EOF. Written blocks at or after it are unmapped. */
bool cutoff_written(const struct inode *inode, uint64_t past_eof);

/*
 * Unwritten ones may be: an unwritten extent past EOF is left alone, but the indexes above it are
 * not.
 */
bool cutoff_possible(const struct inode *inode, uint64_t past_eof);

/*
 * They are, with whatever else is below such an index. The tree was walked and is sound; BUF holds
 * a block.
 */
errcode_t cutoff_unwritten(const struct e4z_image *img, const struct inode *inode,
			   uint64_t past_eof, uint8_t *buf, bool *is_cut);

#endif
