// SPDX-License-Identifier: GPL-2.0-or-later
// cluster-slack, of static metadata: blocks that nothing has in clusters that it has a part of.
#include "ledger/place.h"

/* The runs of blocks of cluster BIT that no static metadata has. */
static errcode_t add_rest(const struct ledger *ledger, const struct group_map *map, uint32_t bit,
			  struct home *home)
{
	const struct e4z_image *img = ledger->img;
	struct e4z_span cluster = group_map_blocks(map, bit, bit + 1);
	uint64_t at = cluster.start, end = cluster.start + cluster.len, from = at, start, len;
	errcode_t err = 0;

	while (!err && at < end) {
		if (!rangeset_next_in(ledger->statics.blocks, &from, end, &start, &len)) {
			start = end;
			len = 0;
		}
		if (start > at)
			err = home_add(home, at << img->block_bits,
				       (start - at) << img->block_bits);
		at = start + len;
	}
	return err;
}

errcode_t place_cluster_slack(const struct ledger *ledger, const struct group_map *map,
			      struct home *home, struct tally *tally)
{
	struct e4z_finding f = {.kind = E4Z_CLUSTER_SLACK, .group = map->group};
	errcode_t err;

	(void)tally;
	if (ledger->img->cluster_ratio == 1)
		return 0;
	if (rangeset_meets(ledger->disputed, map->first, map->clusters))
		f.why = "the block bitmap and the inodes disagree";
	for (uint32_t at = 0, end; group_map_next(map, map->fixed, &at, &end); at = end) {
		struct e4z_span blocks = group_map_blocks(map, at, end);

		if (rangeset_meets(ledger->doubt, blocks.start, blocks.len))
			f.why = "a block may belong to an inode that cannot be read";
	}
	f.fixable = !f.why && !ledger->img->shared_blocks;
	err = home_spot(home, &f, false);
	for (uint32_t at = 0, end; !err && group_map_next(map, map->fixed, &at, &end); at++)
		if (!rangeset_has(ledger->disputed, map->first + at))
			err = add_rest(ledger, map, at, home);
	return err;
}
