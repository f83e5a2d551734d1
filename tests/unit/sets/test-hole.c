// SPDX-License-Identifier: GPL-2.0-or-later
// sets/hole against a search that looks at one cluster at a time.
#include "../check.h"
#include "../random.h"
#include "sets/hole.h"
#include <string.h>

#define CLUSTERS 520
#define FIRST 3

static uint8_t bitmap[CLUSTERS / 8 + 8];

static bool may_take(const struct hole_map *map, uint32_t i)
{
	uint64_t block = map->first + (uint64_t)i * map->ratio;

	if (i >= map->clusters || map->bitmap[i / 8] >> i % 8 & 1)
		return false;
	for (uint64_t b = block; b < block + map->ratio; b++)
		if (rangeset_has(map->closed[0], b) || rangeset_has(map->closed[1], b))
			return false;
	return true;
}

static uint32_t run_at(const struct hole_map *map, uint32_t at, uint32_t want)
{
	uint32_t len = 0;

	while (len < want && may_take(map, at + len))
		len++;
	return len;
}

static struct hole model(const struct hole_map *map, uint32_t from, uint32_t want,
			 uint32_t *longest)
{
	struct hole best = {.at = 0};
	uint32_t n = map->clusters;

	if (from >= n)
		from = 0;
	if (from && may_take(map, from))
		return (struct hole){from, run_at(map, from, want)};
	for (uint32_t k = 0; k < n && best.len < want; k++) {
		uint32_t at = (from + k) % n, len = run_at(map, at, want);

		if (len > best.len)
			best = (struct hole){at, len};
	}
	if (best.len < want)
		*longest = best.len;
	return best;
}

static void fill(uint32_t *state)
{
	uint32_t mean = 1 + next_random(state) % 40, at = 0;
	bool set = next_random(state) & 1;

	memset(bitmap, 0, sizeof(bitmap));
	while (at < CLUSTERS) {
		uint32_t len = 1 + next_random(state) % mean;

		for (; len-- && at < CLUSTERS; at++)
			bitmap[at / 8] |= (uint8_t)(set << at % 8);
		set = !set;
	}
}

static struct rangeset *some_blocks(uint32_t *state, uint32_t ratio)
{
	struct rangeset *set = rangeset_new(FIRST + CLUSTERS * 2);

	CHECK(set != NULL);
	for (uint32_t i = next_random(state) % 6; i--;) {
		uint64_t at = FIRST + next_random(state) % (CLUSTERS - 40) / ratio * ratio;

		CHECK(!rangeset_add(set, at, (1 + next_random(state) % 20) * ratio, NULL));
	}
	return set;
}

int main(void)
{
	uint32_t state = 7;

	for (int turn = 0; turn < 20000; turn++) {
		struct hole_map map = {.bitmap = bitmap, .first = FIRST};
		struct rangeset *a, *b;
		uint32_t from, want, la = 9999, lb = 9999;
		struct hole got, wanted;

		fill(&state);
		map.ratio = 1 + next_random(&state) % 2;
		map.clusters = CLUSTERS - next_random(&state) % 90;
		map.closed[0] = a = some_blocks(&state, map.ratio);
		map.closed[1] = b = some_blocks(&state, map.ratio);
		from = next_random(&state) % (CLUSTERS + 10);
		want = 1 + next_random(&state) % 60;
		if (turn % 3 == 0)
			from = 0;
		got = hole_find(&map, from, want, &la);
		wanted = model(&map, from, want, &lb);
		CHECK(got.len == wanted.len && la == lb);
		CHECK(!got.len || got.at == wanted.at);
		rangeset_free(a);
		rangeset_free(b);
	}
	return 0;
}
