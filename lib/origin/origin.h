/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the name of an image to its bytes, whatever format has them. */
#ifndef E4Z_ORIGIN_ORIGIN_H
#define E4Z_ORIGIN_ORIGIN_H

#include "io/blkdev.h"
#include <stdbool.h>
#include <stddef.h>

/* Who opens an image. */
struct origin_user {
	/* What should be known of how it was opened: a whole sentence. May be NULL. */
	void (*note)(void *arg, const char *sentence);
	/*
	 * The file or device of this host has an image in another format: may it be used? Called
	 * before any other program sees it; what it returns, if not 0, is what opening fails with,
	 * and WHY stays empty.
	 */
	errcode_t (*claim)(void *arg);
	void *arg;
};

/*
 * Open what SPEC names, the whole of it: a file or device of this host, as it is, or the URI of an
 * export (nbd_is_uri()). *DEV is NULL on failure, and WHY as of
 * image_fail_below(), "" for what open(2) says.
 */
errcode_t origin_open(const char *name, const struct e4z_open_options *options,
		      const struct origin_user *user, struct blkdev **dev, char *why,
		      size_t why_size);

/*
 * Between the two: who uses a file or device locks it.
 *
 * *DEV, from origin_open(), becomes the image that is in it, if it is not a raw one; it keeps the
 * locks. On failure *DEV stays, or is NULL, and WHY is as above: E4Z_ET_IMAGE_FORMAT,
 * E4Z_ET_FORMAT_DOUBT, E4Z_ET_OTHER_FILE, E4Z_ET_PASSPHRASE, E4Z_ET_BUSY.
 */
errcode_t origin_enter(const struct e4z_open_options *options, const struct origin_user *user,
		       struct blkdev **dev, char *why, size_t why_size);

#endif
