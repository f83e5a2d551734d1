/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operation on the whole image did to which files, kept until it ends: then their names are
 * looked up in one pass over the directories.
 */
#ifndef E4Z_SCAN_RESULTS_H
#define E4Z_SCAN_RESULTS_H

#include "image/image.h"
#include "sets/rangeset.h"

struct results;

struct results_sink {
	void *arg;
	errcode_t (*edit)(void *arg, const struct e4z_edit *edit);
	errcode_t (*skipped)(void *arg, const struct e4z_skipped *skipped);
};

errcode_t results_new(struct e4z_image *img, struct results **results);
void results_free(struct results *results);

/* EDIT, of an inode that has none yet, is durable. Its path is ignored. */
errcode_t results_edit(struct results *results, const struct e4z_edit *edit);

/* INO (0: not known) is exempt; WHY is static. */
errcode_t results_skip(struct results *results, uint32_t ino, const char *why);
/* It is left though it is not exempt, because of ERR (0: nothing failed) and WHY, which is kept. */
errcode_t results_leave(struct results *results, uint32_t ino, errcode_t err, const char *why);
/* It is left because it needs NEED journal blocks, of which there are ROOM. */
errcode_t results_too_large(struct results *results, uint32_t ino, uint64_t need, uint64_t room);

/*
 * Deliver all of it by rising inode number. DIRS are the directories of the image; NULL: names are
 * not worth the time.
 */
errcode_t results_deliver(struct results *results, struct e4z_image *img,
			  const struct rangeset *dirs, const struct results_sink *sink);

#endif
