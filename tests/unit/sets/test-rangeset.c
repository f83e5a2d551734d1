// SPDX-License-Identifier: GPL-2.0-or-later
// sets/rangeset against a plain array of flags: random ranges of every size, across all forms of a
// chunk.
#include "../check.h"
#include "sets/rangeset.h"
#include <errno.h>
#include <malloc.h>
#include <string.h>

#define LIMIT (5 * 32768 + 777)

static uint8_t model[LIMIT];

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*state >> 33);
}

static bool model_meets(uint64_t start, uint64_t len)
{
	for (uint64_t i = start; i < start + len && i < LIMIT; i++)
		if (model[i])
			return true;
	return false;
}

static void compare(const struct rangeset *set)
{
	uint64_t from = 0, start, len, at = 0, members = 0;

	while (rangeset_next(set, &from, &start, &len)) {
		for (; at < start; at++)
			CHECK(!model[at]);
		for (; at < start + len; at++)
			CHECK(model[at]);
		/* maximal */
		CHECK(at == LIMIT || !model[at]);
		members += len;
	}
	for (; at < LIMIT; at++)
		CHECK(!model[at]);
	CHECK(rangeset_count(set) == members);
}

static uint64_t model_count(uint64_t start, uint64_t len)
{
	uint64_t count = 0;

	for (uint64_t i = start; i < start + len && i < LIMIT; i++)
		count += model[i];
	return count;
}

/* What a part of the set has is what the model has there, in ranges that end with the part. */
static void compare_part(const struct rangeset *set, uint64_t first, uint64_t end)
{
	uint64_t from = first, start, len, at = first;

	while (rangeset_next_in(set, &from, end, &start, &len)) {
		CHECK(start >= at && len && start + len <= end && from == start + len);
		CHECK(model_count(at, start - at) == 0);
		CHECK(model_count(start, len) == len);
		at = start + len;
		CHECK(at == end || !model[at]);
	}
	CHECK(model_count(at, end - at) == 0);
}

/* Those that come again are counted once each, in any order of the ranges. */
static void test_again(uint64_t seed)
{
	struct rangeset *set = rangeset_new(LIMIT), *again = rangeset_new(LIMIT);
	static uint8_t times[LIMIT];

	CHECK(set && again);
	memset(times, 0, sizeof(times));
	for (int i = 0; i < 200; i++) {
		uint64_t start = next_random(&seed) % (LIMIT - 3000);
		uint64_t len = 1 + next_random(&seed) % 3000;

		CHECK(rangeset_add_again(set, start, len, again) == 0);
		for (uint64_t n = start; n < start + len; n++)
			times[n] += times[n] < 2;
	}
	for (uint64_t n = 0; n < LIMIT; n++)
		CHECK(rangeset_has(set, n) == (times[n] > 0) &&
		      rangeset_has(again, n) == (times[n] > 1));
	CHECK(rangeset_add_again(set, LIMIT - 1, 2, again) == ERANGE);
	rangeset_free(set);
	rangeset_free(again);
}

static void remove_some(struct rangeset *set, uint64_t *seed, uint32_t longest)
{
	uint64_t start = next_random(seed) % LIMIT, len = 1 + next_random(seed) % longest;

	if (start + len > LIMIT)
		len = LIMIT - start;
	CHECK(rangeset_remove(set, start, len) == 0);
	memset(model + start, 0, len);
	CHECK(!rangeset_meets(set, start, len));
}

static void test_random(uint64_t seed, uint32_t longest, int rounds)
{
	struct rangeset *set = rangeset_new(LIMIT);

	CHECK(set);
	memset(model, 0, sizeof(model));
	for (int i = 0; i < rounds; i++) {
		uint64_t start = next_random(&seed) % LIMIT;
		uint64_t len = 1 + next_random(&seed) % longest;
		bool overlapped = false;

		if (start + len > LIMIT)
			len = LIMIT - start;
		CHECK(rangeset_meets(set, start, len) == model_meets(start, len));
		CHECK(rangeset_add(set, start, len, &overlapped) == 0);
		CHECK(overlapped == model_meets(start, len));
		memset(model + start, 1, len);
		CHECK(rangeset_has(set, start) && rangeset_meets(set, start + len - 1, 1));
		compare_part(set, start / 2, start + len);
		if (i % 5 == 0)
			remove_some(set, &seed, longest);
		if (i % 64 == 0)
			compare(set);
	}
	compare(set);
	CHECK(rangeset_remove(set, 0, LIMIT) == 0 && rangeset_count(set) == 0);
	rangeset_free(set);
}

static void test_limits(void)
{
	struct rangeset *set = rangeset_new(100);
	bool overlapped = false;

	CHECK(set);
	CHECK(rangeset_add(set, 99, 1, &overlapped) == 0 && !overlapped);
	CHECK(rangeset_add(set, 99, 2, NULL) == ERANGE);
	CHECK(rangeset_add(set, UINT64_MAX, 2, NULL) == ERANGE);
	CHECK(rangeset_add(set, 5, 0, NULL) == 0);
	CHECK(rangeset_remove(set, 99, 2) == ERANGE);
	CHECK(!rangeset_meets(set, 100, 1) && !rangeset_meets(set, UINT64_MAX, 1));
	CHECK(rangeset_meets(set, 0, UINT64_MAX));
	CHECK(rangeset_count(set) == 1);
	rangeset_free(set);
}

/* 16 TiB of 4k blocks, all taken: chunks that fill up give their memory back. */
static void test_memory(void)
{
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
	struct rangeset *set = rangeset_new(1ull << 32);

	CHECK(set);
	for (uint64_t at = 0; at < 1ull << 32; at += 1 << 20)
		CHECK(rangeset_add(set, at, 1 << 20, NULL) == 0);
	CHECK(rangeset_count(set) == 1ull << 32);
	CHECK(mallinfo2().uordblks + mallinfo2().hblkhd - before < 8u << 20);
	rangeset_free(set);
}

int main(void)
{
	for (uint64_t seed = 1; seed <= 8; seed++) {
		test_random(seed, 3, 3000);
		test_random(seed, 200, 2000);
		test_random(seed, 40000, 60);
		test_again(seed);
	}
	test_limits();
	test_memory();
	return 0;
}
