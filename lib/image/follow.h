/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in the image after the file system, and is made wrong by an edit of it. */
#ifndef E4Z_IMAGE_FOLLOW_H
#define E4Z_IMAGE_FOLLOW_H

#include "image/parts.h"

/* Called with a whole sentence for each thing that is there. */
typedef void follow_fn(void *arg, const char *sentence);

/*
 * Look after the first FS_LEN bytes of DEV's place, at the end of it, and into PARTS, the
 * partitions of the same disk. What cannot be read is not there.
 */
void follow_look(struct blkdev *dev, uint64_t fs_len, const struct parts *parts, follow_fn *tell,
		 void *arg);

#endif
