/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identifies an image that is not ext, and names the command that helps. */
#ifndef E4Z_PROBE_SNIFF_H
#define E4Z_PROBE_SNIFF_H

#include "io/blkdev.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Write into WHAT, SIZE bytes, the type of the content at DEV's place and advice, such as "an XFS
 * file system; check it with ...": the continuation of "this is". False if the type is unknown, or
 * it cannot be read; then WHAT is not written to.
 */
bool sniff_content(struct blkdev *dev, char *what, size_t size);

/*
 * The same for a place with an ext superblock: true if libblkid finds another type (LUKS, RAID), or
 * several file systems.
 */
bool sniff_contradicts(struct blkdev *dev, char *what, size_t size);

#endif
