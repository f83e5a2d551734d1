/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An undo file as e2undo(8) reads it, in little-endian blocks of block_size bytes.
 *
 *    0        1            2            3      4 ...      n      n+1 ...
 *    | header | superblock | or this one | keys | its data | keys | its data |
 *
 * A block of keys is always full, but for the last one; a key of no bytes says nothing. The
 * superblock (its magic number inverted) is how the file system is when the file is to be applied;
 * the header says in which of two places of ours, so that they can take turns.
 *
 * After all of that a finished file of ours has a table of what the edit left: undo/undo_after.
 * e2undo knows nothing of it, and what the header says of it is padding to it.
 */
#ifndef E4Z_UNDO_UNDO_FORMAT_H
#define E4Z_UNDO_UNDO_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define UNDO_MAGIC "E2UNDO02"
#define UNDO_KEYS_MAGIC 0xcadecadeU
#define UNDO_AFTER_MAGIC 0x65347a61U
#define UNDO_FINISHED 1U /* of state: whoever wrote it came to his end */
#define UNDO_COMPAT_OFFSET 1U
#define UNDO_BLOCK_MIN 1024U
#define UNDO_BLOCK_MAX 1048576U
#define UNDO_KEY_BLOCKS 512U /* a key is for no more blocks than these */

struct undo_header {
	char magic[8];
	uint64_t num_keys;
	uint64_t super_block, first_keys; /* block numbers in the undo file */
	uint32_t block_size;
	uint32_t fs_block_size; /* the unit of undo_key.block */
	uint32_t super_crc;
	uint32_t state;
	uint32_t compat, incompat, ro_compat;
	uint32_t pad;
	uint64_t fs_offset;
	uint64_t after_block, after_sectors; /* the table: where, and how many numbers */
	uint32_t after_crc, after_magic;
	uint8_t padding[412];
	uint32_t crc; /* of all before it */
};

struct undo_key {
	uint64_t block; /* where in the file system */
	uint32_t crc, size;
};

struct undo_keys {
	uint32_t magic, crc;
	uint64_t reserved;
	struct undo_key key[];
};

_Static_assert(sizeof(struct undo_header) == 512, "one sector: it is replaced at once");
_Static_assert(offsetof(struct undo_header, fs_offset) == 64, "header");
_Static_assert(offsetof(struct undo_header, crc) == 508, "header");
_Static_assert(sizeof(struct undo_key) == 16 && sizeof(struct undo_keys) == 16, "keys");

#define UNDO_KEYS_ROOM(block_size) ((block_size) / sizeof(struct undo_key) - 1)

#endif
