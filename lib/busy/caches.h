/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page caches of a block device. Linux keeps one for each node: what was written through a
 * partition is not seen through its disk, where an old copy may lie, and the other way round.
 */
#ifndef E4Z_BUSY_CACHES_H
#define E4Z_BUSY_CACHES_H

#include "busy/doors.h"

/*
 * Before the first read, while the place is not known: forget what DEV's own node holds, if other
 * nodes show its bytes too. Nothing is done to image files, here and below.
 */
void caches_forget(const struct host *host, struct blkdev *dev);

/*
 * Make all nodes that show DEV's place agree: write back and forget what the others hold, then what
 * DEV's does. Not while it is mounted: that would write to it. NOTE becomes a sentence when one of
 * them could not be treated so, else "". HOST: NULL for this one.
 */
void caches_settle(const struct host *host, struct blkdev *dev, char *note, size_t size);

/* After an edit no other node keeps what was there before. DEV may be NULL. */
void caches_end(struct blkdev *dev);
/* The same, and close it. */
void caches_close(struct blkdev *dev);

#endif
