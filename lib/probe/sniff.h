/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an image is when it is not ext: named, with the one command that helps. */
#ifndef E4Z_PROBE_SNIFF_H
#define E4Z_PROBE_SNIFF_H

#include "io/blkdev.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Write one sentence into WHAT about the content at DEV's place, such as "LUKS2 encrypted; open it
 * with cryptsetup open and give the mapped device". False when it is nothing known.
 */
bool sniff_content(struct blkdev *dev, char *what, size_t size);

/*
 * The same where an ext superblock is in place: true when libblkid sees something else that claims
 * the place (LUKS, RAID), or several file systems at once.
 */
bool sniff_contradicts(struct blkdev *dev, char *what, size_t size);

#endif
