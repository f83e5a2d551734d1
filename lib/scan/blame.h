/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has blocks that were claimed twice: asked when all inodes were looked at. */
#ifndef E4Z_SCAN_BLAME_H
#define E4Z_SCAN_BLAME_H

#include "scan/look.h"

/* INODE was looked at with LOOK or its like: it becomes unreadable if it claims such a block. */
errcode_t blame_inode(struct look *look, const struct inode *inode);

#endif
