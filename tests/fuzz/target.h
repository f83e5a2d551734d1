/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image in memory, the metadata in it that is worth changing, and how to make its checksums
 * right again. An independent reader: of lib/ it only uses the checksum functions and the format of
 * the log.
 */
#ifndef E4Z_TESTS_FUZZ_TARGET_H
#define E4Z_TESTS_FUZZ_TARGET_H

#include "base/vec.h"
#include "journal/jbd2.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum target_kind {
	TARGET_SUPER,
	TARGET_DESC,
	TARGET_BLOCKS, /* a bitmap of blocks */
	TARGET_BITMAP, /* and one of inodes */
	TARGET_MMP,
	TARGET_INODE,
	TARGET_EXTENTS,
	TARGET_INDIRECT,
	TARGET_DIR,
	TARGET_ORPHANS,
	TARGET_JOURNAL, /* a block of the log with its magic number */
	TARGET_XATTR,
	TARGET_KINDS
};

struct target {
	enum target_kind kind;
	uint32_t owner; /* inode, or group of a descriptor or bitmap */
	uint64_t off;
	uint32_t len;
	uint32_t generation; /* of the inode */
};
VEC(target_vec, struct target);
VEC(offset_vec, uint64_t);

struct fuzz_image {
	uint8_t *data;
	size_t len;
	uint32_t bs, inode_size, inodes, per_group, clusters, desc_size, groups, seed;
	uint64_t blocks;
	bool csum, crc16, orphan_file, log;
	struct jbd2_shape log_shape;
	uint32_t log_seed;
	struct offset_vec log_blocks; /* of the journal's inode, in order */
	struct target_vec targets[TARGET_KINDS];
};

/* IMG->data and len are given. False if there is no file system in it. */
bool target_find(struct fuzz_image *img);

/* Make the checksum that covers T right. */
void target_repair(struct fuzz_image *img, const struct target *t);

/* The slot of inode INO, NULL if it is not in the image. */
uint8_t *target_inode(const struct fuzz_image *img, uint32_t ino);
uint8_t *target_desc(const struct fuzz_image *img, uint32_t group);

#endif
