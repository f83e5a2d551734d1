/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same bytes under other numbers. One file has another st_dev where it is reached through
 * overlayfs and the like; inode number and size agree by chance too, for two fresh images on two
 * file systems. What the superblocks say decides.
 */
#ifndef E4Z_BUSY_TWIN_H
#define E4Z_BUSY_TWIN_H

#include "io/blkdev.h"

enum twin {
	TWIN_OTHER,   /* another file system */
	TWIN_UNKNOWN, /* it cannot be read, or only the UUID agrees */
	TWIN_ALIKE,   /* the same UUID and write time */
};

/* Compare DEV's superblock with that of a file system that starts at byte START of FD. */
enum twin twin_compare(struct blkdev *dev, int fd, uint64_t start);

#endif
