/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the shards of an image claim, and whether two of them claim the same. */
#ifndef E4ZERO_OVERLAP_H
#define E4ZERO_OVERLAP_H

#include "e4zero.h"

/*
 * Ranges of one sort, in the order in which they came: of each the distance from the end of the
 * range before it in the same shard, and the length, in 7 bits a byte. No number takes more bytes
 * than in the report.
 */
struct overlap_list {
	uint8_t *bytes;
	size_t len, room;
	size_t *runs; /* where the ranges of each shard begin */
	size_t run_count, run_room;
	bool same;    /* what follows is of the same shard as the last run */
	uint64_t end; /* of the last range of the shard at hand */
};

/* All zero: nothing is claimed. */
struct overlap {
	struct overlap_list lists[2]; /* by enum e4z_claims_of */
};

void overlap_free(struct overlap *overlap);

/* The claims of another shard follow. */
void overlap_next_shard(struct overlap *overlap);

/*
 * Add the ranges of TEXT, which json_claims() wrote: EINVAL if they are not valid, are not in
 * ascending order after those before them, or reach past LIMIT. ENOMEM.
 */
errcode_t overlap_add(struct overlap *overlap, enum e4z_claims_of of, const char *text,
		      uint64_t limit);

/*
 * *ANY: two shards claim a cluster, or one claims a cluster in which there is a block of attributes
 * of another, or two such blocks are in one. CLUSTER_BLOCKS are in a cluster. ENOMEM.
 */
errcode_t overlap_any(const struct overlap *overlap, uint32_t cluster_blocks, bool *any);

#endif
