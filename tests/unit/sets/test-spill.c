// SPDX-License-Identifier: GPL-2.0-or-later
// sets/spill: random records come back sorted and complete, spilled or not, and again after a
// rewind.
#include "../check.h"
#include "sets/spill.h"
#include <string.h>

struct item {
	uint64_t key;
	char filler[40];
};

static int compare(const void *pa, const void *pb)
{
	const struct item *a = pa, *b = pb;

	return (a->key > b->key) - (a->key < b->key);
}

static void read_back(struct spill *spill, uint64_t count, uint64_t sum)
{
	uint64_t last = 0, seen = 0, total = 0;
	const void *p;

	CHECK(spill_rewind(spill) == 0);
	for (;;) {
		const struct item *item;

		CHECK(spill_next(spill, &p) == 0);
		item = p;
		if (!item)
			break;
		CHECK(item->key >= last && (item->filler[39] == (char)item->key));
		last = item->key;
		total += item->key;
		seen++;
	}
	CHECK(seen == count && total == sum);
	CHECK(spill_next(spill, &p) == 0 && !p);
}

static void test(uint64_t count, size_t in_memory)
{
	uint64_t state = count + in_memory, sum = 0;
	struct spill *spill;

	CHECK(spill_new(sizeof(struct item), in_memory, compare, NULL, &spill) == 0);
	for (uint64_t i = 0; i < count; i++) {
		struct item item = {0};

		state = state * 6364136223846793005ull + 1;
		item.key = state >> 20;
		item.filler[39] = (char)item.key;
		sum += item.key;
		CHECK(spill_add(spill, &item) == 0);
	}
	read_back(spill, count, sum);
	read_back(spill, count, sum);
	spill_free(spill);
}

int main(void)
{
	for (uint64_t count = 0; count < 40; count++)
		for (size_t in_memory = 1; in_memory < 12; in_memory++)
			test(count, in_memory);
	test(100000, 1 << 20);
	test(100000, 1000);
	test(4000, 4000);
	return 0;
}
