// SPDX-License-Identifier: GPL-2.0-or-later
// Remembers of each group how long its free runs can be.
#include "txn/space.h"

#include "base/vec.h"
#include "sets/maxtree.h"

struct change {
	uint32_t group, was;
};

struct space {
	const struct e4z_image *img;
	struct maxtree *longest;
	VEC(, struct change) changes; /* since the mark */
};

static uint32_t most(const struct e4z_image *img, uint32_t free_clusters)
{
	uint32_t per_group = img->fs->super->s_clusters_per_group;

	return free_clusters < per_group ? free_clusters : per_group;
}

struct space *space_new(const struct e4z_image *img)
{
	struct space *space = calloc(1, sizeof(*space));

	if (!space)
		return NULL;
	space->img = img;
	space->longest = maxtree_new(img->groups);
	if (!space->longest) {
		free(space);
		return NULL;
	}
	for (uint32_t g = 0; g < img->groups; g++) {
		uint32_t n = ext2fs_bg_free_blocks_count(img->fs, g);

		if (n)
			maxtree_set(space->longest, g, most(img, n));
	}
	return space;
}

void space_free(struct space *space)
{
	if (!space)
		return;
	maxtree_free(space->longest);
	vec_free(&space->changes);
	free(space);
}

uint32_t space_find(const struct space *space, uint32_t g, uint32_t least)
{
	return maxtree_find(space->longest, g, least);
}

uint32_t space_longest(const struct space *space, uint32_t g)
{
	return maxtree_get(space->longest, g);
}

void space_set_longest(struct space *space, uint32_t g, uint32_t clusters)
{
	struct change change = {.group = g, .was = space_longest(space, g)};

	/* what cannot be taken back is not remembered: the next search looks again */
	if (change.was == clusters || vec_push(&space->changes, change))
		return;
	maxtree_set(space->longest, g, clusters);
}

void space_mark(struct space *space)
{
	if (space)
		space->changes.count = 0;
}

void space_back(struct space *space)
{
	while (space && space->changes.count) {
		const struct change *c = &space->changes.items[--space->changes.count];

		maxtree_set(space->longest, c->group, c->was);
	}
}

void space_refresh(struct space *space, const struct rangeset *freed)
{
	const struct ext2_super_block *sb = space->img->fs->super;
	uint64_t from = 0, start, len;

	space->changes.count = 0;
	while (rangeset_next(freed, &from, &start, &len)) {
		uint64_t g = (start - sb->s_first_data_block) / sb->s_blocks_per_group;
		uint64_t last = (start + len - 1 - sb->s_first_data_block) / sb->s_blocks_per_group;

		for (; g <= last && g < space->img->groups; g++)
			maxtree_set(space->longest, (uint32_t)g, most(space->img, UINT32_MAX));
		from = sb->s_first_data_block + g * sb->s_blocks_per_group;
	}
}
