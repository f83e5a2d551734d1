/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inodes on the orphan list and in the orphan file. */
#ifndef E4Z_SCAN_ORPHAN_LIST_H
#define E4Z_SCAN_ORPHAN_LIST_H

#include "file/runs.h"
#include "image/image.h"
#include "sets/rangeset.h"

/* What is wrong with them. */
struct orphan_faults {
	bool file;	  /* an entry of the file names no inode */
	const char *list; /* the list is corrupt: static, the end of a sentence about AT; or NULL */
	uint32_t at;	  /* the inode on the list that it cannot be followed from; 0: superblock */
};

/*
 * Add the number of every orphan to SET (over all inode numbers). A chain or a block of the file
 * that is corrupt ends there: what was reached before it counts.
 */
errcode_t orphan_load(const struct e4z_image *img, struct map_work *work, struct rangeset *set,
		      struct orphan_faults *faults);

/*
 * Add to FREE those of SET that the inode bitmap has free, or are in the unused part of a table: a
 * kernel takes none of them for an orphan. groups_load() was called.
 */
errcode_t orphan_find_free(const struct e4z_image *img, const struct rangeset *set,
			   struct rangeset *free);
#define ORPHAN_FREE "an orphan that is not in use"

/* INO can be on the list: there is such an inode, and it is not reserved. */
bool orphan_may_be(const struct e4z_image *img, uint32_t ino);

/* The blocks of the orphan file: le32 entries, 0 where free; magic and checksum end each block. */
struct orphan_file {
	struct run_vec runs;
	uint32_t seed; /* of its blocks' checksums */
	bool whole;    /* its mapping could be read to the end */
};

/* No runs where the file system has no such file, or it is corrupt from the beginning. */
errcode_t orphan_file_open(const struct e4z_image *img, struct map_work *work,
			   struct orphan_file *file);
void orphan_file_close(struct orphan_file *file);

/* Magic and checksum of BLOCK, which is at PBLK, are right. */
bool orphan_block_ok(const struct e4z_image *img, const struct orphan_file *file, uint64_t pblk,
		     const uint8_t *block);

/* Make the checksum right after an entry was changed. */
void orphan_block_seal(const struct e4z_image *img, const struct orphan_file *file, uint64_t pblk,
		       uint8_t *block);

#endif
