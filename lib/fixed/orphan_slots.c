// SPDX-License-Identifier: GPL-2.0-or-later
// Examines, or zeroes, the blocks of the orphan file that are what they should be.
#include "fixed/orphan_slots.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "file/inode.h"
#include "findings/examine.h"
#include "format/orphan_block.h"
#include "format/system.h"
#include "scan/orphan_list.h"
#include "txn/txn.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct slots {
	const struct e4z_image *img;
	struct orphan_file file;
	uint8_t *block;
	/* done with a block that has the magic number and a right checksum */
	errcode_t (*fn)(struct slots *slots, uint64_t pblk);
	void *arg;
	uint64_t unread; /* the first block that cannot be read; 0: none */
};

static errcode_t each_run(struct slots *slots, const struct run *run)
{
	const struct e4z_image *img = slots->img;
	errcode_t err = 0;

	for (uint64_t pblk = run->pblk; pblk < run->pblk + run->len && !err; pblk++)
		if (image_read(img, pblk << img->block_bits, img->block_size, slots->block))
			slots->unread = slots->unread ? slots->unread : pblk;
		else if (orphan_block_ok(img, &slots->file, pblk, slots->block))
			err = slots->fn(slots, pblk);
	return err;
}

/* What its map names is its own, and was counted so. */
static errcode_t find_file(const struct e4z_image *img, bool *in_use)
{
	const struct ext2_super_block *sb = img->fs->super;
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	struct inode inode;

	if (!raw)
		return ENOMEM;
	*in_use = is_system_inode(sb, sb->s_orphan_file_inum) &&
		  !inode_read(img, sb->s_orphan_file_inum, raw, &inode) &&
		  inode_in_use(img, &inode);
	return 0;
}

static errcode_t each_block(struct slots *slots)
{
	const struct e4z_image *img = slots->img;
	struct map_work work = {.stop = NULL};
	AUTO_FREE uint8_t *block = NULL;
	bool in_use;
	errcode_t err;

	if (!ext2fs_has_feature_orphan_file(img->fs->super) ||
	    ext2fs_has_feature_orphan_present(img->fs->super))
		return 0;
	err = find_file(img, &in_use);
	if (err || !in_use)
		return err;
	slots->block = block = malloc(img->block_size);
	if (!block)
		return ENOMEM;
	err = map_work_init(img, &work);
	if (!err)
		err = orphan_file_open(img, &work, &slots->file);
	for (size_t i = 0; i < slots->file.runs.count && !err; i++)
		err = each_run(slots, &slots->file.runs.items[i]);
	orphan_file_close(&slots->file);
	map_work_free(&work);
	return err;
}

/* ---- examining ---- */

struct examining {
	const struct rangeset *disputed;
	struct tally *tally;
	struct e4z_finding f;
};

static errcode_t examine(struct slots *slots, uint64_t pblk)
{
	struct examining *x = slots->arg;
	const struct e4z_image *img = slots->img;
	struct examined examined = EXAMINED_NOTHING;
	size_t len = orphan_block_entries(img->block_size);

	if (rangeset_has(x->disputed, pblk / img->cluster_ratio))
		return 0;
	tally_move(x->tally, owner_of_system(img->fs->super, x->f.ino),
		   owner_of_kind(E4Z_ORPHAN_SLACK), len);
	examine_memory(slots->block, len, pblk << img->block_bits, &examined);
	if (!examined.nonzero)
		return 0;
	x->f.blocks++;
	x->f.nonzero += examined.nonzero;
	x->f.first = x->f.first < examined.first ? x->f.first : examined.first;
	x->f.last = x->f.nonzero == examined.nonzero || x->f.last < examined.last ? examined.last
										  : x->f.last;
	return 0;
}

errcode_t orphan_slots_examine(const struct e4z_image *img, const struct rangeset *disputed,
			       struct findings *findings, struct tally *tally)
{
	struct examining x = {.disputed = disputed,
			      .tally = tally,
			      .f = {.kind = E4Z_ORPHAN_SLACK,
				    .ino = img->fs->super->s_orphan_file_inum,
				    .lblk = E4Z_NONE,
				    .first = E4Z_NONE,
				    .last = E4Z_NONE,
				    .fixable = !img->shared_blocks}};
	struct slots slots = {.img = img, .fn = examine, .arg = &x};
	errcode_t err = each_block(&slots);

	if (err || (!x.f.nonzero && !slots.unread))
		return err;
	x.f.pblk = x.f.nonzero ? x.f.first >> img->block_bits : slots.unread;
	if (slots.unread) {
		x.f.why = "a block cannot be read";
		x.f.fixable = false;
	}
	return findings_add(findings, &x.f);
}

/* ---- zeroing ---- */

static errcode_t zero(struct slots *slots, uint64_t pblk)
{
	struct e4z_image *img = slots->arg;
	size_t len = orphan_block_entries(img->block_size);
	uint8_t *data;
	errcode_t err;

	if (bytes_are_zero(slots->block, len))
		return 0;
	err = txn_edit(img, pblk, &data);
	if (err)
		return err;
	memset(data, 0, len);
	orphan_block_seal(img, &slots->file, pblk, data);
	return 0;
}

errcode_t orphan_slots_zero(struct e4z_image *img)
{
	struct slots slots = {.img = img, .fn = zero, .arg = img};

	return each_block(&slots);
}
