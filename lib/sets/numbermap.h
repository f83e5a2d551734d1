/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table from numbers, such as inodes, to numbers, such as places in an array. */
#ifndef E4Z_SETS_NUMBERMAP_H
#define E4Z_SETS_NUMBERMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct numbermap_slot {
	uint32_t key, value;
};

/* All zero is empty. */
struct numbermap {
	struct numbermap_slot *slots; /* key 0: free */
	size_t count, room;	      /* ROOM: a power of two, or 0 */
};

/* KEY, not 0 and not in MAP yet, has VALUE. 0 or ENOMEM. */
int numbermap_add(struct numbermap *map, uint32_t key, uint32_t value);

/* Whether KEY is there; then *VALUE is its value. */
bool numbermap_find(const struct numbermap *map, uint32_t key, uint32_t *value);

/* Forget KEY, if it is there. */
void numbermap_remove(struct numbermap *map, uint32_t key);

void numbermap_free(struct numbermap *map);

#endif
