/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A block of the orphan file: inode numbers, 0 for none, and a tail. */
#ifndef E4Z_FORMAT_ORPHAN_BLOCK_H
#define E4Z_FORMAT_ORPHAN_BLOCK_H

#include "base/bytes.h"
#include "base/crc32c.h"
#include <ext2fs/ext2_fs.h>

#define ORPHAN_BLOCK_ENTRY 4 /* bytes of an inode number */

/* Bytes of the entries in a block of SIZE bytes; the tail follows. */
static inline size_t orphan_block_entries(uint32_t size)
{
	return size - sizeof(struct ext4_orphan_block_tail);
}

static inline uint32_t orphan_block_magic(const uint8_t *block, uint32_t size)
{
	return get_le32(block + orphan_block_entries(size) +
			offsetof(struct ext4_orphan_block_tail, ob_magic));
}

static inline uint32_t orphan_block_csum(const uint8_t *block, uint32_t size)
{
	return get_le32(block + orphan_block_entries(size) +
			offsetof(struct ext4_orphan_block_tail, ob_checksum));
}

static inline void orphan_block_set_csum(uint8_t *block, uint32_t size, uint32_t csum)
{
	put_le32(block + orphan_block_entries(size) +
			 offsetof(struct ext4_orphan_block_tail, ob_checksum),
		 csum);
}

/* The checksum that block PBLK has to have: its number and its entries, with the file's SEED. */
static inline uint32_t orphan_block_csum_right(const uint8_t *block, uint32_t size, uint64_t pblk,
					       uint32_t seed)
{
	uint8_t number[8];

	put_le32(number, (uint32_t)pblk);
	put_le32(number + 4, (uint32_t)(pblk >> 32));
	return crc32c(crc32c(seed, number, 8), block, orphan_block_entries(size));
}

#endif
