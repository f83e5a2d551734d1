/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inodes in use, one after the other by number, their tables read in large pieces. What is done
 * with one may change the image, as long as it changes no inode after it.
 */
#ifndef E4Z_SCAN_INODES_H
#define E4Z_SCAN_INODES_H

#include "file/inode.h"

struct inodes {
	struct e4z_image *img;
	uint8_t *table, *bitmap;
	uint32_t group, next, end; /* in the group: what is looked at next, where the piece ends */
	bool believed;		   /* the group's inode bitmap */
};

/* What inodes_next() met. */
enum inodes_met {
	INODES_END,
	INODES_ONE,	   /* an inode in use, its checksum right */
	INODES_UNREADABLE, /* one in use whose checksum is wrong: only its number is known */
	INODES_LOST, /* a piece of a table that cannot be read, or all of an unreadable group */
};

/* groups_load() is called. ENOMEM. */
errcode_t inodes_open(struct e4z_image *img, struct inodes *it);
void inodes_close(struct inodes *it);

/*
 * The next one; its raw bytes are valid until the next call. Of what is LOST the number of the
 * first inode is given.
 */
enum inodes_met inodes_next(struct inodes *it, struct inode *inode);

#endif
