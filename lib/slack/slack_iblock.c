// SPDX-License-Identifier: GPL-2.0-or-later
// iblock-slack: what of the 60 bytes of i_block no map, target or device number takes.
#include "slack/places.h"

#include "format/node.h"

/* Both words of a device number: the old form and the new one. */
#define DEVICE_BYTES 8
/* What e2fsck asks to be zero before it believes that an inode is a special file. */
#define SPECIAL_BYTES 16

static bool is_device(const struct inode *inode)
{
	return inode_is(inode, LINUX_S_IFCHR) || inode_is(inode, LINUX_S_IFBLK);
}

static bool is_pipe(const struct inode *inode)
{
	return inode_is(inode, LINUX_S_IFIFO) || inode_is(inode, LINUX_S_IFSOCK);
}

/*
 * The target is in i_block, for every kernel: those that know no ea_inode ask whether it has
 * blocks, others for its size.
 */
static bool has_target(const struct e4z_image *img, const struct inode *inode)
{
	uint64_t sectors = inode->acl_block ? img->cluster_ratio * (img->block_size / SECTOR) : 0;

	return inode->size && !(inode->flags & EXT4_ENCRYPT_FL) &&
	       (ext2fs_has_feature_ea_inode(img->fs->super) || inode->sectors == sectors);
}

/* Bytes of I_BLOCK that are in use. */
static size_t used(const struct e4z_image *img, const struct inode *inode, const uint8_t *i_block)
{
	if (is_device(inode))
		return DEVICE_BYTES;
	if (is_pipe(inode))
		return 0;
	if (inode->flags & EXT4_INLINE_DATA_FL)
		return INODE_I_BLOCK_LEN;
	if (inode_is_fast_symlink(inode))
		return has_target(img, inode) ? (size_t)inode->size : INODE_I_BLOCK_LEN;
	/* all 15 of an indirect map are pointers */
	if (!(inode->flags & EXT4_EXTENTS_FL) || !node_has_magic(i_block) ||
	    node_entries(i_block) > NODE_ROOT_ENTRIES)
		return INODE_I_BLOCK_LEN;
	return node_tail(node_entries(i_block));
}

void slack_iblock(const struct unit *unit, struct slack *slack)
{
	const struct inode *inode = unit->inode;
	const uint8_t *i_block = unit->bytes + INODE_I_BLOCK;

	if ((is_device(inode) || is_pipe(inode)) &&
	    !bytes_are_zero(i_block + SPECIAL_BYTES, INODE_I_BLOCK_LEN - SPECIAL_BYTES))
		slack->why = "e2fsck does not accept it as a special file";
	slack_add(slack, INODE_I_BLOCK + used(unit->img, inode, i_block),
		  INODE_I_BLOCK + INODE_I_BLOCK_LEN);
}
