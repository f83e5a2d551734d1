// SPDX-License-Identifier: GPL-2.0-or-later
// Searches a block bitmap for free runs, a word at a time.
#include "sets/hole.h"

#include <endian.h>
#include <string.h>

/* Bits [64 * W, 64 * W + 64) of the bitmap. */
static uint64_t word(const uint8_t *bitmap, uint32_t w)
{
	uint64_t n;

	memcpy(&n, bitmap + (size_t)w * sizeof(n), sizeof(n));
	return le64toh(n);
}

/* The first bit that is SET, or is not, in [from, end); END: there is none. */
static uint32_t find_bit(const uint8_t *bitmap, uint32_t from, uint32_t end, bool set)
{
	uint64_t flip = set ? 0 : UINT64_MAX, mask = UINT64_MAX << from % 64;

	for (uint32_t at = from - from % 64; at < end; at += 64, mask = UINT64_MAX) {
		uint64_t n = (word(bitmap, at / 64) ^ flip) & mask;
		uint32_t found;

		if (!n)
			continue;
		found = at + (uint32_t)__builtin_ctzll(n);
		return found < end ? found : end;
	}
	return end;
}

/* Some of clusters [at, end) are not to be taken. */
static bool is_closed(const struct hole_map *map, uint32_t at, uint32_t end)
{
	uint64_t block = map->first + (uint64_t)at * map->ratio;
	uint64_t len = (uint64_t)(end - at) * map->ratio;

	for (size_t i = 0; i < sizeof(map->closed) / sizeof(map->closed[0]); i++)
		if (map->closed[i] && rangeset_meets(map->closed[i], block, len))
			return true;
	return false;
}

/* Of the free bits [at, end), the first run that may be taken, cut to WANT. */
static struct hole open_part(const struct hole_map *map, uint32_t at, uint32_t end, uint32_t want)
{
	struct hole hole = {.at = at, .len = end - at < want ? end - at : want};

	if (!is_closed(map, at, at + hole.len))
		return hole;
	while (hole.at < end && is_closed(map, hole.at, hole.at + 1))
		hole.at++;
	hole.len = 0;
	while (hole.len < want && hole.at + hole.len < end &&
	       !is_closed(map, hole.at + hole.len, hole.at + hole.len + 1))
		hole.len++;
	return hole;
}

/* The next run that is longer than BEST, cut to WANT; LEN is 0 when there is none. */
static struct hole next_hole(const struct hole_map *map, uint32_t from, uint32_t want,
			     uint32_t best)
{
	uint32_t end = from;

	for (uint32_t at = from; at < map->clusters;) {
		struct hole hole;

		if (at >= end) {
			at = find_bit(map->bitmap, at, map->clusters, false);
			end = find_bit(map->bitmap, at, map->clusters, true);
		}
		if (end - at <= best) {
			at = end;
			continue;
		}
		hole = open_part(map, at, end, want);
		if (hole.len > best)
			return hole;
		/* the rest of the free bits, after those that are closed */
		at = hole.at + hole.len;
	}
	return (struct hole){.at = map->clusters};
}

/* Better than BEST, among those that begin in [from, end). */
static struct hole better(const struct hole_map *map, uint32_t from, uint32_t end, uint32_t want,
			  struct hole best)
{
	while (from < end && best.len < want) {
		struct hole hole = next_hole(map, from, want, best.len);

		if (!hole.len || hole.at >= end)
			break;
		best = hole;
		from = hole.at + hole.len;
	}
	return best;
}

struct hole hole_find(const struct hole_map *map, uint32_t from, uint32_t want, uint32_t *longest)
{
	struct hole best = {.at = 0};

	if (from >= map->clusters)
		from = 0;
	/* where the goal itself is free the file goes on there, however little that is */
	if (from) {
		best = next_hole(map, from, want, 0);
		if (best.len && best.at == from)
			return best;
	}
	best = better(map, from, map->clusters, want, (struct hole){.at = 0});
	best = better(map, 0, from, want, best);
	if (best.len < want)
		*longest = best.len;
	return best;
}
