/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The on-disk form of one node of an extent tree. */
#ifndef E4Z_FORMAT_NODE_H
#define E4Z_FORMAT_NODE_H

#include "base/bytes.h"

#define NODE_MAGIC 0xf30a
#define NODE_HEADER 12
#define NODE_ENTRY 12
#define NODE_MAX_DEPTH 5
#define NODE_ROOT_ENTRIES 4	/* in i_block */
#define NODE_WRITTEN_MAX 32768u /* a greater ee_len means unwritten, less this */

/* Entries that a block of SIZE bytes holds; a checksum fits behind them. */
static inline uint32_t node_capacity(uint32_t size)
{
	return (size - NODE_HEADER) / NODE_ENTRY;
}

static inline unsigned node_entries(const uint8_t *node)
{
	return get_le16(node + 2);
}

static inline unsigned node_depth(const uint8_t *node)
{
	return get_le16(node + 6);
}

/* The block of child I of an index node. */
static inline uint64_t node_child(const uint8_t *node, unsigned i)
{
	const uint8_t *entry = node + NODE_HEADER + i * NODE_ENTRY;

	return get_le32(entry + 4) | (uint64_t)get_le16(entry + 8) << 32;
}

static inline void node_put16(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)n;
	p[1] = (uint8_t)(n >> 8);
}

static inline void node_put32(uint8_t *p, uint32_t n)
{
	node_put16(p, n & 0xffff);
	node_put16(p + 2, n >> 16);
}

/* Everything but eh_generation. */
static inline void node_header(uint8_t *node, uint32_t entries, uint32_t max, uint32_t depth)
{
	node_put16(node, NODE_MAGIC);
	node_put16(node + 2, entries);
	node_put16(node + 4, max);
	node_put16(node + 6, depth);
}

static inline uint8_t *node_entry(uint8_t *node, uint32_t i)
{
	return node + NODE_HEADER + i * NODE_ENTRY;
}

static inline void node_extent(uint8_t *entry, uint32_t lblk, uint32_t len, bool unwritten,
			       uint64_t pblk)
{
	node_put32(entry, lblk);
	node_put16(entry + 4, unwritten ? len + NODE_WRITTEN_MAX : len);
	node_put16(entry + 6, (uint32_t)(pblk >> 32));
	node_put32(entry + 8, (uint32_t)pblk);
}

static inline void node_index(uint8_t *entry, uint32_t lblk, uint64_t pblk)
{
	node_put32(entry, lblk);
	node_put32(entry + 4, (uint32_t)pblk);
	node_put16(entry + 8, (uint32_t)(pblk >> 32));
	node_put16(entry + 10, 0);
}

#endif
