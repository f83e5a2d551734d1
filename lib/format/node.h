/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The on-disk form of one node of an extent tree. */
#ifndef E4Z_FORMAT_NODE_H
#define E4Z_FORMAT_NODE_H

#include "base/bytes.h"
#include <ext2fs/ext2_types.h>
#include <ext2fs/ext3_extents.h>

#define NODE_AT(field) offsetof(struct ext3_extent_header, field)
#define EXTENT_AT(field) offsetof(struct ext3_extent, field)
#define INDEX_AT(field) offsetof(struct ext3_extent_idx, field)

#define NODE_MAGIC EXT3_EXT_MAGIC
enum {
	NODE_HEADER = sizeof(struct ext3_extent_header),
	NODE_ENTRY = sizeof(struct ext3_extent), /* or an index entry */
	NODE_ROOT_ENTRIES = 4,			 /* in i_block */
	NODE_MAX_DEPTH = 5,
};
#define NODE_WRITTEN_MAX 32768u /* a greater ee_len means unwritten, less this */

/* Entries that a block of SIZE bytes holds; the checksum follows them. */
static inline uint32_t node_capacity(uint32_t size)
{
	return (size - NODE_HEADER) / NODE_ENTRY;
}

static inline bool node_has_magic(const uint8_t *node)
{
	return get_le16(node + NODE_AT(eh_magic)) == NODE_MAGIC;
}

static inline unsigned node_entries(const uint8_t *node)
{
	return get_le16(node + NODE_AT(eh_entries));
}

/* Entries that NODE says it has room for. */
static inline unsigned node_max(const uint8_t *node)
{
	return get_le16(node + NODE_AT(eh_max));
}

static inline unsigned node_depth(const uint8_t *node)
{
	return get_le16(node + NODE_AT(eh_depth));
}

static inline uint32_t node_generation(const uint8_t *node)
{
	return get_le32(node + NODE_AT(eh_generation));
}

/* Where the checksum of a block is, which follows the MAX entries that it has room for. */
static inline size_t node_tail(unsigned max)
{
	return NODE_HEADER + (size_t)max * NODE_ENTRY;
}

static inline const uint8_t *node_at(const uint8_t *node, unsigned i)
{
	return node + NODE_HEADER + (size_t)i * NODE_ENTRY;
}

/* The first logical block of an extent or of an index entry. */
static inline uint32_t entry_key(const uint8_t *entry)
{
	return get_le32(entry + EXTENT_AT(ee_block));
}

/* Blocks of an extent, in *UNWRITTEN their state. */
static inline uint32_t extent_len(const uint8_t *entry, bool *unwritten)
{
	uint32_t len = get_le16(entry + EXTENT_AT(ee_len));

	*unwritten = len > NODE_WRITTEN_MAX;
	return *unwritten ? len - NODE_WRITTEN_MAX : len;
}

static inline uint64_t extent_pblk(const uint8_t *entry)
{
	return get_le32(entry + EXTENT_AT(ee_start)) |
	       (uint64_t)get_le16(entry + EXTENT_AT(ee_start_hi)) << 32;
}

/* The block that an index entry leads to. */
static inline uint64_t index_pblk(const uint8_t *entry)
{
	return get_le32(entry + INDEX_AT(ei_leaf)) |
	       (uint64_t)get_le16(entry + INDEX_AT(ei_leaf_hi)) << 32;
}

/* The block of child I of an index node. */
static inline uint64_t node_child(const uint8_t *node, unsigned i)
{
	return index_pblk(node_at(node, i));
}

/* Everything but eh_generation. */
static inline void node_header(uint8_t *node, uint32_t entries, uint32_t max, uint32_t depth)
{
	put_le16(node + NODE_AT(eh_magic), NODE_MAGIC);
	put_le16(node + NODE_AT(eh_entries), entries);
	put_le16(node + NODE_AT(eh_max), max);
	put_le16(node + NODE_AT(eh_depth), depth);
}

static inline void node_set_generation(uint8_t *node, uint32_t generation)
{
	put_le32(node + NODE_AT(eh_generation), generation);
}

static inline uint8_t *node_entry(uint8_t *node, uint32_t i)
{
	return node + NODE_HEADER + (size_t)i * NODE_ENTRY;
}

static inline void node_extent(uint8_t *entry, uint32_t lblk, uint32_t len, bool unwritten,
			       uint64_t pblk)
{
	put_le32(entry + EXTENT_AT(ee_block), lblk);
	put_le16(entry + EXTENT_AT(ee_len), unwritten ? len + NODE_WRITTEN_MAX : len);
	put_le16(entry + EXTENT_AT(ee_start_hi), (uint32_t)(pblk >> 32));
	put_le32(entry + EXTENT_AT(ee_start), (uint32_t)pblk);
}

static inline void node_index(uint8_t *entry, uint32_t lblk, uint64_t pblk)
{
	put_le32(entry + INDEX_AT(ei_block), lblk);
	put_le32(entry + INDEX_AT(ei_leaf), (uint32_t)pblk);
	put_le16(entry + INDEX_AT(ei_leaf_hi), (uint32_t)(pblk >> 32));
	put_le16(entry + INDEX_AT(ei_unused), 0);
}

#endif
