// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the right edge of an extent tree as e2fsck does.
#include "findings/cutoff.h"

#include "format/node.h"

static uint32_t last_key(const uint8_t *node)
{
	return entry_key(node_at(node, node_entries(node) - 1));
}

static bool is_bounded(const struct inode *inode, uint64_t past_eof, unsigned depth)
{
	const uint8_t *root = inode->raw + INODE_I_BLOCK;
	unsigned entries = node_entries(root);

	return inode->flags & EXT4_EXTENTS_FL && node_depth(root) >= depth && entries &&
	       entries <= NODE_ROOT_ENTRIES && past_eof > 1 && past_eof >= last_key(root);
}

bool cutoff_written(const struct inode *inode, uint64_t past_eof)
{
	return is_bounded(inode, past_eof, 1);
}

bool cutoff_possible(const struct inode *inode, uint64_t past_eof)
{
	return is_bounded(inode, past_eof, 2);
}

errcode_t cutoff_unwritten(const struct e4z_image *img, const struct inode *inode,
			   uint64_t past_eof, uint8_t *buf, bool *is_cut)
{
	const uint8_t *node = inode->raw + INODE_I_BLOCK;
	unsigned depth = node_depth(node);

	*is_cut = false;
	for (; depth > 1; depth--) {
		uint64_t child = node_child(node, node_entries(node) - 1);
		errcode_t err = image_read(img, child * img->block_size, img->block_size, buf);

		if (err)
			return err;
		node = buf;
		if (!node_entries(node) || node_entries(node) > node_capacity(img->block_size))
			return E4Z_ET_CORRUPT_MAP;
		*is_cut |= last_key(node) > past_eof;
	}
	return 0;
}
