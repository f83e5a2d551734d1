// SPDX-License-Identifier: GPL-2.0-or-later
// sets/numbermap against an array, with keys that collide.
#include "../check.h"
#include "../random.h"
#include "sets/numbermap.h"

#define KEYS 700

/* The longest stretch of slots that are taken: what a look for a key may have to go through. */
static size_t longest_stretch(const struct numbermap *map)
{
	size_t longest = 0, now = 0;

	for (size_t i = 0; i < map->room; i++) {
		now = map->slots[i].key ? now + 1 : 0;
		longest = now > longest ? now : longest;
	}
	return longest;
}

/* One inode in each group: the keys have their low bits in common. */
static void strides_spread(void)
{
	for (unsigned shift = 0; shift < 20; shift++) {
		struct numbermap map = {.slots = NULL};

		for (uint32_t i = 0; i < 4000; i++)
			CHECK(!numbermap_add(&map, (i << shift) + 12, i));
		CHECK(longest_stretch(&map) < 100);
		numbermap_free(&map);
	}
}

int main(void)
{
	static uint32_t model[KEYS]; /* 0: absent */
	struct numbermap map = {.slots = NULL};
	uint32_t state = 3, value, held = 0;

	CHECK(!numbermap_find(&map, 5, &value));
	numbermap_remove(&map, 5);
	for (int turn = 0; turn < 200000; turn++) {
		uint32_t i = next_random(&state) % KEYS;
		/* some are neighbours, some have the same low bits */
		uint32_t key = i % 2 ? i + 1 : (i + 1) << 16;

		CHECK(numbermap_find(&map, key, &value) == (model[i] != 0));
		CHECK(!model[i] || value == model[i]);
		if (model[i]) {
			numbermap_remove(&map, key);
			model[i] = 0;
			held--;
		} else if (next_random(&state) % 3) {
			model[i] = next_random(&state) | 1;
			CHECK(!numbermap_add(&map, key, model[i]));
			held++;
		}
		CHECK(map.count == held);
	}
	numbermap_free(&map);
	strides_spread();
	return 0;
}
