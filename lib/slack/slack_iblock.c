// SPDX-License-Identifier: GPL-2.0-or-later
// iblock-slack: what of the 60 bytes of i_block no map, target or device number takes.
#include "slack/places.h"

#include "format/node.h"

/* Both words of a device number: the old form and the new one. */
#define DEVICE_BYTES 8

static bool is_device(const struct inode *inode)
{
	return inode_is(inode, LINUX_S_IFCHR) || inode_is(inode, LINUX_S_IFBLK);
}

/* Bytes of I_BLOCK that are in use. */
static size_t used(const struct inode *inode, const uint8_t *i_block)
{
	if (is_device(inode))
		return DEVICE_BYTES;
	if (inode_is(inode, LINUX_S_IFIFO) || inode_is(inode, LINUX_S_IFSOCK))
		return 0;
	if (inode->flags & EXT4_INLINE_DATA_FL)
		return INODE_I_BLOCK_LEN;
	if (inode_is_fast_symlink(inode))
		return inode->flags & EXT4_ENCRYPT_FL ? INODE_I_BLOCK_LEN : (size_t)inode->size;
	/* all 15 of an indirect map are pointers */
	if (!(inode->flags & EXT4_EXTENTS_FL) || !node_has_magic(i_block) ||
	    node_entries(i_block) > NODE_ROOT_ENTRIES)
		return INODE_I_BLOCK_LEN;
	return node_tail(node_entries(i_block));
}

void slack_iblock(const struct unit *unit, struct slack *slack)
{
	slack_add(slack, INODE_I_BLOCK + used(unit->inode, unit->bytes + INODE_I_BLOCK),
		  INODE_I_BLOCK + INODE_I_BLOCK_LEN);
}
