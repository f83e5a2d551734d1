// SPDX-License-Identifier: GPL-2.0-or-later
// One finding of a block group becomes zeroes in the transaction: bytes that nobody reads of blocks
// that somebody does.
#include "fix/fix_state.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "format/system.h"
#include "image/groups.h"
#include "ledger/ledger_state.h"
#include "txn/txn.h"
#include <errno.h>
#include <string.h>

/* The bitmap says that slot N of group G is free, and nothing leads to it. */
static bool is_spare(const struct fix *fix, const uint8_t *bitmap, uint32_t g, uint32_t n)
{
	const struct ext2_super_block *sb = fix->img->fs->super;
	uint32_t ino = g * sb->s_inodes_per_group + n + 1;

	return !(bitmap[n / 8] >> n % 8 & 1) && !is_system_inode(sb, ino) &&
	       (!rangeset_has(fix->ledger->orphans, ino) ||
		rangeset_has(fix->orphans.finished, ino));
}

/* Slots [n, n + count) of group G are block BLOCK: zero those that are not in use. */
static errcode_t zero_slots(struct fix *fix, uint32_t g, uint64_t block, const uint8_t *bitmap,
			    uint32_t n, uint32_t count)
{
	struct e4z_image *img = fix->img;
	uint32_t size = img->inode_size;
	AUTO_FREE uint8_t *old = malloc(img->block_size);
	uint8_t *data = NULL;
	errcode_t err = old ? image_read(img, block << img->block_bits, img->block_size, old)
			    : ENOMEM;

	for (uint32_t i = 0; i < count && !err; i++) {
		if (!is_spare(fix, bitmap, g, n + i) ||
		    bytes_are_zero(old + (size_t)i * size, size))
			continue;
		if (!data)
			err = txn_edit(img, block, &data);
		if (!err)
			memset(data + (size_t)i * size, 0, size);
	}
	return err;
}

errcode_t fix_zero_spares(struct fix *fix, const struct e4z_finding *f)
{
	struct e4z_image *img = fix->img;
	AUTO_FREE uint8_t *bitmap = NULL;
	uint32_t per_block = img->block_size / img->inode_size;
	uint64_t last = f->last >> img->block_bits;
	const struct group *group;
	const char *why;
	errcode_t err = groups_load(img);

	if (err)
		return err;
	bitmap = malloc(img->block_size);
	if (!bitmap)
		return ENOMEM;
	group = &img->group[f->group];
	why = groups_doubt_inode_bitmap(img, f->group, bitmap);
	if (why)
		return fix_leave(fix, f, why);
	for (uint64_t b = f->first >> img->block_bits; b <= last && !err; b++) {
		uint32_t n = (uint32_t)(b - group->itable) * per_block;
		uint32_t left = group->used > n ? group->used - n : 0;

		/* the finding is not about those */
		if (rangeset_has(fix->ledger->disputed, b / img->cluster_ratio))
			continue;
		err = zero_slots(fix, f->group, b, bitmap, n, left < per_block ? left : per_block);
		if (!err && txn_blocks(img) >= fix->held_max)
			err = fix_end_batch(fix);
	}
	return err;
}
