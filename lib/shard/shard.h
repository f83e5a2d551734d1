/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shards of a check: the block groups of each, and what it delivers for merging the results.
 * doc/findings.md, "Shards", explains why that is sufficient.
 */
#ifndef E4Z_SHARD_SHARD_H
#define E4Z_SHARD_SHARD_H

#include "findings/claims.h"
#include "image/image.h"

/* Groups [first, end). */
struct shard_groups {
	uint32_t first, end;
};

/* E4Z_ET_USAGE if the shard of OPTIONS does not exist, or other options exclude it. */
errcode_t shard_check(struct e4z_image *img, const struct e4z_check_options *options);

/*
 * The groups of shard N of COUNT, 1 to COUNT; COUNT 0: all groups of IMG. The result depends only
 * on the image and the two numbers. groups_load() must have been called.
 */
struct shard_groups shard_groups(const struct e4z_image *img, unsigned n, unsigned count);

/* The number of inodes of the groups, in use or not. */
uint64_t shard_inodes(const struct e4z_image *img, const struct shard_groups *groups);

/* Deliver SHARD, and then CLAIMS, which are consumed, to SINK. */
errcode_t shard_deliver(const struct e4z_image *img, const struct e4z_shard *shard,
			struct claims *claims, const struct e4z_check_sink *sink);

#endif
