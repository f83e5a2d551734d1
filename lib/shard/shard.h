/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shards of a check: which block groups each of them examines, and what it says of itself for
 * those that put the results together. doc/findings.md, "Shards", says why that is enough.
 */
#ifndef E4Z_SHARD_SHARD_H
#define E4Z_SHARD_SHARD_H

#include "findings/claims.h"
#include "image/image.h"

/* Groups [first, end). */
struct shard_groups {
	uint32_t first, end;
};

/* OPTIONS ask for a shard, of which there is none, or not with what else they ask for. */
errcode_t shard_check(struct e4z_image *img, const struct e4z_check_options *options);

/*
 * The groups of shard N of COUNT, 1 to COUNT; COUNT 0: all of IMG's. It depends on nothing but the
 * image and the two numbers. groups_load() was called.
 */
struct shard_groups shard_groups(const struct e4z_image *img, unsigned n, unsigned count);

/* Inodes of the groups, in use or not. */
uint64_t shard_inodes(const struct e4z_image *img, const struct shard_groups *groups);

/* SHARD, and then CLAIMS, which are used up, to SINK. */
errcode_t shard_deliver(const struct e4z_image *img, const struct e4z_shard *shard,
			struct claims *claims, const struct e4z_check_sink *sink);

#endif
