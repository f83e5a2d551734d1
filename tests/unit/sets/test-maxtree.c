// SPDX-License-Identifier: GPL-2.0-or-later
// sets/maxtree against a plain array that is searched from the start.
#include "../check.h"
#include "../random.h"
#include "sets/maxtree.h"
#include <string.h>

#define MOST 130

static uint32_t model[MOST];

static uint32_t model_find(uint32_t count, uint32_t from, uint32_t least)
{
	while (from < count && model[from] < least)
		from++;
	return from < count ? from : count;
}

static void try_length(uint32_t count, uint32_t *state)
{
	struct maxtree *tree = maxtree_new(count);

	CHECK(tree != NULL);
	memset(model, 0, sizeof(model));
	for (int turn = 0; turn < 400; turn++) {
		uint32_t i = (uint32_t)(next_random(state) % count);
		uint32_t value = (uint32_t)(next_random(state) % 9);
		uint32_t from = (uint32_t)(next_random(state) % (count + 2));

		maxtree_set(tree, i, value);
		model[i] = value;
		CHECK(maxtree_get(tree, i) == value);
		for (uint32_t least = 1; least < 10; least++)
			CHECK(maxtree_find(tree, from, least) == model_find(count, from, least));
	}
	maxtree_free(tree);
}

int main(void)
{
	uint32_t state = 1;

	for (uint32_t count = 1; count <= MOST; count++)
		try_length(count, &state);
	return 0;
}
