// SPDX-License-Identifier: GPL-2.0-or-later
// sets/slab: pieces do not overlap, keep what is in them, and are used again.
#include "../check.h"
#include "sets/slab.h"
#include <string.h>

/* Far past the size at which areas become huge pages. */
static void test_many(size_t size, size_t count)
{
	struct slab slab = {.next = NULL};
	uint8_t **pieces = calloc(count, sizeof(*pieces));
	size_t areas;

	CHECK(pieces);
	for (size_t i = 0; i < count; i++) {
		pieces[i] = slab_take(&slab, size);
		CHECK(pieces[i] && (uintptr_t)pieces[i] % 8 == 0);
		memset(pieces[i], (int)(i % 251), size);
	}
	CHECK(slab.areas.count < 64);
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < count; i++)
			for (size_t k = 0; k < size; k++)
				CHECK(pieces[i][k] == i % 251);
		/* every third one goes and comes again: no more memory is taken for it */
		for (size_t i = 0; i < count; i += 3)
			slab_give(&slab, pieces[i]);
		areas = slab.areas.count;
		for (size_t i = 0; i < count; i += 3) {
			pieces[i] = slab_take(&slab, size);
			memset(pieces[i], (int)(i % 251), size);
		}
		CHECK(slab.areas.count == areas);
	}
	slab_free(&slab);
	CHECK(!slab.areas.count && !slab.left);
	free(pieces);
}

int main(void)
{
	test_many(8, 1000);
	test_many(8192, 700);
	test_many(3u << 20, 3);
	return 0;
}
