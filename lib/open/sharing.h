/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiple mount protection of an open image. */
#ifndef E4Z_OPEN_SHARING_H
#define E4Z_OPEN_SHARING_H

#include "image/image.h"

/*
 * Before anything is read that an edit is planned by: where the feature is on, wait until it is
 * certain that no host uses the file system; the errors of mmp_open(). A check does not take part:
 * it notes what the block says. Nothing is written.
 */
errcode_t sharing_look(struct e4z_image *img, const struct e4z_open_options *options);

/* From now on the first write, to the image or its external journal, takes the block. */
errcode_t sharing_observe(struct e4z_image *img);

/* Take it now; leave it, with all zero in it that nobody reads. Errors with a sentence. */
errcode_t sharing_scrub(struct e4z_image *img);

#endif
