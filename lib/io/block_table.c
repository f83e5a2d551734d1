// SPDX-License-Identifier: GPL-2.0-or-later
// A hash table of blocks with linear probing.
#include "io/block_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64 /* slots, a power of two */

static size_t slot_of(const struct block_table *t, uint64_t block)
{
	return (size_t)(block * 0x9e3779b97f4a7c15ull >> 20) & (t->room - 1);
}

struct captured *table_find(const struct block_table *t, uint64_t block)
{
	size_t at = slot_of(t, block);

	while (t->slots[at].data && t->slots[at].block != block)
		at = (at + 1) & (t->room - 1);
	return &t->slots[at];
}

uint8_t *table_held(const struct block_table *t, uint64_t block)
{
	return t->count ? table_find(t, block)->data : NULL;
}

errcode_t table_grow(struct block_table *t)
{
	const struct block_table old = *t;

	if (t->room && t->count < t->room / 2)
		return 0;
	t->room = old.room ? old.room * 2 : FIRST_ROOM;
	t->slots = calloc(t->room, sizeof(*t->slots));
	if (!t->slots) {
		*t = old;
		return ENOMEM;
	}
	for (size_t i = 0; i < old.room; i++)
		if (old.slots[i].data)
			*table_find(t, old.slots[i].block) = old.slots[i];
	free(old.slots);
	return 0;
}

uint64_t table_first(const struct block_table *t, uint64_t from, uint64_t end)
{
	if (!t->count)
		return end;
	/* whichever is less: the blocks of the range, or all that are held */
	if (end - from < t->room) {
		while (from < end && !table_held(t, from))
			from++;
		return from;
	}
	for (size_t i = 0; i < t->room; i++)
		if (t->slots[i].data && t->slots[i].block >= from && t->slots[i].block < end)
			end = t->slots[i].block;
	return end;
}

void table_patch(const struct block_table *t, uint32_t bs, uint64_t off, size_t len, uint8_t *buf)
{
	if (!t->count || !len)
		return;
	for (uint64_t block = off / bs; block <= (off + len - 1) / bs; block++) {
		const uint8_t *data = table_held(t, block);
		uint64_t start = block * bs, from = start > off ? start : off;
		uint64_t end = start + bs < off + len ? start + bs : off + len;

		if (data)
			memcpy(buf + (from - off), data + (from - start), end - from);
	}
}

void table_set_logged(struct block_table *t, struct captured *slot, bool logged)
{
	t->logged += (size_t)logged - (size_t)slot->logged;
	slot->logged = logged;
}

void table_remove(struct block_table *t, uint64_t block)
{
	struct captured *slot = t->count ? table_find(t, block) : NULL;
	size_t at;

	if (!slot || !slot->data)
		return;
	table_set_logged(t, slot, false);
	free(slot->data);
	slot->data = NULL;
	t->count--;
	/* those after it may have been pushed there by it: put them in again */
	for (at = (size_t)(slot - t->slots + 1) & (t->room - 1); t->slots[at].data;
	     at = (at + 1) & (t->room - 1)) {
		struct captured moved = t->slots[at];

		t->slots[at].data = NULL;
		*table_find(t, moved.block) = moved;
	}
}
