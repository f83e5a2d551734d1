/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has blocks that were claimed twice: asked when all inodes were examined. */
#ifndef E4Z_EXAM_BLAME_H
#define E4Z_EXAM_BLAME_H

#include "exam/exam.h"

/* INODE was examined with EXAM or its like: it becomes unreadable if it claims such a block. */
errcode_t blame_inode(struct exam *exam, const struct inode *inode);

#endif
