// SPDX-License-Identifier: GPL-2.0-or-later
// Sorting and coalescing of tails.
#include "findings/plan.h"

#include <string.h>

#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)
#define SKIP_BITS 16 /* the offset in the block does not matter for the order */

/* One stable pass of a radix sort on the DIGIT_BITS of place from SHIFT on. */
static void radix_pass(const struct tail *from, struct tail *to, size_t count, unsigned shift)
{
	size_t at[DIGITS] = {0}, sum = 0;

	for (size_t i = 0; i < count; i++)
		at[from[i].place >> shift & (DIGITS - 1)]++;
	for (size_t d = 0; d < DIGITS; d++) {
		size_t n = at[d];

		at[d] = sum;
		sum += n;
	}
	for (size_t i = 0; i < count; i++)
		to[at[from[i].place >> shift & (DIGITS - 1)]++] = from[i];
}

void plan_sort(struct tail *tails, struct tail *tmp, size_t count)
{
	struct tail *from = tails, *to = tmp, *swap;
	uint64_t highest = 0;

	for (size_t i = 0; i < count; i++)
		highest |= tails[i].place;
	for (unsigned shift = SKIP_BITS; shift < 64 && highest >> shift; shift += DIGIT_BITS) {
		radix_pass(from, to, count, shift);
		swap = from;
		from = to;
		to = swap;
	}
	if (from != tails)
		memcpy(tails, from, count * sizeof(*tails));
}

struct batch plan_batch(const struct tail *tails, size_t count, size_t from, uint64_t max_gap,
			uint64_t max_blocks)
{
	uint64_t start = tail_pblk(&tails[from]), end = start + 1;
	size_t i = from + 1;

	for (; i < count; i++) {
		uint64_t pblk = tail_pblk(&tails[i]);

		if (pblk > end + max_gap || pblk + 1 > start + max_blocks)
			break;
		end = pblk + 1;
	}
	return (struct batch){(uint32_t)from, (uint32_t)(i - from)};
}
