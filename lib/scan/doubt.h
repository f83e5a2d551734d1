/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks that corrupt inodes may own. It only says what to keep away from, because e2fsck may find
 * that such an inode is right after all.
 */
#ifndef E4Z_SCAN_DOUBT_H
#define E4Z_SCAN_DOUBT_H

#include "file/map.h"
#include "format/node.h"
#include "image/image.h"
#include "sets/rangeset.h"

struct doubt {
	const struct e4z_image *img;
	struct rangeset *blocks; /* of the file system, which an inode may own */
	/*
	 * Of these the tree blocks that were read, by what they were read as: a node that is due at
	 * this depth, and pointers of one level less than the index. A block may be each of these
	 * to another inode. Crafted maps lead to one again and again. NULL: none.
	 */
	struct rangeset *nodes[NODE_MAX_DEPTH], *pointers[MAP_POINTERS];
	uint8_t *level[NODE_MAX_DEPTH];
};

/* Nothing is in doubt yet. DOUBT is to be freed in any case. */
errcode_t doubt_init(const struct e4z_image *img, struct doubt *doubt);
void doubt_free(struct doubt *doubt);

/*
 * Add to DOUBT->blocks everything that the slot of INO and the tree blocks below it name, whatever
 * their checksums and rules say. What cannot be read is passed over.
 */
errcode_t doubt_add(struct doubt *doubt, uint32_t ino);

/*
 * LEN blocks from PBLK on, or others of their clusters, are in doubt: a cluster is freed as a
 * whole.
 */
bool doubt_meets(const struct doubt *doubt, uint64_t pblk, uint64_t len);

#endif
