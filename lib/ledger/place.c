// SPDX-License-Identifier: GPL-2.0-or-later
// Takes bytes out of a class of static metadata, as far as nobody else claims them.
#include "ledger/place.h"

static errcode_t take(const struct stretch *s, uint64_t from, uint64_t end, struct home *home,
		      struct tally *tally)
{
	if (from >= end)
		return 0;
	if (tally)
		tally_move(tally, s->owner, owner_of_kind(s->kind), end - from);
	return home_add(home, from, end - from);
}

errcode_t place_take(const struct ledger *ledger, const struct stretch *s, struct home *home,
		     struct tally *tally)
{
	const struct e4z_image *img = ledger->img;
	uint64_t size = img->blocks << img->block_bits, at = s->off, end = s->off + s->len;
	uint64_t cluster = (uint64_t)img->cluster_ratio << img->block_bits, from, start, len;
	errcode_t err = 0;

	end = end < size ? end : size;
	if (at >= end)
		return 0;
	from = at / cluster;
	while (!err &&
	       rangeset_next_in(ledger->disputed, &from, (end - 1) / cluster + 1, &start, &len)) {
		err = take(s, at, start * cluster, home, tally);
		at = (start + len) * cluster;
	}
	return err ? err : take(s, at, end, home, tally);
}

bool place_in_doubt(const struct ledger *ledger, const struct stretch *s)
{
	uint32_t bits = ledger->img->block_bits;
	uint64_t first = s->off >> bits;

	return s->len &&
	       rangeset_meets(ledger->doubt, first, ((s->off + s->len - 1) >> bits) - first + 1);
}
