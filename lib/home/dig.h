/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives back to the host what it has allocated of an image file for zeroes. */
#ifndef E4Z_HOME_DIG_H
#define E4Z_HOME_DIG_H

#include "image/image.h"

/*
 * Where holes are wanted wherever the host can make them: the file system is read, as far as the
 * host has allocated it, by WORKERS threads (0: as many as there are processors), and what is zero
 * on the disk becomes holes of the image file. No byte changes. What cannot be read is left, and
 * so is everything on a block device or where the host has no holes. E4Z_ET_INTERRUPTED where *STOP
 * is set.
 */
errcode_t dig_image(struct e4z_image *img, unsigned workers, const volatile int *stop);

#endif
