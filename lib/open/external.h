/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The external journal of a file system, found by its UUID. */
#ifndef E4Z_OPEN_EXTERNAL_H
#define E4Z_OPEN_EXTERNAL_H

#include "image/image.h"
#include "journal/log.h"

/*
 * Find the journal that IMG's superblock names by UUID, lock it and open its log: the file or
 * device that OPTIONS name, else a regular file next to the image, another partition of the same
 * disk, or a block device of the host. The device number in the superblock is never followed.
 *
 * E4Z_ET_NO_JOURNAL if nothing has the UUID, E4Z_ET_AMBIGUOUS if several do, E4Z_ET_BUSY or
 * E4Z_ET_MOUNTED if it is in use, E4Z_ET_OTHER_JOURNAL or E4Z_ET_BAD_JOURNAL if it is not the one
 * or corrupt, each with a sentence. The caller owns *DEV and *LOG. After a failure *LOG is NULL;
 * *DEV is the device that was meant, or NULL.
 */
errcode_t external_open(struct e4z_image *img, const struct e4z_open_options *options,
			struct blkdev **dev, struct log **log);

#endif
