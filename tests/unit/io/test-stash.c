// SPDX-License-Identifier: GPL-2.0-or-later
// io/stash: the newest content of each block is what a plain array says, whether it is in memory or
// in the temporary file, and going back leaves what was there at the mark.
#include "../check.h"
#include "../failing.h"
#include "../random.h"
#include "io/stash.h"
#include <string.h>

#define BLOCKS 40u

/* What a block holds: every byte of it, zeroes, or nothing. */
enum { NOTHING = -2, ZEROES = -1 };

struct model {
	int content[BLOCKS];
	uint32_t number[BLOCKS], group[BLOCKS];
};

static void compare(const struct stash *stash, const struct model *m, uint32_t bs)
{
	static uint8_t data[65536];

	for (uint32_t b = 0; b < BLOCKS; b++) {
		const struct stashed *it = stash_find(stash, b);

		CHECK(!it == (m->content[b] == NOTHING));
		CHECK(stash_first(stash, b, b + 1) == b + !it);
		if (!it)
			continue;
		CHECK(it->number == m->number[b] && it->group == m->group[b]);
		CHECK((it->place == STASH_ZERO) == (m->content[b] == ZEROES));
		CHECK(stash_read(stash, it, data) == 0);
		for (uint32_t i = 0; i < bs; i++)
			CHECK(data[i] == (m->content[b] == ZEROES ? 0 : m->content[b]));
	}
}

/* The first one of a range, short and long: both ways of looking. */
static void compare_first(const struct stash *stash, const struct model *m)
{
	uint64_t first = BLOCKS;

	for (uint32_t b = BLOCKS; b-- > 0;)
		if (m->content[b] != NOTHING)
			first = b;
	CHECK(stash_first(stash, 0, BLOCKS) == first);
	CHECK(stash_first(stash, 0, 1u << 20) == (first < BLOCKS ? first : 1u << 20));
	CHECK(stash_first(stash, BLOCKS, 1u << 20) == 1u << 20);
}

static void put(struct stash *stash, struct model *m, uint32_t *state, uint32_t bs, uint32_t number)
{
	static uint8_t data[65536];
	uint32_t b = next_random(state) % BLOCKS, byte = next_random(state) % 256;
	bool zero = next_random(state) % 5 == 0;

	memset(data, (int)byte, bs);
	CHECK(stash_put(stash, b, zero ? NULL : data, number, number / 7, false) == 0);
	m->content[b] = zero ? ZEROES : (int)byte;
	m->number[b] = number;
	m->group[b] = number / 7;
}

static void test(uint32_t bs, size_t memory, uint32_t seed)
{
	struct stash *stash = stash_new(bs, memory, NULL);
	struct model now, marked;
	uint32_t state = seed;

	CHECK(stash);
	for (uint32_t b = 0; b < BLOCKS; b++)
		now.content[b] = NOTHING;
	marked = now;
	compare(stash, &now, bs);
	for (uint32_t step = 1; step < 300; step++) {
		switch (next_random(&state) % 24) {
		case 0:
			stash_mark(stash);
			marked = now;
			break;
		case 1:
			stash_back(stash);
			now = marked;
			break;
		default: put(stash, &now, &state, bs, step); break;
		}
		if (step % 10 == 0)
			compare(stash, &now, bs);
		compare_first(stash, &now);
	}
	stash_free(stash);
}

/* A put that memory runs out for changes nothing, and the next one goes on. */
static bool put_failing(unsigned n)
{
	struct stash *stash;
	uint8_t data[1024], is[1024];
	unsigned failed = 0;
	size_t count;

	failing_arm(FAIL_ALLOC, n);
	stash = stash_new(sizeof(data), 2u << 20, NULL);
	for (uint32_t b = 0; stash && b < 1500; b++) {
		memset(data, (int)b, sizeof(data));
		while (stash_put(stash, b, data, b + 1, 0, false)) {
			CHECK(!failed++ && !stash_find(stash, b));
			(void)stash_all(stash, &count);
			CHECK(count == b);
		}
	}
	for (uint32_t b = 0; stash && b < 1500; b++) {
		memset(data, (int)b, sizeof(data));
		CHECK(stash_read(stash, stash_find(stash, b), is) == 0);
		CHECK(!memcmp(is, data, sizeof(is)));
	}
	stash_free(stash);
	return failing_disarm();
}

static void test_failing(void)
{
	unsigned n = 1;

	while (put_failing(n))
		n++;
	CHECK(n > 10);
}

int main(void)
{
	test_failing();
	for (uint32_t seed = 1; seed <= 20; seed++) {
		test(1024, 0, seed);
		test(1024, 5 * 1024 + 100, seed);
		test(4096, 4u << 20, seed);
	}
	test(65536, 3 * 65536, 7);
	test(65536, 4u << 20, 8);
	return 0;
}
