// SPDX-License-Identifier: GPL-2.0-or-later
// Reads an extent tree: its extents into a list, its nodes into a shape.
#include "tree/tree_level.h"

#include "base/crc32c.h"

struct loader {
	struct tree *tree;
	struct extents *list;
	tree_read *read;
	void *arg;
	uint8_t *buf;
};

static bool header_ok(const uint8_t *node, uint32_t capacity, unsigned depth)
{
	uint32_t entries = node_entries(node), max = node_max(node);

	return node_has_magic(node) && entries <= max && max <= capacity &&
	       node_depth(node) == depth;
}

static bool csum_ok(const struct tree *tree, const uint8_t *node)
{
	size_t tail = node_tail(node_max(node));

	return !tree->config.csum ||
	       (tail + 4 <= tree->config.block_size &&
		crc32c(tree->config.seed, node, tail) == get_le32(node + tail));
}

static errcode_t load_extents(struct loader *l, const uint8_t *node, uint64_t limit)
{
	for (uint32_t i = 0; i < node_entries(node); i++) {
		const uint8_t *e = node_at(node, i);
		struct run run = {.lblk = entry_key(e), .pblk = extent_pblk(e)};
		errcode_t err;

		run.len = extent_len(e, &run.unwritten);
		if (run.lblk + run.len > limit)
			return E4Z_ET_CORRUPT_MAP;
		err = extents_load(l->list, &run);
		if (err)
			return err;
	}
	return 0;
}

static errcode_t load_node(struct loader *l, const uint8_t *node, unsigned depth, uint64_t limit);

/* The child of LEVEL that the index entry E names. */
static errcode_t load_child(struct loader *l, const uint8_t *e, unsigned level, uint64_t limit)
{
	uint8_t *buf = l->buf + (size_t)level * l->tree->config.block_size;
	struct node child = {
		.pblk = index_pblk(e),
		.key = entry_key(e),
		.old = NODE_NONE,
	};
	errcode_t err = l->read(l->arg, child.pblk, buf);

	if (err)
		return err;
	if (!header_ok(buf, l->tree->capacity, level) || !csum_ok(l->tree, buf))
		return E4Z_ET_CORRUPT_MAP;
	child.count = node_entries(buf);
	/* the kernel refuses such nodes too, but for a leaf without entries */
	if (child.count ? entry_key(node_at(buf, 0)) != child.key : level > 0)
		return E4Z_ET_CORRUPT_MAP;
	if (vec_push(&l->tree->now.level[level], child))
		return ENOMEM;
	return load_node(l, buf, level, limit);
}

/* The entries of a node whose header is valid, all of it below LIMIT. */
static errcode_t load_node(struct loader *l, const uint8_t *node, unsigned depth, uint64_t limit)
{
	uint32_t entries = node_entries(node);
	errcode_t err;

	if (!depth)
		return load_extents(l, node, limit);
	for (uint32_t i = 0; i < entries; i++) {
		const uint8_t *e = node_at(node, i);
		uint64_t end = i + 1 < entries ? entry_key(e + NODE_ENTRY) : limit;

		if (entry_key(e) >= end || end > limit)
			return E4Z_ET_CORRUPT_MAP;
		err = load_child(l, e, depth - 1, end);
		if (err)
			return err;
	}
	return 0;
}

struct tree *tree_new(const struct tree_config *config)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return NULL;
	tree->config = *config;
	tree->capacity = node_capacity(config->block_size);
	return tree;
}

errcode_t tree_load(const struct tree_config *config, const void *i_block, tree_read *read,
		    void *arg, struct extents *list, struct tree **tree_out)
{
	unsigned depth = node_depth(i_block);
	uint8_t *buf = malloc((size_t)config->block_size * NODE_MAX_DEPTH);
	struct tree *tree = tree_new(config);
	struct loader l = {tree, list, read, arg, buf};
	errcode_t err = ENOMEM;

	*tree_out = NULL;
	if (buf && tree)
		err = depth > NODE_MAX_DEPTH || !header_ok(i_block, NODE_ROOT_ENTRIES, depth)
			      ? E4Z_ET_CORRUPT_MAP
			      : load_node(&l, i_block, depth, EXTENTS_END);
	free(buf);
	if (err) {
		tree_free(tree);
		return err;
	}
	tree->now.depth = node_entries(i_block) ? depth : 0;
	tree->generation = node_generation(i_block);
	*tree_out = tree;
	return 0;
}

void shape_free(struct shape *shape)
{
	for (unsigned i = 0; i < NODE_MAX_DEPTH; i++)
		vec_free(&shape->level[i]);
	shape->depth = 0;
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	shape_free(&tree->now);
	shape_free(&tree->next);
	shape_free(&tree->was);
	vec_free(&tree->spare);
	free(tree);
}

uint32_t tree_blocks(const struct tree *tree)
{
	uint64_t blocks = 0;

	for (unsigned i = 0; i < tree->now.depth; i++)
		blocks += tree->now.level[i].count;
	return (uint32_t)blocks;
}
