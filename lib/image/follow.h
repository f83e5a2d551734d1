/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows the file system in the image, and becomes wrong when the file system is edited. */
#ifndef E4Z_IMAGE_FOLLOW_H
#define E4Z_IMAGE_FOLLOW_H

#include "probe/parts.h"

/* Called with one complete sentence for each thing that was found. */
typedef void follow_fn(void *arg, const char *sentence); /* SENTENCE is gone on return */

/*
 * Examine what follows the first FS_LEN bytes of DEV's place: the bytes right after them, the end
 * of the place, and PARTS, the partitions of the same disk. Nothing is reported of what cannot be
 * read.
 */
void follow_look(struct blkdev *dev, uint64_t fs_len, const struct parts *parts, follow_fn *tell,
		 void *arg);

#endif
