/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inodes on the orphan list and in the orphan file. */
#ifndef E4Z_SCAN_ORPHAN_H
#define E4Z_SCAN_ORPHAN_H

#include "base/rangeset.h"
#include "file/map.h"
#include "image/image.h"

/*
 * Add the number of every orphan to SET (over all inode numbers). A chain or a block of the file
 * that is damaged ends there: what was reached before it counts.
 */
errcode_t orphan_load(const struct e4z_image *img, struct map_work *work, struct rangeset *set);

#endif
