// SPDX-License-Identifier: GPL-2.0-or-later
// findings/plan: the sort against qsort; batches cover every tail once, within their bounds.
#include "../check.h"
#include "findings/plan.h"
#include <string.h>

static int compare(const void *pa, const void *pb)
{
	const struct tail *a = pa, *b = pb;

	return (tail_pblk(a) > tail_pblk(b)) - (tail_pblk(a) < tail_pblk(b));
}

static void test_sort(uint64_t seed, size_t count, unsigned bits)
{
	struct tail *a = calloc(count + 1, sizeof(*a)), *b = calloc(count + 1, sizeof(*b));
	struct tail *tmp = calloc(count + 1, sizeof(*tmp));

	CHECK(a && b && tmp);
	for (size_t i = 0; i < count; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		a[i] = tail_make((uint32_t)i + 1, seed >> 16 & ((1ull << bits) - 1),
				 (uint64_t)i * 4096 + 1 + seed % 4095, 12);
		CHECK(tail_skip(&a[i]) == 1 + seed % 4095 && a[i].lblk == i);
		b[i] = a[i];
	}
	plan_sort(a, tmp, count);
	qsort(b, count, sizeof(*b), compare);
	for (size_t i = 0; i < count; i++)
		CHECK(tail_pblk(&a[i]) == tail_pblk(&b[i]));
	free(a);
	free(b);
	free(tmp);
}

/* Every subset of 12 blocks, every gap and size up to 5. */
static void test_batches(void)
{
	for (unsigned set = 1; set < 1 << 12; set++) {
		struct tail tails[12];
		size_t count = 0;

		for (unsigned i = 0; i < 12; i++)
			if (set >> i & 1)
				tails[count++] = tail_make(i + 1, 100 + i, 1, 12);
		for (uint64_t gap = 0; gap < 5; gap++) {
			for (uint64_t most = 1; most <= 5; most++) {
				for (size_t at = 0; at < count;) {
					struct batch b = plan_batch(tails, count, at, gap, most);
					size_t end = at + b.count;
					uint64_t start = batch_start(tails, &b);
					uint64_t blocks = batch_blocks(tails, &b);

					CHECK(b.first == at && b.count >= 1 && blocks <= most);
					CHECK(start == tail_pblk(&tails[at]));
					CHECK(start + blocks == tail_pblk(&tails[end - 1]) + 1);
					for (size_t i = at + 1; i < end; i++)
						CHECK(tail_pblk(&tails[i]) <=
						      tail_pblk(&tails[i - 1]) + 1 + gap);
					/* no batch ends early */
					CHECK(end == count ||
					      tail_pblk(&tails[end]) > start + blocks + gap ||
					      tail_pblk(&tails[end]) + 1 > start + most);
					at = end;
				}
			}
		}
	}
}

int main(void)
{
	for (unsigned bits = 1; bits <= 48; bits++)
		test_sort(bits, 1000, bits);
	test_sort(1, 0, 8);
	test_sort(2, 1, 48);
	test_sort(3, 100000, 22);
	test_batches();
	return 0;
}
