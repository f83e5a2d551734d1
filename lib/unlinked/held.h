/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an inode has beside its map, and shares with other inodes by a count of references: its
 * block of extended attributes, and the inodes that hold values of attributes (ea_inode).
 */
#ifndef E4Z_UNLINKED_HELD_H
#define E4Z_UNLINKED_HELD_H

#include "base/vec.h"
#include "file/inode.h"

struct held_value {
	uint32_t ino;
	uint32_t size; /* of the value, bytes */
};

struct held {
	uint64_t block;	     /* 0: it has none */
	uint32_t references; /* h_refcount of that */
	VEC(, struct held_value) values;
	size_t in_slot; /* so many of them are named in the inode's slot, the rest in the block */
};

/*
 * Read what INODE has, whose raw slot is there; HELD is to be freed in any case. *WHY: it is not
 * valid; static, else NULL.
 */
errcode_t held_read(const struct e4z_image *img, const struct inode *inode, struct held *held,
		    const char **why);
void held_free(struct held *held);

/*
 * Read the inode of VALUE into RAW and *INODE. *WHY: it holds no value that PARENT shares with
 * others by a count; static, else NULL.
 */
errcode_t held_read_value(const struct e4z_image *img, const struct inode *parent, uint32_t value,
			  uint8_t *raw, struct inode *inode, const char **why);

/* The count of references to the value that the slot RAW holds: ext4_xattr_inode_get_ref(). */
uint64_t held_references(const uint8_t *raw);
void held_set_references(uint8_t *raw, uint64_t count);

#endif
