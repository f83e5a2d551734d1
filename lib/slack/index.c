// SPDX-License-Identifier: GPL-2.0-or-later
// Parses a block of a hash tree. Which block of a directory is one only the tree can say.
#include "slack/index.h"

#include "format/dirent.h"

/* The first block begins with "." and "..", whose entries the index is in. */
static bool is_root(const uint8_t *p, uint32_t block_size)
{
	const uint8_t *up = p + DIRENT_MIN;

	return dirent_ino(p) && dirent_len(p, block_size) == DIRENT_MIN &&
	       dirent_name_len(p) == 1 && p[DIRENT_HEADER] == '.' && dirent_ino(up) &&
	       dirent_len(up, block_size) == block_size - DIRENT_MIN && dirent_name_len(up) == 2 &&
	       up[DIRENT_HEADER] == '.' && up[DIRENT_HEADER + 1] == '.' && dx_root_ok(p);
}

static bool is_node(const uint8_t *p, uint32_t block_size)
{
	return !dirent_ino(p) && dirent_len(p, block_size) == block_size;
}

static size_t tail_len(const struct unit *unit)
{
	return unit->img->metadata_csum ? DX_TAIL_LEN : 0;
}

uint32_t index_csum(const struct unit *unit, const struct index_block *index, const uint8_t *p)
{
	const uint8_t *tail = p + index->off + index->limit * DX_ENTRY;
	const uint8_t nothing[DX_TAIL_LEN - DX_TAIL_CSUM] = {0};
	uint32_t csum = inode_csum_seed(unit->img, unit->inode);

	/* entries that are not in use are not part of it */
	csum = crc32c(csum, p, index->off + index->count * DX_ENTRY);
	csum = crc32c(csum, tail, DX_TAIL_CSUM);
	return crc32c(csum, nothing, sizeof(nothing));
}

const char *index_parse(const struct unit *unit, struct index_block *index)
{
	const uint8_t *p = unit->bytes;
	bool root = is_root(p, unit->len);

	if (!root && !is_node(p, unit->len))
		return "the hash tree of the directory is corrupt";
	index->off = root ? DX_ROOT_INDEX : DX_NODE_INDEX;
	index->levels = root ? dx_levels(p) : 0;
	index->limit = dx_limit(p + index->off);
	index->count = dx_count(p + index->off);
	if (!index->count || index->count > index->limit ||
	    index->limit > (unit->len - index->off - tail_len(unit)) / DX_ENTRY)
		return "the hash tree of the directory is corrupt";
	if (unit->img->metadata_csum && get_le32(p + index->off + index->limit * DX_ENTRY +
						 DX_TAIL_CSUM) != index_csum(unit, index, p))
		return "the checksum of a block of the directory is wrong";
	return NULL;
}
