// SPDX-License-Identifier: GPL-2.0-or-later
// cluster-slack, of clusters that no file's data is in: blocks beside static metadata, and beside a
// block of a tree or of attributes; and reserved-gdt in such clusters, of inode 7.
#include "ledger/place.h"

/* The runs of blocks of CLUSTER that are not in HAVE. */
static errcode_t add_rest(const struct ledger *ledger, const struct rangeset *have,
			  struct e4z_span cluster, struct home *home)
{
	uint32_t bits = ledger->img->block_bits;
	uint64_t at = cluster.start, end = cluster.start + cluster.len, from = at, start, len;
	errcode_t err = 0;

	while (!err && at < end) {
		if (!rangeset_next_in(have, &from, end, &start, &len)) {
			start = end;
			len = 0;
		}
		if (start > at)
			err = home_add(home, at << bits, (start - at) << bits);
		at = start + len;
	}
	return err;
}

/* Is nothing but a block of HAVE in cluster BIT? A block that was freed may be in a new place. */
static bool is_its(const struct ledger *ledger, const struct group_map *map,
		   const struct rangeset *have, uint32_t bit, struct e4z_span *cluster)
{
	*cluster = group_map_blocks(map, bit, bit + 1);
	return rangeset_meets(have, cluster->start, cluster->len) &&
	       !(map->free[bit / 64] >> bit % 64 & 1) &&
	       !rangeset_has(ledger->disputed, map->first + bit) &&
	       !(ledger->taken && rangeset_meets(ledger->taken, cluster->start, cluster->len));
}

static errcode_t add_clusters(const struct ledger *ledger, const struct group_map *map,
			      const struct rangeset *have, struct home *home)
{
	struct e4z_span all = group_map_blocks(map, 0, map->clusters), cluster;
	uint64_t from = all.start, start, len;
	errcode_t err = 0;

	while (!err && rangeset_next_in(have, &from, all.start + all.len, &start, &len)) {
		uint64_t ratio = ledger->img->cluster_ratio, bit = start / ratio - map->first;

		for (; !err && bit <= (start + len - 1) / ratio - map->first; bit++)
			if (is_its(ledger, map, have, (uint32_t)bit, &cluster))
				err = add_rest(ledger, have, cluster, home);
		from = (map->first + bit) * ratio;
	}
	return err;
}

/* May a cluster with a block of HAVE be in the map of an inode that cannot be read? */
static bool in_doubt(const struct ledger *ledger, const struct group_map *map,
		     const struct rangeset *have)
{
	struct e4z_span all = group_map_blocks(map, 0, map->clusters), cluster;
	uint64_t from = all.start, end = all.start + all.len, start, len;

	while (rangeset_next_in(ledger->doubt.blocks, &from, end, &start, &len)) {
		uint64_t ratio = ledger->img->cluster_ratio;

		for (uint64_t c = start / ratio; c <= (start + len - 1) / ratio; c++) {
			cluster = group_map_blocks(map, (uint32_t)(c - map->first),
						   (uint32_t)(c - map->first) + 1);
			if (rangeset_meets(have, cluster.start, cluster.len))
				return true;
		}
	}
	return false;
}

errcode_t place_cluster_slack(const struct ledger *ledger, const struct group_map *map,
			      struct home *home, struct tally *tally)
{
	struct e4z_finding f = {.kind = E4Z_CLUSTER_SLACK, .group = map->group};
	const struct rangeset *statics = ledger->statics.blocks, *alone = ledger->alone;
	errcode_t err;

	(void)tally;
	if (ledger->img->cluster_ratio == 1)
		return 0;
	if (rangeset_meets(ledger->disputed, map->first, map->clusters))
		f.why = "the block bitmap and the inodes disagree";
	if (in_doubt(ledger, map, statics) || (alone && in_doubt(ledger, map, alone)))
		f.why = "a block may belong to an inode that cannot be read";
	f.fixable = !f.why && !ledger->img->shared_blocks;
	err = home_spot(home, &f, false);
	if (!err)
		err = add_clusters(ledger, map, statics, home);
	return err || !alone ? err : add_clusters(ledger, map, alone, home);
}

errcode_t place_spare_gdt(const struct ledger *ledger, const struct group_map *map,
			  struct home *home, struct tally *tally)
{
	const struct e4z_image *img = ledger->img;
	struct e4z_span group = group_map_blocks(map, 0, map->clusters);
	uint64_t from = group.start, start, len;
	struct e4z_finding f = {.kind = E4Z_RESERVED_GDT, .group = map->group};
	errcode_t err;

	if (ledger->statics.spare_unread && !map->group) {
		f.why = "the map of the resize inode cannot be read";
		err = home_spot(home, &f, true);
		f.why = NULL;
		if (err)
			return err;
	}
	if (!rangeset_meets(ledger->statics.spare, group.start, group.len))
		return 0;
	while (rangeset_next_in(ledger->statics.spare, &from, group.start + group.len, &start,
				&len))
		if (rangeset_meets(ledger->doubt.blocks, start, len))
			f.why = "a block may belong to an inode that cannot be read";
	f.fixable = !f.why && !img->shared_blocks;
	from = group.start;
	err = home_spot(home, &f, false);
	while (!err && rangeset_next_in(ledger->statics.spare, &from, group.start + group.len,
					&start, &len)) {
		uint64_t first = start / img->cluster_ratio;

		if (rangeset_meets(ledger->disputed, first,
				   (start + len - 1) / img->cluster_ratio + 1 - first))
			continue;
		if (tally)
			tally_move(tally, OWNER_RESIZE, owner_of_kind(E4Z_RESERVED_GDT),
				   len << img->block_bits);
		err = home_add(home, start << img->block_bits, len << img->block_bits);
	}
	return err;
}
