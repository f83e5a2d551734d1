// SPDX-License-Identifier: GPL-2.0-or-later
// Requests the blocks below the root of a map.
#include "file/map_ahead.h"

#include "file/nearby.h"
#include "format/fields.h"
#include "format/node.h"

/* i_block of an indirect map: pointers to data, followed by pointers to blocks of pointers */
#define DIRECT 12
#define TREES 3

void map_ahead_pointers(const struct e4z_image *img, const uint8_t *pointers, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t pblk = get_le32(pointers + (size_t)i * 4);

		if (pblk && pblk < img->blocks)
			blkdev_will_need(img->dev, pblk * img->block_size, img->block_size);
	}
}

void map_ahead(const struct e4z_image *img, const uint8_t *raw)
{
	const uint8_t *i_block = raw + INODE_I_BLOCK;
	uint16_t type = get_le16(raw + I_MODE) & LINUX_S_IFMT;
	uint32_t flags = get_le32(raw + I_FLAGS);

	if ((type != LINUX_S_IFREG && type != LINUX_S_IFDIR) || flags & EXT4_INLINE_DATA_FL)
		return;
	if (!(flags & EXT4_EXTENTS_FL))
		map_ahead_pointers(img, i_block + (size_t)DIRECT * 4, TREES);
	else if (node_has_magic(i_block) && node_depth(i_block) &&
		 node_entries(i_block) <= NODE_ROOT_ENTRIES)
		nearby_ask(img, i_block);
}
