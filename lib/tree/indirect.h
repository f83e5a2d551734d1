/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The indirect map of one inode on disk, made to follow a list of extents: loaded, planned and
 * emitted as a tree is (tree/tree.h), with the same callbacks. Where a block of pointers is in
 * the map is fixed by its range, so only those are written whose pointers change.
 */
#ifndef E4Z_TREE_INDIRECT_H
#define E4Z_TREE_INDIRECT_H

#include "tree/tree.h"

struct indirect;

/* Load the map whose pointers are in I_BLOCK. LIST, which is empty, gets its extents. */
errcode_t indirect_load(uint32_t block_size, const void *i_block, tree_read *read, void *arg,
			struct extents *list, struct indirect **map);

/* A map that is not on disk yet. NULL when memory runs out. */
struct indirect *indirect_new(uint32_t block_size);
void indirect_free(struct indirect *map);

/* Blocks of pointers that there are. */
uint32_t indirect_blocks(const struct indirect *map);

/* A block of pointers for some of the logical blocks [from, end) has no data below it. */
bool indirect_idle(const struct indirect *map, const struct extents *list, uint64_t from,
		   uint64_t end);

/* Logical blocks that such a map can hold. */
uint64_t indirect_limit(uint32_t block_size);

/*
 * Decide how the map follows LIST. PLAN's depth is that of the highest pointer block. EFBIG when a
 * block is beyond the map or 32 bits, E4Z_ET_USAGE when one is unwritten.
 */
errcode_t indirect_plan(struct indirect *map, struct extents *list, struct tree_plan *plan);

/* As tree_mark() and tree_back(). */
void indirect_mark(struct indirect *map, bool keep);
void indirect_back(struct indirect *map);

/* Carry the plan out, as tree_emit(). */
errcode_t indirect_emit(struct indirect *map, struct extents *list, const struct tree_sink *sink,
			void *i_block);

#endif
