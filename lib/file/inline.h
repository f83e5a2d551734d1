/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inline data: a file's bytes in i_block and in the system.data attribute of the inode's body. */
#ifndef E4Z_FILE_INLINE_H
#define E4Z_FILE_INLINE_H

#include "file/inode.h"

struct inline_data {
	uint8_t *head; /* i_block, INODE_I_BLOCK_LEN bytes */
	uint8_t *rest; /* the attribute's value, NULL: none */
	size_t rest_len;
	bool hashed; /* the attribute has a hash, which its bytes are part of */
};

/*
 * Find both parts in INODE's slot, which they point into. False when the attributes in the body are
 * corrupt.
 */
bool inline_find(const struct e4z_image *img, const struct inode *inode, struct inline_data *data);

/*
 * Take system.data out of INODE's body; the attributes that stay close up. False, and nothing
 * changed, when they are corrupt.
 */
bool inline_remove(const struct e4z_image *img, const struct inode *inode);

static inline size_t inline_capacity(const struct inline_data *data)
{
	return INODE_I_BLOCK_LEN + data->rest_len;
}

#endif
