// SPDX-License-Identifier: GPL-2.0-or-later
// What nobody reads of the block of multiple mount protection: names of hosts, times, padding.
#include "ledger/place.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "format/super.h"
#include "open/mmp.h"
#include "open/sharing.h"
#include <errno.h>
#include <stdlib.h>

/* The block into BLOCK, without what somebody reads of it: false where it is in use or invalid. */
static errcode_t read_slack(const struct ledger *l, uint64_t pblk, uint8_t *block, bool *idle)
{
	const struct e4z_image *img = l->img;
	_Alignas(struct mmp_struct) uint8_t head[sizeof(struct mmp_struct)];
	struct ext2_super_block sb;
	errcode_t err = blkdev_read(img->dev, SUPER_OFFSET, sizeof(sb), &sb);

	if (!err)
		err = blkdev_read(img->dev, pblk * img->block_size, img->block_size, block);
	if (err)
		return err;
	memcpy(head, block, sizeof(head));
	*idle = !mmp_fault(&sb, (void *)head) && mmp_is_clean((void *)head);
	mmp_drop_live(block);
	return 0;
}

static errcode_t report(const struct ledger *l, uint64_t pblk, const uint8_t *block,
			struct findings *findings)
{
	const struct e4z_image *img = l->img;
	struct bytes_stat stat = bytes_stat(block, img->block_size);
	const struct e4z_finding f = {
		.kind = E4Z_MMP_SLACK,
		.group = ext2fs_group_of_blk2(img->fs, pblk),
		.lblk = E4Z_NONE,
		.pblk = pblk,
		.blocks = 1,
		.first = pblk * img->block_size + stat.first,
		.last = pblk * img->block_size + stat.last,
		.nonzero = stat.nonzero,
		.fixable = true,
	};

	return stat.nonzero ? findings_add(findings, &f) : 0;
}

/* Where the edit has the block already it is left so that a check finds nothing. */
static errcode_t scrub(const struct ledger *l, const uint8_t *block, bool idle, uint64_t *verified)
{
	struct e4z_image *img = l->img;
	bool stale = idle && !bytes_are_zero(block, img->block_size);
	errcode_t err;

	if (!img->mmp || (!stale && !mmp_is_taken(img->mmp)))
		return 0;
	err = sharing_scrub(img);
	if (!err)
		*verified += img->block_size - MMP_LIVE_BYTES;
	return err;
}

errcode_t place_mmp(struct ledger *l, const struct home_options *options)
{
	struct e4z_image *img = l->img;
	uint64_t pblk = img->fs->super->s_mmp_block;
	AUTO_FREE uint8_t *block = NULL;
	bool idle = false;
	errcode_t err;

	if (!img->info.mmp || img->info.mounted ||
	    rangeset_has(l->disputed, pblk / img->cluster_ratio))
		return 0;
	block = malloc(img->block_size);
	err = block ? read_slack(l, pblk, block, &idle) : ENOMEM;
	if (!err && options->scrub)
		return ledger_wants(l, E4Z_MMP_SLACK) ? scrub(l, block, idle, options->verified)
						      : 0;
	if (err || !idle)
		return err;
	tally_move(&l->tally, OWNER_MMP, owner_of_kind(E4Z_MMP_SLACK),
		   img->block_size - MMP_LIVE_BYTES);
	return ledger_wants(l, E4Z_MMP_SLACK) ? report(l, pblk, block, options->findings) : 0;
}
