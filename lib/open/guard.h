/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must not be edited: file systems, and inodes in them. One sentence each, nothing written. */
#ifndef E4Z_OPEN_GUARD_H
#define E4Z_OPEN_GUARD_H

#include "file/inode.h"

/*
 * May the file system be edited at all? It is open and seen through its log, if there is one.
 * FORCE: although it has errors. Refusals leave a sentence in the context.
 */
errcode_t guard_edit(struct e4z_image *img, bool force);

/* E4Z_ET_REFUSED for system inodes, with what they are: before their maps are read. */
errcode_t guard_number(struct e4z_image *img, uint32_t ino);

/* What an operation is going to do to an inode. */
enum guard_what {
	GUARD_EDGES = 1,  /* change some bytes of a block and leave others */
	GUARD_BLOCKS = 2, /* it may come to own more or fewer blocks: i_blocks changes */
};

/*
 * May WHAT be done to INODE? Swap files and immutable files may be changed here: there is no
 * mounted system that relies on them; guard_remark() has what is to be said of it.
 */
errcode_t guard_inode(struct e4z_image *img, const struct inode *inode, unsigned what);

/* May INODE's i_blocks change? Part of guard_inode with GUARD_BLOCKS. */
errcode_t guard_quota(struct e4z_image *img, const struct inode *inode);

/* A sentence about INODE that its editor should read, or NULL; static. */
const char *guard_remark(const struct inode *inode);

#endif
