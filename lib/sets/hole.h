/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs of clusters that may be taken, in the bitmap of one group. */
#ifndef E4Z_SETS_HOLE_H
#define E4Z_SETS_HOLE_H

#include "sets/rangeset.h"

struct hole_map {
	const uint8_t *bitmap; /* as on the disk; whole words of 64 bits */
	uint32_t clusters;     /* bits that stand for whole clusters of the file system */
	uint64_t first;	       /* block of bit 0 */
	uint32_t ratio;	       /* blocks of a cluster */
	/* blocks that are not to be taken, whatever the bitmap says; NULL: none */
	const struct rangeset *closed[3];
};

struct hole {
	uint32_t at, len; /* clusters */
};

/*
 * The run at FROM, unless FROM is 0, however short it is; else the first of WANT clusters or more
 * at or after FROM, cut to WANT, and before it otherwise; else the longest, LEN 0 if there is none.
 * *LONGEST becomes what no run of the map exceeds, or stays where nothing was learnt of that.
 */
struct hole hole_find(const struct hole_map *map, uint32_t from, uint32_t want, uint32_t *longest);

#endif
