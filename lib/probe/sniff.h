/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an image is when it is not ext: named, with the one command that helps. */
#ifndef E4Z_PROBE_SNIFF_H
#define E4Z_PROBE_SNIFF_H

#include "io/blkdev.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Write into WHAT, SIZE bytes, what the content at DEV's place is and what to do with it, such as
 * "an XFS file system; check it with ...": it reads on after "this is". False if it is nothing
 * known, or cannot be read; then WHAT is not written to.
 */
bool sniff_content(struct blkdev *dev, char *what, size_t size);

/*
 * The same where there is an ext superblock: true if libblkid sees something else (LUKS, RAID), or
 * several file systems at once.
 */
bool sniff_contradicts(struct blkdev *dev, char *what, size_t size);

#endif
