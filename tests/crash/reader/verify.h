/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verifies a whole small file system in memory: every checksum, every bitmap bit and counter
 * against the claims of inodes and static metadata, and the visible contents of each file. It
 * shares no code with lib/ except the arithmetic of the checksum.
 */
#ifndef TESTS_CRASH_VERIFY_H
#define TESTS_CRASH_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CANARY 0xca /* fills bytes that no file shows; no file has this byte */

/* A visible block of a regular file. */
struct shown {
	uint32_t ino, lblk;
	uint32_t len;	     /* below i_size */
	const uint8_t *data; /* in the image, or NULL: all zero */
};

/* A written block of a regular file that reaches past EOF, from byte FROM on. */
struct past {
	uint32_t ino, lblk, from;
	uint64_t pblk;
};

/* A regular file. */
struct file {
	uint32_t ino;
	uint64_t size;
	uint64_t content;    /* hash of its visible contents */
	uint64_t inode_hash; /* of the slot and everything that it points to */
	bool damaged, canary;
	size_t first, blocks; /* of verdict.shown, written blocks in ascending order */
	const uint8_t *inline_data;
};

struct verdict {
	bool ok;       /* everything is consistent */
	bool super_ok; /* the superblock has its magic number and a valid checksum */
	bool recover;  /* INCOMPAT_RECOVER */
	bool valid;    /* VALID_FS */
	bool canary;   /* a file shows one */
	char why[160]; /* the first fault */
	uint64_t meta; /* hash without the contents of regular files */
	uint64_t all;  /* hash with these */
	struct file *files;
	size_t file_count, file_room;
	struct shown *shown;
	size_t shown_count, shown_room;
	struct past *past;
	size_t past_count, past_room;
	uint32_t block_size;
};

/* Verify IMAGE of SIZE bytes. The verdict points into the image; free it with verdict_free(). */
void verify(const uint8_t *image, uint64_t size, struct verdict *verdict);
void verdict_free(struct verdict *verdict);

const struct file *verdict_file(const struct verdict *verdict, uint32_t ino);

/* LEN bytes, below one block, of what the file shows at OFF. False: zero. */
const uint8_t *verdict_block(const struct verdict *verdict, const struct file *file, uint32_t lblk,
			     uint32_t *len);

/*
 * Call EACH for the pieces of IMAGE that no file shows: free blocks, unwritten ones, written ones
 * past EOF, the rest of a file's last block.
 */
void verify_unseen(uint8_t *image, uint64_t size, void (*each)(void *arg, uint64_t off, size_t len),
		   void *arg);

/* Call EACH for the written blocks past EOF. */
void verify_behind(const uint8_t *image, uint64_t size, void (*each)(void *arg, uint64_t block),
		   void *arg);

/* The block of the journal inode's block N, or 0; the inode of a path below the root, or 0. */
uint64_t verify_journal_block(const uint8_t *image, uint64_t size, uint32_t n);
uint32_t verify_lookup(const uint8_t *image, uint64_t size, const char *path);

#endif
