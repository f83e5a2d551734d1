/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entries of one directory: linear, hashed or inline. */
#ifndef E4Z_FILE_DIR_H
#define E4Z_FILE_DIR_H

#include "file/map.h"

struct dir_entry {
	uint32_t ino;
	uint64_t off;	  /* of the entry in the directory, bytes; rising */
	const char *name; /* not terminated */
	size_t name_len;
	uint8_t type; /* EXT2_FT_..., as the directory has it; 0: it does not say */
};

/*
 * Call ENTRY for every entry in use, "." and ".." too where the disk has them, until it returns
 * false. Damaged blocks are left out. E4Z_ET_BAD_DIR when the mapping is insane, an error of
 * reading, or 0.
 * Of *BUDGET every block read is taken; what it does not suffice for is not read. As each block has
 * one owner, the blocks of the file system suffice for all directories, unless many share some.
 * *DAMAGED becomes true where something was left out (false stays to be set by the caller); NULL:
 * that does not matter.
 */
errcode_t dir_walk(const struct e4z_image *img, struct map_work *work, const struct inode *inode,
		   uint64_t *budget, bool (*entry)(void *arg, const struct dir_entry *entry),
		   void *arg, bool *damaged);

#endif
