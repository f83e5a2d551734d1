/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended attributes. In an inode's body: XATTR_MAGIC, then entries up to a zero word, then
 * values. Offsets of values count from the first entry.
 */
#ifndef E4Z_FORMAT_XATTR_H
#define E4Z_FORMAT_XATTR_H

#include "base/bytes.h"
#include "base/crc32c.h"
#include <ext2fs/ext2_fs.h>

/* It uses the types of the one above. */
#include <ext2fs/ext2_ext_attr.h>

#define XATTR_MAGIC EXT2_EXT_ATTR_MAGIC
#define XATTR_MAGIC_LEN 4
#define XATTR_LAST 4 /* a zero word ends the entries */
enum {
	XATTR_ENTRY = sizeof(struct ext2_ext_attr_entry) /* its name follows */
};

#define XATTR_AT(field) offsetof(struct ext2_ext_attr_entry, field)
/* namei.h has no constant for this index: EXT4_XATTR_INDEX_SYSTEM in the kernel. */
#define XATTR_INDEX_SYSTEM 7

/* Bytes of the entry E and its name, as they are padded. */
static inline size_t xattr_entry_len(const uint8_t *e)
{
	return EXT2_EXT_ATTR_LEN((size_t)e[XATTR_AT(e_name_len)]);
}

static inline size_t xattr_value_off(const uint8_t *e)
{
	return get_le16(e + XATTR_AT(e_value_offs));
}

static inline void xattr_set_value_off(uint8_t *e, size_t off)
{
	put_le16(e + XATTR_AT(e_value_offs), (uint32_t)off);
}

/* The inode that holds the value, 0: the value is here. */
static inline uint32_t xattr_value_inode(const uint8_t *e)
{
	return get_le32(e + XATTR_AT(e_value_inum));
}

static inline size_t xattr_value_len(const uint8_t *e)
{
	return get_le32(e + XATTR_AT(e_value_size));
}

/* Of the name and, where it is here, the value. In an inode's body it is mostly 0: none. */
static inline uint32_t xattr_hash(const uint8_t *e)
{
	return get_le32(e + XATTR_AT(e_hash));
}

static inline void xattr_set_hash(uint8_t *e, uint32_t hash)
{
	put_le32(e + XATTR_AT(e_hash), hash);
}

/* The entry E names system.data, the rest of inline data. */
static inline bool xattr_is_system_data(const uint8_t *e)
{
	return e[XATTR_AT(e_name_len)] == 4 && e[XATTR_AT(e_name_index)] == XATTR_INDEX_SYSTEM &&
	       memcmp(e + XATTR_ENTRY, "data", 4) == 0;
}

/* ---- a block of them: a header, then entries and values as above ---- */

#define XATTR_HEADER_AT(field) offsetof(struct ext2_ext_attr_header, field)
enum {
	XATTR_HEADER = sizeof(struct ext2_ext_attr_header),
	XATTR_RESERVED = XATTR_HEADER_AT(h_reserved), /* from here on */
};

/* How many inodes have the block. */
static inline uint32_t xattr_block_references(const uint8_t *block)
{
	return get_le32(block + XATTR_HEADER_AT(h_refcount));
}

static inline void xattr_block_set_references(uint8_t *block, uint32_t count)
{
	put_le32(block + XATTR_HEADER_AT(h_refcount), count);
}

static inline uint32_t xattr_block_count(const uint8_t *block)
{
	return get_le32(block + XATTR_HEADER_AT(h_blocks));
}

/* Of the hashes of its attributes: blocks with the same may be one. */
static inline uint32_t xattr_block_hash(const uint8_t *block)
{
	return get_le32(block + XATTR_HEADER_AT(h_hash));
}

static inline void xattr_block_set_hash(uint8_t *block, uint32_t hash)
{
	put_le32(block + XATTR_HEADER_AT(h_hash), hash);
}

static inline uint32_t xattr_block_csum(const uint8_t *block)
{
	return get_le32(block + XATTR_HEADER_AT(h_checksum));
}

static inline void xattr_block_set_csum(uint8_t *block, uint32_t csum)
{
	put_le32(block + XATTR_HEADER_AT(h_checksum), csum);
}

/* The checksum that BLOCK, SIZE bytes at PBLK, has to have, with the file system's SEED. */
static inline uint32_t xattr_block_csum_right(const uint8_t *block, uint32_t size, uint64_t pblk,
					      uint32_t seed)
{
	const uint8_t nothing[4] = {0};
	const size_t at = XATTR_HEADER_AT(h_checksum), after = at + sizeof(nothing);
	uint8_t number[8];

	put_le64(number, pblk);
	seed = crc32c(crc32c(seed, number, sizeof(number)), block, at);
	return crc32c(crc32c(seed, nothing, sizeof(nothing)), block + after, size - after);
}

#endif
