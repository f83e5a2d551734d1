// SPDX-License-Identifier: GPL-2.0-or-later
// Open addressing with linear probing, never more than half full.
#include "sets/numbermap.h"

#include <errno.h>
#include <stdlib.h>

#define LEAST_ROOM 16

static size_t home_of(const struct numbermap *map, uint32_t key)
{
	/*
	 * 2^32 by the golden ratio spreads neighbours; the low bits of the product are those of the
	 * key alone, which inodes of many groups have in common, so the high ones count
	 */
	return (size_t)(((uint64_t)(key * 2654435769u) * map->room) >> 32);
}

/* The slot of KEY, or the free one where it would be. */
static size_t find_slot(const struct numbermap *map, uint32_t key)
{
	size_t i = home_of(map, key);

	while (map->slots[i].key && map->slots[i].key != key)
		i = (i + 1) & (map->room - 1);
	return i;
}

static int grow(struct numbermap *map)
{
	struct numbermap old = *map;

	map->room = old.room ? old.room * 2 : LEAST_ROOM;
	map->slots = calloc(map->room, sizeof(*map->slots));
	if (!map->slots) {
		*map = old;
		return ENOMEM;
	}
	for (size_t i = 0; i < old.room; i++)
		if (old.slots[i].key)
			map->slots[find_slot(map, old.slots[i].key)] = old.slots[i];
	free(old.slots);
	return 0;
}

int numbermap_add(struct numbermap *map, uint32_t key, uint32_t value)
{
	if (map->count * 2 >= map->room && grow(map))
		return ENOMEM;
	map->slots[find_slot(map, key)] = (struct numbermap_slot){key, value};
	map->count++;
	return 0;
}

bool numbermap_find(const struct numbermap *map, uint32_t key, uint32_t *value)
{
	size_t i;

	if (!map->room)
		return false;
	i = find_slot(map, key);
	*value = map->slots[i].value;
	return map->slots[i].key != 0;
}

void numbermap_remove(struct numbermap *map, uint32_t key)
{
	size_t mask = map->room - 1, hole, i;

	if (!map->room)
		return;
	i = hole = find_slot(map, key);
	if (!map->slots[hole].key)
		return;
	/* what was pushed past the hole moves into it, so that it is found without tombstones */
	for (;;) {
		i = (i + 1) & mask;
		if (!map->slots[i].key)
			break;
		if (((i - home_of(map, map->slots[i].key)) & mask) < ((i - hole) & mask))
			continue;
		map->slots[hole] = map->slots[i];
		hole = i;
	}
	map->slots[hole].key = 0;
	map->count--;
}

void numbermap_free(struct numbermap *map)
{
	free(map->slots);
	*map = (struct numbermap){.slots = NULL};
}
