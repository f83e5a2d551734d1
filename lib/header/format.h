/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The format of an image, by its header. */
#ifndef E4Z_HEADER_FORMAT_H
#define E4Z_HEADER_FORMAT_H

#include "io/blkdev.h"
#include <stddef.h>

/*
 * Set *FORMAT to WANT if DEV has a header of that format. With E4Z_FORMAT_AUTO, set it to the
 * format of the header, E4Z_FORMAT_RAW without a header. With a sentence in WHY:
 * E4Z_ET_IMAGE_FORMAT, the header is not that of WANT; E4Z_ET_FORMAT_DOUBT, WANT is AUTO, and DEV
 * could also be a raw image whose guest has written the header.
 */
errcode_t format_decide(struct blkdev *dev, enum e4z_format want, enum e4z_format *format,
			char *why, size_t why_size);

#endif
