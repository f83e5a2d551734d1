/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The block groups as the scan needs them: where tables lie, what can be believed, what is static
 * metadata.
 */
#ifndef E4Z_IMAGE_GROUPS_H
#define E4Z_IMAGE_GROUPS_H

#include "image/image.h"
#include "sets/rangeset.h"

struct group {
	uint64_t itable, inode_bitmap; /* blocks */
	uint32_t bitmap_csum;
	uint32_t free;		/* inodes that are not in use, as the descriptor says */
	uint32_t used;		/* inodes at the table's start that may be in use */
	const char *unreadable; /* why nothing of the group can be read; NULL: it can */
};

/*
 * Fill img->group and img->metadata once; later calls do nothing. A corrupt descriptor makes its
 * group unreadable; the call succeeds.
 */
errcode_t groups_load(struct e4z_image *img);
/* Group G's inode bitmap, a block that was read, is valid. */
bool groups_inode_bitmap_ok(const struct e4z_image *img, uint32_t g, const uint8_t *bitmap);

/* Read group G's inode bitmap into BITMAP, img->block_size bytes. False if it is not valid. */
bool groups_read_inode_bitmap(const struct e4z_image *img, uint32_t g, uint8_t *bitmap);
/* The same: why it cannot be believed, or NULL. */
const char *groups_doubt_inode_bitmap(const struct e4z_image *img, uint32_t g, uint8_t *bitmap);

/*
 * The inode bitmap says that INO is not in use. False if the bitmap is not valid, or
 * memory runs out. groups_load() was called.
 */
bool groups_inode_is_free(const struct e4z_image *img, uint32_t ino);

/* The numbers of the groups by the place of their inode tables: *ORDER, the caller's to free. */
errcode_t groups_order(const struct e4z_image *img, uint32_t **order);

/* What a scan of the inode tables needs of threads and memory. */
struct room {
	uint32_t step;	  /* inodes of a piece, at most */
	unsigned workers; /* none without a piece to read */
	size_t table;	  /* bytes of the largest piece */
	uint64_t used;	  /* inodes of all tables that can be read */
	uint32_t group;	  /* of the fullest group */
};

/* Inodes of group G, each of which may have a tail. */
uint32_t groups_readable(const struct e4z_image *img, uint32_t g);

/*
 * For a scan of IMG with WORKERS threads; the groups are loaded. A tiny image is checked faster
 * than memory for a large one is mapped and unmapped.
 */
struct room groups_room(const struct e4z_image *img, unsigned workers);

#endif
