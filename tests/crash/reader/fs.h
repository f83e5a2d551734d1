/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verifier's own reading of the format: fields, groups and mappings of an image in memory. */
#ifndef TESTS_CRASH_FS_H
#define TESTS_CRASH_FS_H

#include "verify.h"
#include <ext2fs/ext2_fs.h>

#define CLAIM_DATA 1   /* visible in a file, or could be */
#define CLAIM_OTHER 2  /* metadata */
#define CLAIM_UNSEEN 4 /* unwritten: allocated, never shown */
#define CLAIM_BEHIND 8 /* written, past EOF */

struct fs {
	const uint8_t *image;
	uint64_t size, blocks, inodes;
	const uint8_t *super;
	uint32_t block_size, per_group, clusters_per_group, inodes_per_group, inode_size, desc_size;
	uint32_t first_data, groups, ratio, seed;
	uint32_t compat, incompat, ro_compat;
	bool csum, group_csum;
	uint8_t *claim; /* one byte per block */
	struct verdict *v;
};

struct group_desc {
	uint64_t block_bitmap, inode_bitmap, itable;
	uint32_t free_blocks, free_inodes, unused_inodes, flags, block_csum, inode_csum;
	const uint8_t *raw;
};

/* The pieces of a mapping. */
struct fs_visit {
	void *arg;
	/* LEN blocks */
	void (*run)(void *arg, uint32_t lblk, uint64_t pblk, uint32_t len, bool unwritten);
	void (*tree)(void *arg, uint64_t pblk);
};

uint16_t fs_le16(const uint8_t *p);
uint32_t fs_le32(const uint8_t *p);

/* False, with the reason in fs->v, if there is no valid superblock. */
bool fs_open(struct fs *fs, const uint8_t *image, uint64_t size, struct verdict *v);
void fs_close(struct fs *fs);
__attribute__((format(printf, 2, 3))) void fs_fault(struct fs *fs, const char *format, ...);

/* NULL outside the image. */
const uint8_t *fs_block(const struct fs *fs, uint64_t block);
void fs_group(const struct fs *fs, uint32_t g, struct group_desc *desc);
bool fs_has_super(const struct fs *fs, uint32_t g);
uint32_t fs_group_blocks(const struct fs *fs, uint32_t g);

/* The slot of an inode, or NULL. */
const uint8_t *fs_inode(const struct fs *fs, uint32_t ino);
uint64_t fs_inode_size(const struct fs *fs, const uint8_t *raw);
bool fs_inode_used(const struct fs *fs, uint32_t ino);
uint32_t fs_inode_seed(const struct fs *fs, uint32_t ino, const uint8_t *raw);
bool fs_inode_csum_ok(const struct fs *fs, uint32_t ino, const uint8_t *raw);

/* False, with a fault, if the mapping is corrupt. */
bool fs_map(struct fs *fs, uint32_t ino, const uint8_t *raw, const struct fs_visit *visit);
bool fs_is_mapped(const uint8_t *raw);

#endif
