// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the blocks of a quota file, and changes an entry (fs/quota/quota_tree.c and quota_v2.c in
// the kernel).
#include "quota/quota_block.h"

#include "base/bytes.h"
#include <string.h>

/* Of the header; the rest of the block is not used. */
enum { HEAD_MAGIC = 0, HEAD_VERSION = 4, HEAD_BLOCKS = 20 };

/* Of a block of entries: a header, then as many as there is room for. */
enum { LEAF_NEXT = 0, LEAF_PREV = 4, LEAF_USED = 8, LEAF_HEADER = 16 };
#define LEAF_ENTRIES ((QUOTA_BLOCK - LEAF_HEADER) / QUOTA_ENTRY)

/* Of an entry. Space is limited in units of 1024 bytes, and used in bytes. */
enum {
	ENTRY_ID = 0,
	ENTRY_INODES_SOFT = 16,
	ENTRY_INODES = 24,
	ENTRY_SPACE_SOFT = 40,
	ENTRY_SPACE = 48,
	ENTRY_SPACE_TIME = 56,
	ENTRY_INODES_TIME = 64,
};

#define SPACE_UNIT 1024

const char *quota_head(const uint8_t *head, enum quota_type type, uint32_t *blocks)
{
	static const uint32_t magic[QUOTA_TYPES] = {
		[QUOTA_USER] = 0xd9c01f11,
		[QUOTA_GROUP] = 0xd9c01927,
		[QUOTA_PROJECT] = 0xd9c03f14,
	};

	if (get_le32(head + HEAD_MAGIC) != magic[type])
		return "has a wrong magic number";
	if (get_le32(head + HEAD_VERSION) != 1)
		return "is not of format version 1";
	*blocks = get_le32(head + HEAD_BLOCKS);
	return *blocks > QUOTA_ROOT ? NULL : "has no tree";
}

uint32_t quota_next(const uint8_t *index, unsigned depth, uint32_t id)
{
	return get_le32(index + 4 * (id >> 8 * (QUOTA_DEPTH - 1 - depth) & 0xff));
}

/* A place that is free is all zero: id 0 with nothing used says so with a time (quota_charge). */
bool quota_is_of(const uint8_t *entry, uint32_t id)
{
	return get_le32(entry + ENTRY_ID) == id && !bytes_are_zero(entry, QUOTA_ENTRY);
}

const char *quota_find(const uint8_t *leaf, uint32_t blocks, uint32_t id, uint32_t *off)
{
	uint32_t used = get_le16(leaf + LEAF_USED);

	if (get_le32(leaf + LEAF_NEXT) >= blocks || get_le32(leaf + LEAF_PREV) >= blocks)
		return "has a list of free entries that leaves the file";
	if (!used || used > LEAF_ENTRIES)
		return "has a block with an impossible number of entries";
	*off = 0;
	for (uint32_t at = LEAF_HEADER; at + QUOTA_ENTRY <= QUOTA_BLOCK; at += QUOTA_ENTRY) {
		if (!quota_is_of(leaf + at, id))
			continue;
		if (*off)
			return "has two entries for one id";
		*off = at;
	}
	return *off ? NULL : "has a tree that leads to the wrong block";
}

/* The number at P changes by MORE: dquot_decr_space() stops at 0, too. */
static uint64_t add(uint8_t *p, int64_t more)
{
	uint64_t n = get_le64(p), less = -(uint64_t)more;

	if (more >= 0)
		n = bytes_add(n, (uint64_t)more, &n) ? n : UINT64_MAX;
	else
		n = n > less ? n - less : 0;
	put_le64(p, n);
	return n;
}

void quota_charge(uint8_t *entry, int64_t bytes, int64_t inodes)
{
	uint8_t mark[QUOTA_ENTRY] = {[ENTRY_INODES_TIME] = 1};
	uint64_t space, count;

	if (memcmp(entry, mark, QUOTA_ENTRY) == 0)
		put_le64(entry + ENTRY_INODES_TIME, 0);
	space = add(entry + ENTRY_SPACE, bytes);
	space = space / SPACE_UNIT + (space % SPACE_UNIT != 0);
	count = add(entry + ENTRY_INODES, inodes);
	if (bytes < 0 && space <= get_le64(entry + ENTRY_SPACE_SOFT))
		put_le64(entry + ENTRY_SPACE_TIME, 0);
	if (inodes < 0 && count <= get_le64(entry + ENTRY_INODES_SOFT))
		put_le64(entry + ENTRY_INODES_TIME, 0);
	if (bytes_are_zero(entry, QUOTA_ENTRY))
		put_le64(entry + ENTRY_INODES_TIME, 1);
}
