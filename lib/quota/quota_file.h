/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One quota file: where the blocks of its tree are in the image, and where an entry is. */
#ifndef E4Z_QUOTA_QUOTA_FILE_H
#define E4Z_QUOTA_QUOTA_FILE_H

#include "file/runs.h"
#include "quota/quota_block.h"

struct quota_file {
	enum quota_type type;
	uint32_t ino;	 /* 0: usage of this type is not counted */
	bool open;	 /* the rest was read */
	bool unmapped;	 /* its inode, its map or the bitmap is damaged */
	const char *why; /* it is damaged; static, as a predicate of the file; NULL: so far not */
	uint32_t blocks; /* of QUOTA_BLOCK bytes, that the header counts */
	struct run_vec runs; /* written blocks of the file system, in the order of the file */
};

/*
 * Read the map and the header of FILE, whose type and inode are set; what is wrong is in its WHY.
 * Its blocks are reserved, unless the map is wrong. Errors are of the disk and of memory.
 */
errcode_t quota_file_open(struct e4z_image *img, struct quota_file *file);
void quota_file_close(struct quota_file *file);

/*
 * The byte of the file system where FILE's entry of ID begins: *PLACE, 0: it has none, or is
 * damaged on the way to it, which its WHY says from then on.
 */
errcode_t quota_file_find(const struct e4z_image *img, struct quota_file *file, uint32_t id,
			  uint64_t *place);

#endif
