/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What format an image has, by its own header. */
#ifndef E4Z_HEADER_FORMAT_H
#define E4Z_HEADER_FORMAT_H

#include "io/blkdev.h"
#include <stddef.h>

/*
 * *FORMAT is WANT, if the header of DEV is one of that format; with E4Z_FORMAT_AUTO it is what the
 * header says, E4Z_FORMAT_RAW where it says nothing. With a sentence in WHY: E4Z_ET_IMAGE_FORMAT,
 * the header is not one of WANT; E4Z_ET_FORMAT_DOUBT, WANT is AUTO, and the same bytes are also
 * those of a raw image, whose guest can have written the header.
 */
errcode_t format_decide(struct blkdev *dev, enum e4z_format want, enum e4z_format *format,
			char *why, size_t why_size);

#endif
