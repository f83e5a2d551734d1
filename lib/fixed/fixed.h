/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes of static metadata that nobody reads: where each place is in the metadata of one group, by
 * the layout and the group's descriptor. What else claims the same blocks is not known here.
 */
#ifndef E4Z_FIXED_FIXED_H
#define E4Z_FIXED_FIXED_H

#include "image/image.h"

#define FIXED_MAX 2

struct fixed {
	const char *why; /* they must not be touched; NULL: they may */
	unsigned count;
	struct {
		uint64_t off, len; /* bytes of the file system, not empty, perhaps outside of it */
	} at[FIXED_MAX];
};

/*
 * What group G has of a place goes to FIXED, which is empty. The calling thread's; groups_load()
 * was called.
 */
typedef errcode_t fixed_fn(const struct e4z_image *img, uint32_t g, struct fixed *fixed);

fixed_fn fixed_inode_table;
fixed_fn fixed_bitmaps;
fixed_fn fixed_supers;
fixed_fn fixed_descriptors;
fixed_fn fixed_reserved_gdt;

/* [off, end), if that is not empty. */
static inline void fixed_add(struct fixed *fixed, uint64_t off, uint64_t end)
{
	if (off >= end)
		return;
	fixed->at[fixed->count].off = off;
	fixed->at[fixed->count++].len = end - off;
}

/* Why INODE_UNINIT of group G is not believed; NULL: it is. */
const char *fixed_doubt_uninit(const struct e4z_image *img, uint32_t g);

#endif
