/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended attributes in an inode's body or in a block: what of their bytes no attribute has. */
#ifndef E4Z_SLACK_ATTRIBUTES_H
#define E4Z_SLACK_ATTRIBUTES_H

#include "slack/unit.h"

/* In a unit: the entries begin at FIRST, offsets of values count from BASE; none goes past END. */
struct attributes {
	size_t base, first, end;
};

/*
 * Where the attributes in the slot RAW of SIZE bytes begin, or would: after its fields, where the
 * kernel looks for XATTR_MAGIC. 0: i_extra_isize is not valid.
 */
size_t attributes_body(const uint8_t *raw, size_t size);

/* Why BYTES, the block PBLK, are no block of extended attributes, or NULL; static. */
const char *attributes_block_fault(const struct e4z_image *img, uint64_t pblk,
				   const uint8_t *bytes);

/*
 * FN for each attribute of AREA in BYTES whose value of SIZE bytes is in the inode INO. What FN
 * returns ends the walk, if it is not 0: *ERR. Why the attributes are not valid, or NULL; static.
 */
typedef errcode_t attributes_inode_fn(void *arg, uint32_t ino, size_t size);
const char *attributes_inodes(const uint8_t *bytes, const struct attributes *area,
			      attributes_inode_fn *fn, void *arg, errcode_t *err);

/*
 * Add to SLACK what is neither an entry, nor its name, nor its value, nor the word of zeroes that
 * ends the entries. The bytes that a value is padded with may be part of a hash in its entry, which
 * is then set, too. Where the attributes are not valid nothing is added, and slack->why says why.
 */
void attributes_slack(const struct unit *unit, const struct attributes *area, struct slack *slack);

#endif
