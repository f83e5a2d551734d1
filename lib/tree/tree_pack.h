/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which nodes of one level of a tree are rewritten, and into how many nodes, so that few are
 * touched and e2fsck finds nothing to narrow.
 *
 * e2fsck offers to narrow a level when its free entries, less one for each node that is not full,
 * are more than one node holds (e2fsck_should_rebuild_extents). Free entries that it counts are
 * called slack here.
 */
#ifndef E4Z_TREE_TREE_PACK_H
#define E4Z_TREE_TREE_PACK_H

#include "base/vec.h"
#include "tree/tree.h"
#include <stdbool.h>

/* Neighbouring nodes: one that stays as it is, or some whose entries are redistributed. */
struct tree_seg {
	uint32_t first, olds; /* nodes it had */
	uint32_t was;	      /* entries it had, on disk */
	uint64_t entries;     /* that it has now */
	bool dirty;
};

VEC(tree_segs, struct tree_seg);

struct tree_pack {
	uint32_t capacity; /* entries of a node */
	uint32_t reach;	   /* as in struct tree_config, but not 0 */
	/*
	 * The entries of a dirty segment, when joining nodes may change their number; may be
	 * NULL.
	 */
	uint64_t (*recount)(void *arg, const struct tree_seg *seg);
	void *arg;
};

/* The nodes that ENTRIES are dealt out to. */
uint32_t tree_pack_nodes(uint64_t entries, uint32_t capacity);

/* Append a node; dirty neighbours become one segment. 0 or ENOMEM. */
int tree_pack_push(struct tree_segs *segs, const struct tree_seg *node);

/* Choose: SEGS, whose entries are filled in, have more dirty nodes afterwards. 0 or ENOMEM. */
int tree_pack(const struct tree_pack *pack, struct tree_segs *segs);

#endif
