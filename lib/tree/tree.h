/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The extent tree of one inode on disk, made to follow a list of extents.
 *
 * tree_load() remembers the shape of the tree. tree_plan() compares it with what extents_dirty()
 * says and decides which blocks are written: the leaves whose range was changed, split or joined
 * with neighbours where they must be, and the index blocks above them where a key or a child is
 * another. tree_emit() does it, and the tree is then as loaded again. Nothing is read or written
 * but through the callbacks.
 */
#ifndef E4Z_TREE_TREE_H
#define E4Z_TREE_TREE_H

#include "tree/extents.h"

#define TREE_ROOT_LEN 60 /* i_block */

struct tree;

/*
 * Nodes of a level that may be written only so that e2fsck does not offer to narrow the tree: as
 * many and two for each one that is written anyway. Where that does not do, none is.
 */
#define TREE_REACH 64
#define TREE_REACH_NONE UINT32_MAX
#define TREE_REACH_ALL (UINT32_MAX - 1)

struct tree_config {
	uint32_t block_size;
	bool csum;	/* metadata_csum: tree blocks have checksums */
	uint32_t seed;	/* inode_csum_seed() */
	uint32_t reach; /* 0: TREE_REACH */
};

/* Read the tree block PBLK. */
typedef errcode_t tree_read(void *arg, uint64_t pblk, void *buf);

/*
 * Load the tree whose root is I_BLOCK. LIST, which is empty, gets its extents. E4Z_ET_CORRUPT_MAP
 * when it is corrupt; whether its blocks are in bounds is checked by map_walk().
 */
errcode_t tree_load(const struct tree_config *config, const void *i_block, tree_read *read,
		    void *arg, struct extents *list, struct tree **tree);

/* A tree that is not on disk yet. NULL when memory runs out. */
struct tree *tree_new(const struct tree_config *config);
void tree_free(struct tree *tree);

/* Tree blocks that there are. */
uint32_t tree_blocks(const struct tree *tree);

struct tree_plan {
	uint32_t writes; /* tree blocks that will be put; the root is not one */
	uint32_t takes;	 /* of them new: at most one of takes and drops is not 0 */
	uint32_t drops;	 /* tree blocks given back */
	unsigned depth;	 /* afterwards */
	bool narrow;	 /* e2fsck will offer to narrow the tree */
};

/*
 * Decide how the tree follows LIST. Changes nothing but what it remembers of the plan. EFBIG when
 * the tree would be too deep.
 */
errcode_t tree_plan(struct tree *tree, struct extents *list, struct tree_plan *plan);

/*
 * e2fsck would take the tree (PLANNED: the one that is planned) for corrupt, of a file whose first
 * block wholly past EOF is EOF: it lets the last index of every node end there, and what is to the
 * right of that below it is "out of bounds" (scan_extent_node() and ext2fs_extent_get()).
 */
bool tree_outgrows(const struct tree *tree, bool planned, uint64_t eof);

struct tree_sink {
	void *arg;
	/* A new block, near NEAR if that is not 0. All are taken before the first is put. */
	errcode_t (*take)(void *arg, uint64_t near, uint64_t *pblk);
	errcode_t (*put)(void *arg, uint64_t pblk, const void *image);
	errcode_t (*drop)(void *arg, uint64_t pblk);
};

/*
 * What tree_emit() does from now on can be taken back, if KEEP: the shape before it is kept until
 * the next mark. The list and the blocks are the caller's to take back; what tree_emit() cleaned
 * counts as changed again. TREE may be NULL.
 */
void tree_mark(struct tree *tree, bool keep);
void tree_back(struct tree *tree);

/*
 * Carry the plan out; LIST must not have changed since (E4Z_ET_USAGE). Sets I_BLOCK and cleans
 * LIST. After a failure tree and list are as they were, but the callbacks made stand.
 */
errcode_t tree_emit(struct tree *tree, struct extents *list, const struct tree_sink *sink,
		    void *i_block);

#endif
