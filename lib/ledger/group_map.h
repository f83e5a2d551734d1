/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clusters of one block group: what its bitmap says of each, and whether that agrees with who
 * claims it.
 *
 *                    nobody claims it     one claims it     two do
 *   bitmap: free     free                 disputed          disputed
 *   bitmap: used     leaked               owned             disputed
 *   not believed     disputed             owned             disputed
 */
#ifndef E4Z_LEDGER_GROUP_MAP_H
#define E4Z_LEDGER_GROUP_MAP_H

#include "base/bytes.h"
#include "findings/claims.h"
#include "ledger/statics.h"

/* Bits of clusters, in words of this host. */
struct group_map {
	const struct e4z_image *img;
	uint32_t group;
	uint64_t first;		 /* the cluster of bit 0 */
	uint32_t clusters;	 /* of the group */
	const char *why;	 /* why the bitmap is not believed; NULL: it is */
	uint64_t *used;		 /* as the bitmap says */
	uint64_t *owned, *fixed; /* by anybody; by static metadata */
	uint64_t *free, *leaked, *disputed;
	uint8_t *raw; /* a block */
};

errcode_t group_map_new(const struct e4z_image *img, struct group_map *map);
void group_map_free(struct group_map *map);

/*
 * MAP becomes that of group G. The calling thread's: libext2fs is asked. A bitmap that cannot be
 * read is not believed. CLAIMS may be NULL: all that the bitmap calls used is somebody's.
 */
errcode_t group_map_load(struct group_map *map, const struct statics *statics,
			 const struct claims *claims, uint32_t g);

/* The next run of BITS at or after *AT: [*at, *end), clusters of the group; false: none is left. */
bool group_map_next(const struct group_map *map, const uint64_t *bits, uint32_t *at, uint32_t *end);

/* How many are set, and what the blocks are of [at, end), which the file system's end may cut. */
uint32_t group_map_count(const struct group_map *map, const uint64_t *bits);
struct e4z_span group_map_blocks(const struct group_map *map, uint32_t at, uint32_t end);

/* The blocks of all of BITS. */
uint64_t group_map_size(const struct group_map *map, const uint64_t *bits);

#endif
