// SPDX-License-Identifier: GPL-2.0-or-later
// Carries the plan of an extent tree out: takes blocks, makes the images, gives blocks back.
#include "tree/tree_level.h"

#include "base/cleanup.h"
#include "base/crc32c.h"

/* Every planned node gets a block: a spare one while there are some. */
static errcode_t place_nodes(struct tree *tree, const struct tree_sink *sink)
{
	uint64_t near = 0;

	for (unsigned level = 0; level < tree->next.depth; level++)
		for (size_t i = 0; i < tree->next.level[level].count; i++) {
			struct node *node = &tree->next.level[level].items[i];
			errcode_t err;

			if (!node->pblk && tree->spare.count)
				node->pblk = tree->spare.items[--tree->spare.count];
			if (!node->pblk) {
				err = sink->take(sink->arg, near, &node->pblk);
				if (err)
					return err;
			}
			near = node->pblk;
		}
	return 0;
}

/* COUNT entries of a leaf that begins at START; false when the list has fewer. */
static bool fill_leaf(uint8_t *image, const struct extents *list, uint64_t start, uint64_t end,
		      uint32_t count)
{
	struct extents_walk walk;
	struct run run;

	extents_walk_start(list, &walk, start, end, true);
	for (uint32_t i = 0; i < count; i++) {
		if (!extents_walk_next(list, &walk, &run))
			return false;
		node_extent(node_entry(image, i), (uint32_t)run.lblk, (uint32_t)run.len,
			    run.unwritten, run.pblk);
	}
	return true;
}

static void fill_index(uint8_t *image, const struct node *child, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		node_index(node_entry(image, i), child[i].key, child[i].pblk);
}

/* Put what is planned to be written of LEVEL. */
static errcode_t put_level(struct tree *tree, const struct extents *list,
			   const struct tree_sink *sink, unsigned level, uint8_t *image)
{
	const struct nodes *row = &tree->next.level[level];
	size_t size = tree->config.block_size, child = 0;
	size_t tail = node_tail(tree->capacity);

	for (size_t i = 0; i < row->count; i++) {
		const struct node *node = &row->items[i];
		errcode_t err;

		child += node->count;
		if (!node->write)
			continue;
		memset(image, 0, size);
		node_header(image, node->count, tree->capacity, level);
		if (level)
			fill_index(image, &tree->next.level[level - 1].items[child - node->count],
				   node->count);
		else if (!fill_leaf(image, list, node->key, node_end(row, i), node->count))
			return E4Z_ET_USAGE;
		if (tree->config.csum)
			put_le32(image + tail, crc32c(tree->config.seed, image, tail));
		err = sink->put(sink->arg, node->pblk, image);
		if (err)
			return err;
	}
	return 0;
}

static bool fill_root(const struct tree *tree, const struct extents *list, uint8_t *root)
{
	const struct nodes *top = &tree->next.level[tree->next.depth ? tree->next.depth - 1 : 0];
	struct extents_walk walk;
	uint32_t entries = 0;
	struct run run;

	memset(root, 0, TREE_ROOT_LEN);
	node_set_generation(root, tree->generation);
	if (tree->next.depth) {
		entries = (uint32_t)top->count;
		fill_index(root, top->items, entries);
	} else {
		extents_walk_start(list, &walk, 0, EXTENTS_END, true);
		while (extents_walk_next(list, &walk, &run) && entries++ < NODE_ROOT_ENTRIES)
			;
		if (entries > NODE_ROOT_ENTRIES || !fill_leaf(root, list, 0, EXTENTS_END, entries))
			return false;
	}
	node_header(root, entries, NODE_ROOT_ENTRIES, tree->next.depth);
	return true;
}

void tree_mark(struct tree *tree, bool keep)
{
	if (!tree)
		return;
	shape_free(&tree->was);
	tree->has_was = false;
	tree->keeps = keep;
}

void tree_back(struct tree *tree)
{
	if (!tree || !tree->has_was)
		return;
	shape_free(&tree->now);
	tree->now = tree->was;
	memset(&tree->was, 0, sizeof(tree->was));
	tree->has_was = tree->has_plan = false;
}

errcode_t tree_emit(struct tree *tree, struct extents *list, const struct tree_sink *sink,
		    void *i_block)
{
	AUTO_FREE uint8_t *image = NULL;
	uint8_t root[TREE_ROOT_LEN];
	errcode_t err;

	if (!tree->has_plan || tree->planned != extents_cookie(list))
		return E4Z_ET_USAGE;
	image = malloc(tree->config.block_size);
	if (!image)
		return ENOMEM;
	tree->has_plan = false;
	err = place_nodes(tree, sink);
	for (unsigned level = 0; level < tree->next.depth && !err; level++)
		err = put_level(tree, list, sink, level, image);
	if (!err && !fill_root(tree, list, root))
		err = E4Z_ET_USAGE;
	for (size_t i = 0; i < tree->spare.count && !err; i++)
		err = sink->drop(sink->arg, tree->spare.items[i]);
	if (err)
		return err;
	memcpy(i_block, root, sizeof(root));
	if (tree->keeps && !tree->has_was) {
		tree->was = tree->now;
		tree->has_was = true;
	} else {
		shape_free(&tree->now);
	}
	tree->now = tree->next;
	memset(&tree->next, 0, sizeof(tree->next));
	for (unsigned level = 0; level < tree->now.depth; level++)
		for (size_t i = 0; i < tree->now.level[level].count; i++)
			tree->now.level[level].items[i].write = false;
	extents_clean(list);
	return 0;
}
