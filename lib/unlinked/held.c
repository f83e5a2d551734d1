// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the extended attributes of an inode as references (fs/ext4/xattr.c).
#include "unlinked/held.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "format/system.h"
#include "format/xattr.h"
#include "image/groups.h"
#include "slack/attributes.h"
#include <errno.h>
#include <stdlib.h>

/* EXT4_XATTR_REFCOUNT_MAX */
#define REFERENCES_MAX 1024

static errcode_t add_value(void *arg, uint32_t ino, size_t size)
{
	struct held *held = arg;
	const struct held_value value = {ino, (uint32_t)size};

	return vec_push(&held->values, value) ? ENOMEM : 0;
}

static errcode_t read_slot(const struct e4z_image *img, const struct inode *inode,
			   struct held *held, const char **why)
{
	size_t body;
	errcode_t err;

	if (img->inode_size <= EXT2_GOOD_OLD_INODE_SIZE)
		return 0;
	body = attributes_body(inode->raw, img->inode_size);
	if (!body)
		*why = "i_extra_isize is not valid";
	if (!body || !get_le16(inode->raw + I_EXTRA_ISIZE) ||
	    body + XATTR_MAGIC_LEN > img->inode_size || get_le32(inode->raw + body) != XATTR_MAGIC)
		return 0;
	body += XATTR_MAGIC_LEN;
	*why = attributes_inodes(inode->raw, &(struct attributes){body, body, img->inode_size},
				 add_value, held, &err);
	return err;
}

static errcode_t read_block(const struct e4z_image *img, struct held *held, const char **why)
{
	AUTO_FREE uint8_t *block = NULL;
	errcode_t err = 0;

	if (held->block >= img->blocks || rangeset_has(img->metadata, held->block)) {
		*why = "the extended-attribute block lies outside its place";
		return 0;
	}
	block = malloc(img->block_size);
	if (!block)
		return ENOMEM;
	if (image_read(img, held->block << img->block_bits, img->block_size, block)) {
		*why = "the extended-attribute block cannot be read";
		return 0;
	}
	*why = attributes_block_fault(img, held->block, block);
	if (!*why)
		*why = attributes_inodes(block,
					 &(struct attributes){0, XATTR_HEADER, img->block_size},
					 add_value, held, &err);
	held->references = xattr_block_references(block);
	if (!*why && (!held->references || held->references > REFERENCES_MAX))
		*why = "the reference count of its extended-attribute block is not valid";
	return err;
}

errcode_t held_read(const struct e4z_image *img, const struct inode *inode, struct held *held,
		    const char **why)
{
	errcode_t err;

	*why = NULL;
	*held = (struct held){.block = inode->acl_block};
	err = read_slot(img, inode, held, why);
	held->in_slot = held->values.count;
	if (!err && !*why && held->block)
		err = read_block(img, held, why);
	if (!err && !*why && held->values.count && !ext2fs_has_feature_ea_inode(img->fs->super))
		*why = "an extended attribute is in an inode without the feature ea_inode";
	return err;
}

void held_free(struct held *held)
{
	vec_free(&held->values);
}

/* Lustre has no counts: the value names its only parent (EXT4_STATE_LUSTRE_EA_INODE). */
static bool is_lustre(const struct inode *parent, const struct inode *value)
{
	return get_le32(value->raw + I_MTIME) == parent->ino &&
	       value->generation == parent->generation;
}

errcode_t held_read_value(const struct e4z_image *img, const struct inode *parent, uint32_t value,
			  uint8_t *raw, struct inode *inode, const char **why)
{
	errcode_t err = inode_read(img, value, raw, inode);

	*why = NULL;
	if (err == ENOMEM)
		return err;
	if (err || value < EXT2_FIRST_INODE(img->fs->super) ||
	    is_system_inode(img->fs->super, value) || groups_inode_is_free(img, value) ||
	    !inode_is(inode, LINUX_S_IFREG) || !(inode->flags & EXT4_EA_INODE_FL) ||
	    inode->flags & EXT4_INLINE_DATA_FL || inode->acl_block || !inode->links)
		*why = "an extended attribute names an inode that holds no value";
	else if (is_lustre(parent, inode))
		*why = "an extended attribute is in an inode that has no reference count";
	else if (!held_references(raw))
		*why = "an extended attribute is in an inode whose reference count is 0";
	return 0;
}

uint64_t held_references(const uint8_t *raw)
{
	return (uint64_t)get_le32(raw + I_CTIME) << 32 | get_le32(raw + I_VERSION_LO);
}

void held_set_references(uint8_t *raw, uint64_t count)
{
	put_le32(raw + I_CTIME, (uint32_t)(count >> 32));
	put_le32(raw + I_VERSION_LO, (uint32_t)count);
}
