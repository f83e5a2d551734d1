// SPDX-License-Identifier: GPL-2.0-or-later
// Blocks that nobody claims: free ones, and those that the bitmap calls used.
#include "ledger/place.h"

/* The runs of BITS go to HOME. */
static errcode_t add_runs(const struct group_map *map, const uint64_t *bits, struct home *home)
{
	uint32_t bits_shift = map->img->block_bits;
	errcode_t err = 0;

	for (uint32_t at = 0, end; !err && group_map_next(map, bits, &at, &end); at = end) {
		struct e4z_span blocks = group_map_blocks(map, at, end);

		err = home_add(home, blocks.start << bits_shift, blocks.len << bits_shift);
	}
	return err;
}

static bool meets(const struct group_map *map, const uint64_t *bits, const struct rangeset *set)
{
	for (uint32_t at = 0, end; group_map_next(map, bits, &at, &end); at = end) {
		struct e4z_span blocks = group_map_blocks(map, at, end);

		if (rangeset_meets(set, blocks.start, blocks.len))
			return true;
	}
	return false;
}

/* Why no free block of the group may be touched, or NULL. */
static const char *why_left(const struct ledger *ledger, const struct group_map *map)
{
	if (map->why)
		return map->why;
	if (rangeset_meets(ledger->disputed, map->first, map->clusters))
		return "the block bitmap and the inodes disagree";
	if (meets(map, map->free, ledger->doubt))
		return "a block may belong to an inode that cannot be read";
	return ledger->img->shared_blocks ? "files share blocks" : NULL;
}

errcode_t place_free_block(const struct ledger *ledger, const struct group_map *map,
			   struct home *home, struct tally *tally)
{
	struct e4z_finding f = {.kind = E4Z_FREE_BLOCK, .group = map->group};
	errcode_t err;

	(void)tally;
	if (!group_map_count(map, map->free))
		return 0;
	f.why = why_left(ledger, map);
	f.fixable = !f.why;
	err = home_spot(home, &f, false);
	return err ? err : add_runs(map, map->free, home);
}

/* Why the leaked blocks of the group are left, or NULL. */
static const char *why_leaked_left(const struct ledger *ledger, const struct group_map *map)
{
	if (ledger->incomplete)
		return "an inode that cannot be read may have them";
	if (rangeset_meets(ledger->disputed, map->first, map->clusters))
		return "the block bitmap and the inodes disagree";
	return ledger->img->shared_blocks ? "files share blocks" : NULL;
}

/* While scrubbing they are free: those of one kind alone are not among the free ones. */
static errcode_t scrub_leaked(const struct ledger *ledger, const struct group_map *map,
			      struct home *home)
{
	uint64_t from = map->first, start, len;
	struct e4z_span blocks;
	errcode_t err = 0;

	if (ledger->kinds & E4Z_KIND_BIT(E4Z_FREE_BLOCK))
		return 0;
	while (!err &&
	       rangeset_next_in(ledger->leaked, &from, map->first + map->clusters, &start, &len)) {
		for (uint64_t c = start; c < start + len && !err; c++) {
			uint32_t bit = (uint32_t)(c - map->first);

			if (!(map->free[bit / 64] >> bit % 64 & 1))
				continue;
			blocks = group_map_blocks(map, bit, bit + 1);
			err = home_add(home, blocks.start << map->img->block_bits,
				       blocks.len << map->img->block_bits);
		}
	}
	return err;
}

errcode_t place_leaked_block(const struct ledger *ledger, const struct group_map *map,
			     struct home *home, struct tally *tally)
{
	struct e4z_finding f = {.kind = E4Z_LEAKED_BLOCK, .group = map->group};
	errcode_t err;

	if (!rangeset_meets(ledger->leaked, map->first, map->clusters))
		return 0;
	f.why = why_leaked_left(ledger, map);
	f.fixable = !f.why;
	err = home_spot(home, &f, true);
	if (err)
		return err;
	return tally ? add_runs(map, map->leaked, home) : scrub_leaked(ledger, map, home);
}
