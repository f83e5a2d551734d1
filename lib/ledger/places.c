// SPDX-License-Identifier: GPL-2.0-or-later
// The table of places that are zeroed at home: a new one is a row here and a file.
#include "ledger/places.h"

static const struct place rows[] = {
	{E4Z_FREE_BLOCK, .group = place_free_block},
	{E4Z_CLUSTER_SLACK, .group = place_cluster_slack},
	{E4Z_LEAKED_BLOCK, .late = true, .group = place_leaked_block},
	{E4Z_DELETED_OPEN, .late = true, .group = place_deleted_open},
	{E4Z_INODE_TABLE, .fixed = fixed_inode_table, .owner = OWNER_INODES},
	{E4Z_BITMAP_SLACK, .fixed = fixed_bitmaps, .live = live_bitmaps, .owner = OWNER_BITMAPS},
	{E4Z_SUPER_SLACK, .fixed = fixed_supers, .live = live_super, .owner = OWNER_SUPER},
	{E4Z_DESC_SLACK, .fixed = fixed_descriptors, .live = live_descriptor,
	 .owner = OWNER_DESCRIPTORS},
	{E4Z_RESERVED_GDT, .group = place_spare_gdt},
	{E4Z_RESERVED_GDT, .fixed = fixed_reserved_gdt, .owner = OWNER_RESIZE},
};

const struct place *const places = rows;
const size_t place_count = sizeof(rows) / sizeof(rows[0]);
