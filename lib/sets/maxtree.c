// SPDX-License-Identifier: GPL-2.0-or-later
// A segment tree of maxima: node 1 is the root, the numbers are the last WIDTH nodes.
#include "sets/maxtree.h"

#include <stdlib.h>

struct maxtree {
	uint32_t count, width; /* WIDTH: a power of two, no less than COUNT */
	uint32_t node[];
};

struct maxtree *maxtree_new(uint32_t count)
{
	size_t width = 1;
	struct maxtree *tree;

	while (width < count)
		width *= 2;
	tree = calloc(1, sizeof(*tree) + 2 * width * sizeof(tree->node[0]));
	if (!tree)
		return NULL;
	tree->count = count;
	tree->width = (uint32_t)width;
	return tree;
}

void maxtree_free(struct maxtree *tree)
{
	free(tree);
}

void maxtree_set(struct maxtree *tree, uint32_t i, uint32_t value)
{
	size_t at = (size_t)tree->width + i;

	tree->node[at] = value;
	while (at /= 2) {
		uint32_t a = tree->node[2 * at], b = tree->node[2 * at + 1], max = a > b ? a : b;

		if (tree->node[at] == max)
			return;
		tree->node[at] = max;
	}
}

uint32_t maxtree_get(const struct maxtree *tree, uint32_t i)
{
	return tree->node[(size_t)tree->width + i];
}

uint32_t maxtree_find(const struct maxtree *tree, uint32_t from, uint32_t least)
{
	size_t at = (size_t)tree->width + from;

	if (from >= tree->count)
		return tree->count;
	/* up, until something to the right of FROM is large enough */
	while (tree->node[at] < least) {
		while (at % 2 && at > 1)
			at /= 2;
		if (at <= 1)
			return tree->count;
		at++;
	}
	/* and down again, to the leftmost of it */
	while (at < tree->width) {
		at *= 2;
		at += tree->node[at] < least;
	}
	return (uint32_t)(at - tree->width);
}
