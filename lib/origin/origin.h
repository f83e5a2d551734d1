/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the name of an image, in any format, to its bytes. */
#ifndef E4Z_ORIGIN_ORIGIN_H
#define E4Z_ORIGIN_ORIGIN_H

#include "io/blkdev.h"
#include <stdbool.h>
#include <stddef.h>

/* The callbacks of the function that opens an image. */
struct origin_user {
	/* A note about how the image was opened: a whole sentence. May be NULL. */
	void (*note)(void *arg, const char *sentence);
	/*
	 * Claims a file or device of this host that has an image in another format, before another
	 * program opens it. If it fails, opening fails with its error, and WHY stays empty.
	 */
	errcode_t (*claim)(void *arg);
	void *arg;
};

/*
 * Open NAME: a file or device of this host, without looking at its format, or the URI of an export
 * (nbd_is_uri()). *DEV is NULL on failure, and WHY is as for image_fail_below(), "" for an error of
 * open(2).
 */
errcode_t origin_open(const char *name, const struct e4z_open_options *options,
		      const struct origin_user *user, struct blkdev **dev, char *why,
		      size_t why_size);

/*
 * The caller locks the file or device between the two calls.
 *
 * *DEV, from origin_open(), becomes the image that is in it, if it is not a raw one; it keeps the
 * locks. On failure *DEV stays, or is NULL, and WHY is as above: E4Z_ET_IMAGE_FORMAT,
 * E4Z_ET_FORMAT_DOUBT, E4Z_ET_OTHER_FILE, E4Z_ET_PASSPHRASE, E4Z_ET_BUSY.
 */
errcode_t origin_enter(const struct e4z_open_options *options, const struct origin_user *user,
		       struct blkdev **dev, char *why, size_t why_size);

#endif
