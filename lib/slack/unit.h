/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A unit is a piece of metadata in memory that one owner reads and one checksum covers: the slot of
 * an inode, a block of a tree. A place is what nobody reads of units of one type: bytes that have
 * to be zero. The same function says where they are when they are counted and when they are zeroed.
 */
#ifndef E4Z_SLACK_UNIT_H
#define E4Z_SLACK_UNIT_H

#include "file/inode.h"
#include "findings/examine.h"
#include "findings/owners.h"

enum unit_type {
	UNIT_INODE, /* the slot of an inode in use, not a system inode's, its checksum right */
	UNIT_TREE,  /* a block of an extent tree; nothing of it was verified */
	UNIT_LEAF,  /* a block of a directory that has its entries; nothing of it was verified */
	UNIT_XATTR, /* a block of extended attributes; nothing of it was verified */
	UNIT_INDEX, /* one of its hash tree; nothing of it was verified */
};

struct unit {
	const struct e4z_image *img;
	enum unit_type type;
	const struct inode *inode; /* that has it */
	uint64_t pblk;		   /* the block that it is in */
	uint32_t off;		   /* and where in it */
	const uint8_t *bytes;	   /* NULL: they cannot be read */
	uint32_t len;
};

/* What a place's function adds to: bytes are counted and examined, or become zero. */
struct slack {
	const struct unit *unit;
	uint8_t *to; /* the unit's bytes, for changing; NULL: they are counted */
	uint64_t bytes;
	struct examined examined;
	const char *why; /* why they are left; NULL: they are zeroed */
};

/* [from, end) of the unit has to be zero. What does not lie in the unit is not added. */
void slack_add(struct slack *slack, size_t from, size_t end);

typedef void slack_fn(const struct unit *unit, struct slack *slack);

#endif
