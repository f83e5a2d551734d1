// SPDX-License-Identifier: GPL-2.0-or-later
// inode-table: the part of an inode table that was never in use, as the group's descriptor says.
#include "ledger/place.h"

#include "base/cleanup.h"
#include "image/groups.h"
#include <errno.h>

/* An inode of the unused part is in use, as the bitmap says that is at BITMAP. */
static bool any_in_use(const struct e4z_image *img, const struct group *group,
		       const uint8_t *bitmap)
{
	for (uint32_t n = group->used; n < img->fs->super->s_inodes_per_group; n++)
		if (bitmap[n / 8] >> n % 8 & 1)
			return true;
	return false;
}

/* Why the descriptor is not believed, although its checksum is right; or NULL. */
static errcode_t contradiction(const struct e4z_image *img, uint32_t g, const char **why)
{
	AUTO_FREE uint8_t *bitmap = NULL;
	const struct group *group = &img->group[g];

	*why = NULL;
	if (ext2fs_bg_flags_test(img->fs, g, EXT2_BG_INODE_UNINIT)) {
		if (group->free != img->fs->super->s_inodes_per_group)
			*why = "the group has inodes in use, and the flag INODE_UNINIT";
		return 0;
	}
	bitmap = malloc(img->block_size);
	if (!bitmap)
		return ENOMEM;
	if (!groups_read_inode_bitmap(img, g, bitmap))
		*why = "the inode bitmap is not valid";
	else if (any_in_use(img, group, bitmap))
		*why = "the inode bitmap and the number of unused inodes disagree";
	return 0;
}

errcode_t place_inode_table(const struct ledger *ledger, uint32_t g, struct home *home,
			    struct tally *tally)
{
	const struct e4z_image *img = ledger->img;
	const struct group *group = &img->group[g];
	uint64_t used = (uint64_t)group->used * img->inode_size;
	struct e4z_finding f = {.kind = E4Z_INODE_TABLE, .group = g};
	struct stretch s = {f.kind, OWNER_INODES, (group->itable << img->block_bits) + used, 0};
	errcode_t err;

	if (group->unreadable || group->used == img->fs->super->s_inodes_per_group)
		return 0;
	s.len = ((uint64_t)img->fs->inode_blocks_per_group << img->block_bits) - used;
	err = contradiction(img, g, &f.why);
	if (place_in_doubt(ledger, &s))
		f.why = "a block may belong to an inode that cannot be read";
	if (img->shared_blocks)
		f.why = "files share blocks";
	f.fixable = !f.why;
	if (!err)
		err = home_spot(home, &f, false);
	return err ? err : place_take(ledger, &s, home, tally);
}
