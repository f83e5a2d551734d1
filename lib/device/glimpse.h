/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A descriptor for libblkid, which reads from nothing else: where an image has none, a memory file
 * of its size with copies of what libblkid looks at.
 */
#ifndef E4Z_DEVICE_GLIMPSE_H
#define E4Z_DEVICE_GLIMPSE_H

#include "io/blkdev.h"

#define GLIMPSE_CONTENT 1u /* the signatures of file systems and volumes */
#define GLIMPSE_TABLES 2u  /* tables of partitions */

/*
 * A descriptor with what WHAT (GLIMPSE_...) is decided by in [AT, AT + LEN) of the image, at the
 * same offsets; all else may read as zero. DEV's own where it has one. -1: memory ran out.
 * glimpse_drop() ends it.
 */
int glimpse_take(struct blkdev *dev, uint64_t at, uint64_t len, unsigned what);
void glimpse_drop(struct blkdev *dev, int fd);

#endif
