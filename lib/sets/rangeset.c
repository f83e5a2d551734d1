// SPDX-License-Identifier: GPL-2.0-or-later
// A set of numbers in chunks of 32,768: empty, full, a short list of ranges, or a bitmap.
//
// A chunk begins as a sorted list of ranges of 4 bytes each. When the list would pass LIST_MAX
// ranges, which is still far smaller than a bitmap, it becomes a bitmap; when every number is in,
// the chunk is full and its memory is given back. After a removal it is a bitmap, or empty.
#include "sets/rangeset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BITS 15
#define CHUNK (1u << CHUNK_BITS)
#define WORDS (CHUNK / 64)
#define LIST_MAX 64

enum form { EMPTY, LIST, BITMAP, FULL };

/* [start, start + len) within a chunk; len is kept less one so that 16 bits hold a whole chunk. */
struct piece {
	uint16_t start, last;
};

struct chunk {
	union {
		struct piece *list;
		uint64_t *bits;
	};
	uint32_t members;
	uint16_t pieces, room; /* of a list */
	enum form form;
};

struct rangeset {
	uint64_t limit;
	size_t chunks;
	uint64_t members;
	struct chunk chunk[];
};

struct rangeset *rangeset_new(uint64_t limit)
{
	uint64_t chunks = (limit >> CHUNK_BITS) + 1;
	struct rangeset *set;

	if (chunks > (SIZE_MAX - sizeof(*set)) / sizeof(set->chunk[0]))
		return NULL;
	set = calloc(1, sizeof(*set) + chunks * sizeof(set->chunk[0]));
	if (!set)
		return NULL;
	set->limit = limit;
	set->chunks = chunks;
	return set;
}

void rangeset_free(struct rangeset *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->chunks; i++)
		free(set->chunk[i].list);
	free(set);
}

/* Bits [start, last] of one word. */
static uint64_t word_mask(unsigned start, unsigned last)
{
	return (~0ull << start) & (~0ull >> (63 - last));
}

/* Set bits [start, last], or clear them; returns how many of them were set. */
static uint32_t bits_put(uint64_t *bits, unsigned start, unsigned last, bool set)
{
	uint32_t had = 0;

	for (unsigned w = start / 64; w <= last / 64; w++) {
		unsigned from = w == start / 64 ? start % 64 : 0;
		unsigned to = w == last / 64 ? last % 64 : 63;
		uint64_t mask = word_mask(from, to), met = bits[w] & mask;

		bits[w] = set ? bits[w] | mask : bits[w] & ~mask;
		/* (counting is a function where the processor may have no instruction for it) */
		if (met)
			had += (uint32_t)__builtin_popcountll(met);
	}
	return had;
}

/* The first bit at or after FROM that is WANTED, or CHUNK. */
static unsigned bits_find(const uint64_t *bits, unsigned from, bool wanted)
{
	unsigned w = from / 64;
	uint64_t flip = wanted ? 0 : ~0ull, word;

	if (from >= CHUNK)
		return CHUNK;
	word = (bits[w] ^ flip) & (~0ull << from % 64);
	while (!word) {
		if (++w == WORDS)
			return CHUNK;
		word = bits[w] ^ flip;
	}
	return w * 64 + (unsigned)__builtin_ctzll(word);
}

/* The index of the first piece whose last is at or after FROM. */
static unsigned list_find(const struct chunk *c, unsigned from)
{
	unsigned low = 0, high = c->pieces;

	/* additions mostly come in rising order */
	if (high && c->list[high - 1].last < from)
		return high;
	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (c->list[mid].last < from)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void chunk_fill(struct chunk *c)
{
	free(c->list);
	c->list = NULL;
	c->pieces = c->room = 0;
	c->form = FULL;
	c->members = CHUNK;
}

static int chunk_to_bitmap(struct chunk *c)
{
	uint64_t *bits = calloc(WORDS, sizeof(*bits));

	if (!bits)
		return ENOMEM;
	for (unsigned i = 0; i < c->pieces; i++)
		(void)bits_put(bits, c->list[i].start, c->list[i].last, true);
	if (c->form == FULL)
		(void)bits_put(bits, 0, CHUNK - 1, true);
	free(c->list);
	c->bits = bits;
	c->pieces = c->room = 0;
	c->form = BITMAP;
	return 0;
}

static int list_room(struct chunk *c)
{
	uint16_t room = c->room ? (uint16_t)(c->room * 2) : 4;
	struct piece *list;

	if (c->pieces < c->room)
		return 0;
	list = realloc(c->list, room * sizeof(*list));
	if (!list)
		return ENOMEM;
	c->list = list;
	c->room = room;
	return 0;
}

/* Merge [start, last] into the list; *HAD becomes the number of its members that were there. */
static int list_add(struct chunk *c, unsigned start, unsigned last, uint32_t *had)
{
	unsigned at = list_find(c, start ? start - 1 : 0), end = at;
	unsigned from = start, to = last;

	for (; end < c->pieces && c->list[end].start <= last + 1; end++) {
		const struct piece *p = &c->list[end];
		unsigned low = p->start > start ? p->start : start;
		unsigned high = p->last < last ? p->last : last;

		if (low <= high)
			*had += high - low + 1;
		if (p->start < from)
			from = p->start;
		if (p->last > to)
			to = p->last;
	}
	if (end == at) {
		if (list_room(c))
			return ENOMEM;
		memmove(c->list + at + 1, c->list + at, (c->pieces - at) * sizeof(*c->list));
		c->pieces++;
	} else if (end > at + 1) {
		memmove(c->list + at + 1, c->list + end, (c->pieces - end) * sizeof(*c->list));
		c->pieces -= (uint16_t)(end - at - 1);
	}
	c->list[at] = (struct piece){(uint16_t)from, (uint16_t)to};
	return 0;
}

/* Add [start, last] of chunk C; *HAD as in list_add. */
static int chunk_add(struct rangeset *set, struct chunk *c, unsigned start, unsigned last,
		     uint32_t *had)
{
	uint32_t len = last - start + 1;

	if (c->form == FULL) {
		*had = len;
		return 0;
	}
	if (c->form == LIST && c->pieces >= LIST_MAX && chunk_to_bitmap(c))
		return ENOMEM;
	if (c->form == BITMAP) {
		*had = bits_put(c->bits, start, last, true);
	} else {
		if (list_add(c, start, last, had))
			return ENOMEM;
		c->form = LIST;
	}
	c->members += len - *had;
	set->members += len - *had;
	if (c->members == CHUNK)
		chunk_fill(c);
	return 0;
}

int rangeset_add(struct rangeset *set, uint64_t start, uint64_t len, bool *overlapped)
{
	uint64_t end = start + len;
	bool met = false;

	if (len == 0)
		return 0;
	if (end < start || end > set->limit)
		return ERANGE;
	while (start < end) {
		uint64_t chunk_end = ((start >> CHUNK_BITS) + 1) << CHUNK_BITS;
		uint64_t stop = end < chunk_end ? end : chunk_end;
		uint32_t had = 0;

		if (chunk_add(set, &set->chunk[start >> CHUNK_BITS], start % CHUNK,
			      (stop - 1) % CHUNK, &had))
			return ENOMEM;
		met |= had != 0;
		start = stop;
	}
	if (met && overlapped)
		*overlapped = true;
	return 0;
}

/* Take [start, last] out of chunk C. */
static int chunk_remove(struct rangeset *set, struct chunk *c, unsigned start, unsigned last)
{
	uint32_t had;

	if (c->form == EMPTY)
		return 0;
	if (c->form != BITMAP && chunk_to_bitmap(c))
		return ENOMEM;
	had = bits_put(c->bits, start, last, false);
	c->members -= had;
	set->members -= had;
	if (c->members)
		return 0;
	free(c->bits);
	c->bits = NULL;
	c->form = EMPTY;
	return 0;
}

int rangeset_remove(struct rangeset *set, uint64_t start, uint64_t len)
{
	uint64_t end = start + len;

	if (end < start || end > set->limit)
		return ERANGE;
	while (start < end) {
		uint64_t chunk_end = ((start >> CHUNK_BITS) + 1) << CHUNK_BITS;
		uint64_t stop = end < chunk_end ? end : chunk_end;

		if (chunk_remove(set, &set->chunk[start >> CHUNK_BITS], start % CHUNK,
				 (stop - 1) % CHUNK))
			return ENOMEM;
		start = stop;
	}
	return 0;
}

/* The first member of C in [from, CHUNK), and the end of its range; false when there is none. */
static bool chunk_next(const struct chunk *c, unsigned from, unsigned *start, unsigned *end)
{
	unsigned i;

	switch (c->form) {
	case EMPTY: return false;
	case FULL:
		*start = from;
		*end = CHUNK;
		return true;
	case LIST:
		i = list_find(c, from);
		if (i == c->pieces)
			return false;
		*start = c->list[i].start > from ? c->list[i].start : from;
		*end = c->list[i].last + 1u;
		return true;
	case BITMAP:
		*start = bits_find(c->bits, from, true);
		*end = bits_find(c->bits, *start, false);
		return *start < CHUNK;
	}
	return false;
}

bool rangeset_meets(const struct rangeset *set, uint64_t start, uint64_t len)
{
	uint64_t end = start + len;

	if (end < start || end > set->limit)
		end = set->limit;
	while (start < end) {
		uint64_t base = start & ~(uint64_t)(CHUNK - 1);
		unsigned at, stop;

		if (chunk_next(&set->chunk[start >> CHUNK_BITS], start % CHUNK, &at, &stop))
			return base + at < end;
		start = base + CHUNK;
	}
	return false;
}

bool rangeset_has(const struct rangeset *set, uint64_t n)
{
	const struct chunk *c;
	unsigned at = n % CHUNK, i;

	if (n >= set->limit)
		return false;
	c = &set->chunk[n >> CHUNK_BITS];
	if (c->form == EMPTY)
		return false;
	if (c->form == BITMAP)
		return c->bits[at / 64] >> at % 64 & 1;
	if (c->form != LIST)
		return c->form == FULL;
	i = list_find(c, at);
	return i < c->pieces && c->list[i].start <= at;
}

uint64_t rangeset_count(const struct rangeset *set)
{
	return set->members;
}

bool rangeset_next_in(const struct rangeset *set, uint64_t *from, uint64_t end, uint64_t *start,
		      uint64_t *len)
{
	uint64_t at = *from;
	bool found = false;

	end = end < set->limit ? end : set->limit;
	while (at < end) {
		uint64_t base = at & ~(uint64_t)(CHUNK - 1);
		unsigned low, high;

		if (!chunk_next(&set->chunk[at >> CHUNK_BITS], at % CHUNK, &low, &high)) {
			if (found)
				break;
			at = base + CHUNK;
			continue;
		}
		if (base + low >= end || (found && base + low != at))
			break;
		if (!found)
			*start = base + low;
		found = true;
		at = base + high;
		if (high < CHUNK)
			break;
	}
	at = at < end ? at : end;
	*from = at;
	if (found)
		*len = at - *start;
	return found;
}

bool rangeset_next(const struct rangeset *set, uint64_t *from, uint64_t *start, uint64_t *len)
{
	return rangeset_next_in(set, from, set->limit, start, len);
}

int rangeset_add_again(struct rangeset *set, uint64_t start, uint64_t len, struct rangeset *again)
{
	uint64_t from = start, at, n;
	int err = 0;

	while (!err && rangeset_next_in(set, &from, start + len, &at, &n))
		err = rangeset_add(again, at, n, NULL);
	return err ? err : rangeset_add(set, start, len, NULL);
}
