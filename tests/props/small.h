/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small file systems in memory, made with libext2fs: files whose blocks are in every mix of states,
 * canaries in all that is free. No program is run.
 */
#ifndef TESTS_PROPS_SMALL_H
#define TESTS_PROPS_SMALL_H

#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMALL_CANARY 0xca /* in free blocks and unwritten ones */
#define SMALL_STALE 0xcb  /* in the tail of a last block that is written, and past EOF */
#define SMALL_LONGEST 64  /* blocks of a file */
#define SMALL_HOLE '-'	  /* states, a letter a block */
#define SMALL_UNWRITTEN 'u'
#define SMALL_WRITTEN 'w'
#define SMALL_ZERO 'z' /* written, all zero */

struct small_options {
	uint32_t block_size, blocks, inodes;
	bool journal, no_extents, no_csum;
};

struct small {
	int fd; /* of a memory file */
	char path[32];
	uint8_t *mem;
	uint64_t size; /* bytes */
	uint32_t block_size;
	ext2_filsys fs; /* while it is made */
};

/* Begin a file system: root, lost+found, a journal of 1024 blocks if wanted. */
void small_begin(struct small *small, const struct small_options *options);

/*
 * Add the file NAME to the root: a block for each letter of STATES, SIZE bytes. Blocks that follow
 * each other in the file do so on the disk, holes leave a gap. Its inode's number.
 */
uint32_t small_file(struct small *small, const char *name, const char *states, uint64_t size);

/* It is whole, and a program may look at it. */
void small_end(struct small *small);
void small_free(struct small *small);

/* What small_file() puts into byte OFF of a written block: never 0, a canary or stale. */
uint8_t small_byte(uint64_t off);

#endif
