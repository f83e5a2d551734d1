/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An unlinked inode freed within the transaction, as a mount frees it: ext4_evict_inode(). */
#ifndef E4Z_OPS_EVICT_H
#define E4Z_OPS_EVICT_H

#include "base/vec.h"
#include "image/image.h"
#include "sets/rangeset.h"

VEC(evicted, uint32_t); /* inodes */

/* Which orphans an edit does not treat as others are; NULL: none. */
struct orphan_rules {
	const struct rangeset *leave; /* nothing is done to them */
	const struct rangeset *evict; /* unlinked, and certain: they are freed */
	struct rangeset *gone;	      /* gets the inodes that were freed with them, and them */
};

/*
 * Free what INO maps from block FROM on, with the blocks of its tree that are not needed then. No
 * file is open afterwards.
 */
errcode_t evict_blocks(struct e4z_image *img, uint32_t ino, uint64_t from);

/*
 * Free the rest of INO, which maps nothing any more and is on no list of orphans: its references to
 * extended attributes, with what nobody else refers to, its usage, and itself. GONE gets the
 * numbers of the inodes that are free then.
 */
errcode_t evict_inode(struct e4z_image *img, uint32_t ino, struct evicted *gone);

#endif
