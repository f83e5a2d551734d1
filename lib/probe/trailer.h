/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data after a file system in the same place: a hash tree, a RAID superblock, a footer. */
#ifndef E4Z_PROBE_TRAILER_H
#define E4Z_PROBE_TRAILER_H

#include "io/blkdev.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Does [off, end) of DEV's place, whose first byte that is not zero is at FIRST, hold a known
 * format? WHAT, SIZE bytes, receives its name, or that it cannot be examined: "LVM2_member is
 * there, as libblkid calls it". A false answer proves nothing: a hash tree without a header looks
 * like any data.
 */
bool trailer_known(struct blkdev *dev, uint64_t off, uint64_t end, uint64_t first, char *what,
		   size_t size);

#endif
