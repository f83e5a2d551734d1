/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One group's part of the file system's bookkeeping while it is changed: its block bitmap, its
 * descriptor, the free counts, with their checksums.
 */
#ifndef E4Z_TXN_PART_H
#define E4Z_TXN_PART_H

#include "image/image.h"

/* One group being changed; the pointers are into the transaction. */
struct part {
	struct e4z_image *img;
	uint32_t group;
	uint8_t *desc, *bitmap;
	uint64_t first;	   /* block of the bitmap's first bit */
	uint32_t clusters; /* bits that mean something */
	bool wide;	   /* the descriptor has high halves */
	bool look;	   /* nothing is to be changed: the pointers are the caller's */
};

/*
 * Group G for changing: its blocks are in the transaction from now on, the bitmap of a group that
 * was never used is made. E4Z_ET_CORRUPT_MAP where the descriptor or the bitmap cannot be believed.
 */
errcode_t part_open(struct e4z_image *img, uint32_t g, struct part *p);

/*
 * The same of the descriptor alone, and of a P as below. Then, after a change, P's checksums become
 * right: of the bitmap, if that was loaded, and of the descriptor.
 */
errcode_t part_load_desc(struct part *p);
void part_seal(struct part *p);

/* The block that block I of the descriptors is. */
uint64_t part_desc_block(const struct e4z_image *img, uint32_t i);

/* The same of a P whose image, group, and, to look, buffers were set by the caller. */
errcode_t part_load(struct part *p);

/* FREED clusters more are free (fewer, if it is negative), and the checksums are right again. */
errcode_t part_close(struct part *p, int64_t freed);

/* Cluster N of the group is in use. */
static inline bool part_bit(const uint8_t *bitmap, uint32_t n)
{
	return bitmap[n / 8] >> n % 8 & 1;
}

static inline void part_set_bit(uint8_t *bitmap, uint32_t n, bool set)
{
	if (set)
		bitmap[n / 8] |= (uint8_t)(1 << n % 8);
	else
		bitmap[n / 8] &= (uint8_t) ~(1 << n % 8);
}

#endif
