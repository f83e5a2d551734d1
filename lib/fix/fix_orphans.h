/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The orphans of a fix: which of them are kept away from, what became of each, and what is left of
 * the places that they gave up.
 */
#ifndef E4Z_FIX_FIX_ORPHANS_H
#define E4Z_FIX_FIX_ORPHANS_H

#include "base/vec.h"
#include "e4zero.h"
#include "scan/doubt.h"
#include "sets/rangeset.h"

struct orphan_left {
	uint32_t ino;
	char *why;
};

struct fix_orphans {
	struct rangeset *leave;	   /* whose blocks may be others', or cannot be read */
	struct rangeset *finished; /* with the transaction that was begun */
	struct rangeset *evict;	   /* unlinked inodes that are to be freed */
	struct rangeset *gone;	   /* inodes that were, and those that only they referred to */
	VEC(, struct orphan_left) left;
};

errcode_t fix_orphans_init(const struct e4z_image *img, struct fix_orphans *orphans);
void fix_orphans_free(struct fix_orphans *orphans);

/* Leave F's inode, an orphan, if a block of it is in DOUBT; else it can be finished. */
errcode_t fix_orphans_check(const struct e4z_image *img, struct fix_orphans *orphans,
			    const struct e4z_finding *f, const struct doubt *doubt);

/* Begin to edit IMG, as e4z_begin() does, but for those that are to be left or to be freed. */
errcode_t fix_orphans_begin(struct e4z_image *img, struct fix_orphans *orphans);

/* Why INO is left, or NULL. */
const char *fix_orphans_why(const struct fix_orphans *orphans, uint32_t ino);

/* *THERE: F's block is in the tree of its inode now. */
errcode_t fix_orphans_has_node(const struct e4z_image *img, const struct e4z_finding *f,
			       bool *there);

/*
 * F was found in an orphan before its truncate was finished: zero what is still the inode's of
 * F's blocks from FIRST on, LEN of them. What it gave up may be somebody else's by now.
 */
errcode_t fix_orphans_zero(struct e4z_image *img, const struct e4z_finding *f, uint64_t first,
			   uint64_t len);

#endif
