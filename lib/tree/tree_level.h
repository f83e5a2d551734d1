/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tree_load, tree_plan and tree_emit share: the nodes of a tree, level by level. */
#ifndef E4Z_TREE_TREE_LEVEL_H
#define E4Z_TREE_TREE_LEVEL_H

#include "base/vec.h"
#include "format/node.h"
#include "tree/tree.h"

#define NODE_NONE UINT32_MAX

struct node {
	uint64_t pblk;	/* 0: taken when the plan is carried out */
	uint32_t key;	/* first logical block */
	uint32_t old;	/* in a plan: the node of the tree in whose place it is */
	uint16_t count; /* entries */
	bool write;	/* in a plan: it is not as on disk */
};

VEC(nodes, struct node);

/* Level 0 are the leaves; the nodes of the highest level hang in the root. */
struct shape {
	struct nodes level[NODE_MAX_DEPTH];
	unsigned depth; /* 0: the root is a leaf */
};

struct tree {
	struct tree_config config;
	uint32_t capacity;
	uint32_t generation; /* eh_generation of the root */
	struct shape now, next;
	struct shape was; /* before the first tree_emit() since tree_mark() */
	bool keeps, has_was;
	VEC(, uint64_t) spare; /* in a plan: blocks of nodes that go away */
	struct tree_plan plan;
	uint64_t planned; /* extents_cookie() of the plan */
	bool has_plan;
};

void shape_free(struct shape *shape);

/* The end of the logical range of NODES' member INDEX. */
static inline uint64_t node_end(const struct nodes *nodes, size_t index)
{
	return index + 1 < nodes->count ? nodes->items[index + 1].key : EXTENTS_END;
}

#endif
