// SPDX-License-Identifier: GPL-2.0-or-later
// Decides how an extent tree follows its list, from the leaves up to the root.
//
// A level is a row of old nodes, each of which stays or is touched. The entries of touched
// neighbours are redistributed (tree_pack); the new nodes take the blocks of the old ones in order.
// An index block is touched if it does not match the row below it. The first level of at most four
// nodes is in the root.
#include "tree/tree.h"

#include "tree/tree_level.h"
#include "tree/tree_pack.h"

struct planner {
	struct tree *tree;
	struct extents *list;
	uint32_t missing; /* nodes without a block */
};

/* Entries that [start, end) of the list takes in leaves. */
static uint64_t count_pieces(const struct extents *list, uint64_t start, uint64_t end)
{
	struct extents_walk walk;
	uint64_t pieces = 0;
	struct run run;

	extents_walk_start(list, &walk, start, end, true);
	while (extents_walk_next(list, &walk, &run))
		pieces++;
	return pieces;
}

/* The logical range of a segment of leaves. */
static void seg_range(const struct tree *tree, const struct tree_seg *seg, uint64_t *start,
		      uint64_t *end)
{
	const struct nodes *leaves = &tree->now.level[0];

	*start = seg->first ? leaves->items[seg->first].key : 0;
	*end = seg->olds ? node_end(leaves, seg->first + seg->olds - 1) : EXTENTS_END;
}

static uint64_t recount_leaves(void *arg, const struct tree_seg *seg)
{
	struct planner *p = arg;
	uint64_t start, end;

	seg_range(p->tree, seg, &start, &end);
	return count_pieces(p->list, start, end);
}

/* Leaves as segments: those that a dirty range meets are dirty. */
static errcode_t leaf_segs(struct planner *p, struct tree_segs *segs)
{
	const struct nodes *leaves = &p->tree->now.level[0];
	const struct e4z_span *dirty;
	size_t count, d = 0;
	errcode_t err = extents_dirty(p->list, &dirty, &count);

	for (size_t i = 0; i < leaves->count && !err; i++) {
		uint64_t start = i ? leaves->items[i].key : 0, end = node_end(leaves, i);
		uint16_t entries = leaves->items[i].count;

		while (d < count && dirty[d].start + dirty[d].len <= start)
			d++;
		err = tree_pack_push(
			segs, &(struct tree_seg){
				      .first = (uint32_t)i,
				      .olds = 1,
				      .was = entries,
				      .entries = entries,
				      .dirty = !entries || (d < count && dirty[d].start < end),
			      });
	}
	if (!leaves->count && !err)
		err = tree_pack_push(segs, &(struct tree_seg){.dirty = true});
	for (size_t i = 0; i < segs->count && !err; i++)
		if (segs->items[i].dirty)
			segs->items[i].entries = recount_leaves(p, &segs->items[i]);
	return err;
}

/*
 * Index blocks of LEVEL as segments. BELOW is the planned row of their children, each of which
 * belongs to the parent of the old node in whose place it is. A parent is clean when its children
 * are the same with the same keys.
 */
static errcode_t index_segs(const struct tree *tree, unsigned level, const struct nodes *below,
			    struct tree_segs *segs)
{
	const struct nodes *nodes = &tree->now.level[level], *was = &tree->now.level[level - 1];
	size_t child = 0, old = 0;
	errcode_t err = 0;

	for (size_t i = 0; i < nodes->count && level < tree->now.depth && !err; i++) {
		size_t end = old + nodes->items[i].count, from = child;
		bool same = true;

		for (; child < below->count &&
		       (i + 1 == nodes->count || below->items[child].old < end);
		     child++, old++) {
			const struct node *node = &below->items[child];

			same = same && old < end && node->old == old && node->pblk &&
			       node->pblk == was->items[old].pblk &&
			       node->key == was->items[old].key;
		}
		err = tree_pack_push(segs, &(struct tree_seg){
						   .first = (uint32_t)i,
						   .olds = 1,
						   .was = nodes->items[i].count,
						   .entries = child - from,
						   .dirty = !same || old != end,
					   });
		old = end;
	}
	if (!segs->count && !err)
		err = tree_pack_push(segs,
				     &(struct tree_seg){.entries = below->count, .dirty = true});
	return err;
}

/* The nodes that SEG becomes, without keys. */
static errcode_t deal_out(struct planner *p, unsigned level, const struct tree_seg *seg)
{
	const struct node *old = p->tree->now.level[level].items + seg->first;
	struct nodes *row = &p->tree->next.level[level];
	uint32_t nodes;

	if (!seg->dirty) {
		struct node node = *old;

		node.old = seg->first;
		return vec_push(row, node);
	}
	nodes = tree_pack_nodes(seg->entries, p->tree->capacity);
	for (uint32_t i = 0; i < nodes; i++) {
		uint32_t place = i < seg->olds ? i : seg->olds - 1;
		struct node node = {
			.pblk = i < seg->olds ? old[i].pblk : 0,
			.old = seg->olds ? seg->first + place : NODE_NONE,
			.count = (uint16_t)(seg->entries / nodes + (i < seg->entries % nodes)),
			.write = true,
		};

		if (vec_push(row, node))
			return ENOMEM;
		p->missing += !node.pblk;
	}
	for (uint32_t i = nodes; i < seg->olds; i++)
		if (vec_push(&p->tree->spare, old[i].pblk))
			return ENOMEM;
	return 0;
}

/* Keys of the leaves at [index, end), which are the pieces of SEG. */
static void key_leaves(struct planner *p, const struct tree_seg *seg, size_t index, size_t end)
{
	struct nodes *row = &p->tree->next.level[0];
	struct extents_walk walk;
	uint64_t start, stop;
	struct run run;

	seg_range(p->tree, seg, &start, &stop);
	extents_walk_start(p->list, &walk, start, stop, true);
	for (; index < end; index++)
		for (uint32_t i = 0; i < row->items[index].count; i++) {
			if (!extents_walk_next(p->list, &walk, &run))
				break;
			if (!i)
				row->items[index].key = (uint32_t)run.lblk;
		}
}

/* Keys of an index row: those of the first children. */
static void key_indices(struct nodes *row, const struct nodes *below)
{
	size_t child = 0;

	for (size_t i = 0; i < row->count; i++) {
		row->items[i].key = below->items[child].key;
		child += row->items[i].count;
	}
}

/* Plan the row of LEVEL. */
static errcode_t plan_level(struct planner *p, unsigned level)
{
	struct tree *tree = p->tree;
	struct nodes *row = &tree->next.level[level];
	struct tree_pack pack = {
		.capacity = tree->capacity,
		.reach = tree->config.reach ? tree->config.reach : TREE_REACH,
		.recount = level ? NULL : recount_leaves,
		.arg = p,
	};
	struct tree_segs segs = {.items = NULL};
	errcode_t err;

	err = level ? index_segs(tree, level, &tree->next.level[level - 1], &segs)
		    : leaf_segs(p, &segs);
	if (!err)
		err = tree_pack(&pack, &segs);
	for (size_t i = 0; i < segs.count && !err; i++) {
		size_t from = row->count;

		err = deal_out(p, level, &segs.items[i]);
		if (!err && !level && segs.items[i].dirty)
			key_leaves(p, &segs.items[i], from, row->count);
	}
	if (!err && level)
		key_indices(row, &tree->next.level[level - 1]);
	vec_free(&segs);
	return err;
}

/* The blocks of the old levels from LEVEL on are not needed any more. */
static errcode_t spare_levels(struct tree *tree, unsigned level)
{
	for (; level < tree->now.depth; level++)
		for (size_t i = 0; i < tree->now.level[level].count; i++)
			if (vec_push(&tree->spare, tree->now.level[level].items[i].pblk))
				return ENOMEM;
	return 0;
}

static errcode_t plan_rows(struct planner *p)
{
	struct tree *tree = p->tree;
	unsigned level = 0;
	errcode_t err;

	if (extents_count(p->list) <= NODE_ROOT_ENTRIES &&
	    count_pieces(p->list, 0, EXTENTS_END) <= NODE_ROOT_ENTRIES)
		return spare_levels(tree, 0);
	do {
		if (level == NODE_MAX_DEPTH)
			return EFBIG;
		err = plan_level(p, level);
		if (err)
			return err;
	} while (tree->next.level[level++].count > NODE_ROOT_ENTRIES);
	tree->next.depth = level;
	return spare_levels(tree, level);
}

/* Nothing was changed: everything stays. */
static errcode_t plan_nothing(struct tree *tree)
{
	tree->next.depth = tree->now.depth;
	for (unsigned level = 0; level < tree->now.depth; level++)
		for (size_t i = 0; i < tree->now.level[level].count; i++)
			if (vec_push(&tree->next.level[level], tree->now.level[level].items[i]))
				return ENOMEM;
	return 0;
}

/* Add up what is planned. */
static void sum_up(struct tree *tree, size_t missing)
{
	struct tree_plan *plan = &tree->plan;
	size_t spare = tree->spare.count;

	for (unsigned level = 0; level < tree->next.depth; level++) {
		const struct nodes *row = &tree->next.level[level];
		uint64_t slack = 0;

		for (size_t i = 0; i < row->count; i++) {
			uint32_t count = row->items[i].count;

			plan->writes += row->items[i].write;
			slack += count < tree->capacity ? tree->capacity - 1 - count : 0;
		}
		plan->narrow |= slack > tree->capacity;
	}
	plan->takes = (uint32_t)(missing > spare ? missing - spare : 0);
	plan->drops = (uint32_t)(spare > missing ? spare - missing : 0);
	plan->depth = tree->next.depth;
}

errcode_t tree_plan(struct tree *tree, struct extents *list, struct tree_plan *plan)
{
	struct planner p = {.tree = tree, .list = list};
	const struct e4z_span *dirty;
	size_t dirties;
	errcode_t err;

	shape_free(&tree->next);
	tree->spare.count = 0;
	tree->has_plan = false;
	memset(&tree->plan, 0, sizeof(tree->plan));
	err = extents_dirty(list, &dirty, &dirties);
	if (!err)
		err = dirties ? plan_rows(&p) : plan_nothing(tree);
	if (err)
		return err;
	sum_up(tree, p.missing);
	tree->planned = extents_cookie(list);
	tree->has_plan = true;
	*plan = tree->plan;
	return 0;
}

bool tree_outgrows(const struct tree *tree, bool planned, uint64_t eof)
{
	const struct shape *shape = planned ? &tree->next : &tree->now;
	const struct nodes *top, *leaves = &shape->level[0];

	if (shape->depth < 2 || eof < 2)
		return false;
	/* where it begins past EOF itself the end that e2fsck computes wraps */
	top = &shape->level[shape->depth - 1];
	return top->items[top->count - 1].key <= eof && leaves->items[leaves->count - 1].key > eof;
}
