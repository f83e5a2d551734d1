// SPDX-License-Identifier: GPL-2.0-or-later
// Blocks that nobody claims: free ones, and those that the bitmap calls used.
#include "ledger/place.h"

#include "unlinked/unlinked.h"

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
	if (meets(map, map->free, ledger->doubt.blocks))
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
		return "they may belong to an inode that cannot be read";
	if (rangeset_meets(ledger->disputed, map->first, map->clusters))
		return "the block bitmap and the inodes disagree";
	return ledger->img->shared_blocks ? "files share blocks" : NULL;
}

/* While scrubbing those of SET that are free were freed; a cluster has UNIT numbers in it. */
static errcode_t scrub_freed(const struct rangeset *set, uint32_t unit, const struct group_map *map,
			     struct home *home)
{
	uint64_t from = map->first * unit, end = (map->first + map->clusters) * unit, start, len;
	struct e4z_span blocks;
	errcode_t err = 0;

	while (!err && rangeset_next_in(set, &from, end, &start, &len)) {
		for (uint64_t n = start; n < start + len && !err; n += unit) {
			uint32_t bit = (uint32_t)(n / unit - map->first);

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
	if (tally)
		return add_runs(map, map->leaked, home);
	/* those of one kind alone are not among the free ones */
	return ledger_wants(ledger, E4Z_FREE_BLOCK) ? 0 : scrub_freed(ledger->leaked, 1, map, home);
}

errcode_t place_deleted_open(const struct ledger *ledger, const struct group_map *map,
			     struct home *home, struct tally *tally)
{
	const struct e4z_finding f = {
		.kind = E4Z_DELETED_OPEN, .group = map->group, .fixable = true};
	errcode_t err;

	/* each is a finding of its own; what is free is scrubbed where it can be */
	if (tally || !ledger->freed ||
	    (ledger_wants(ledger, E4Z_FREE_BLOCK) && !why_left(ledger, map)))
		return 0;
	err = home_spot(home, &f, false);
	return err ? err : scrub_freed(ledger->freed, map->img->cluster_ratio, map, home);
}

errcode_t place_unlinked(const struct ledger *l, const struct home_options *options)
{
	const struct unlinked_facts facts = {
		.img = l->img,
		.orphans = tables_orphans(l->tables),
		.dirs = tables_dirs(l->tables),
		.unreadable = findings_unreadable_inos(options->findings),
		.disputed = l->disputed,
		.doubt = &l->doubt,
		.unbelieved = l->unbelieved,
	};

	return ledger_wants(l, E4Z_DELETED_OPEN)
		       ? unlinked_find(&facts, tables_unlinked(l->tables), options)
		       : 0;
}
