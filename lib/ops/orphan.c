// SPDX-License-Identifier: GPL-2.0-or-later
// Goes through the orphan list and the orphan file, and takes off what was finished.
#include "ops/orphan.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "edit/session.h"
#include "file/map.h"
#include "format/orphan_block.h"
#include "image/groups.h"
#include "ops/orphan_state.h"
#include "sets/rangeset.h"
#include "txn/txn.h"
#include <errno.h>
#include <stdlib.h>

/* ---- off the list ---- */

/* The slot of INO in the transaction. */
static errcode_t edit_slot(struct e4z_image *img, uint32_t ino, uint8_t **raw)
{
	uint64_t block;
	uint32_t off;
	errcode_t err;

	inode_place(img, ino, &block, &off);
	err = txn_edit(img, block, raw);
	*raw += off;
	return err;
}

/* The list goes on from inode INO, or from the superblock (0), to NEXT. */
static errcode_t link_to(struct e4z_image *img, uint32_t ino, uint32_t next)
{
	uint8_t *raw;
	errcode_t err = ino ? edit_slot(img, ino, &raw) : txn_super(img, &raw);

	if (err)
		return err;
	put_le32(raw + (ino ? I_DTIME : S_LAST_ORPHAN), next);
	if (ino)
		inode_set_checksum(img, ino, raw);
	return 0;
}

/* What led to L leads to the one after it. */
static errcode_t unchain(struct e4z_image *img, const struct listed *l)
{
	errcode_t err = link_to(img, l->ino, 0);

	return err ? err : link_to(img, l->before, l->next);
}

static errcode_t clear_entry(struct orphans *o, const struct listed *l)
{
	uint8_t *block;
	errcode_t err = txn_edit(o->img, l->pblk, &block);

	if (err)
		return err;
	put_le32(block + l->at, 0);
	orphan_block_seal(o->img, &o->file, l->pblk, block);
	return 0;
}

errcode_t orphan_take_off(struct orphans *o, const struct listed *l)
{
	return l->pblk ? clear_entry(o, l) : unchain(o->img, l);
}

/* ---- the chain ---- */

/* Where the list goes on after INODE. 0: nowhere, or back to what may be off it by then. */
static uint32_t next_of(const struct orphans *o, const struct inode *inode)
{
	return orphan_may_be(o->img, inode->dtime) && !rangeset_has(o->seen, inode->dtime)
		       ? inode->dtime
		       : 0;
}

static errcode_t finish_chain(struct orphans *o)
{
	struct e4z_image *img = o->img;
	struct listed l = {.next = img->fs->super->s_last_orphan};
	struct inode inode;
	errcode_t err = 0;

	while (!err && orphan_may_be(img, l.next)) {
		bool again = false;

		l.ino = l.next;
		err = rangeset_add(o->seen, l.ino, 1, &again);
		if (err || again)
			return err;
		if (inode_read(img, l.ino, o->raw, &inode))
			return orphan_tell(o, l.ino, "it cannot be read");
		l.next = next_of(o, &inode);
		err = orphan_finish(o, &l, &inode);
		if (rangeset_has(o->done, l.ino))
			continue;
		l.before = l.ino;
		if (!err && !l.next && rangeset_has(o->done, inode.dtime))
			err = link_to(img, l.ino, 0);
	}
	return err;
}

/* ---- the orphan file ---- */

/* One entry; *STAYS: it is not free afterwards. */
static errcode_t finish_entry(struct orphans *o, const struct listed *l, bool *stays)
{
	struct inode inode;
	bool again = false;
	errcode_t err;

	*stays = true;
	if (!orphan_may_be(o->img, l->ino))
		return orphan_tell(o, l->ino,
				   "it is in the orphan file, but there is no such inode");
	err = rangeset_add(o->seen, l->ino, 1, &again);
	if (err)
		return err;
	if (again && rangeset_has(o->done, l->ino))
		err = clear_entry(o, l);
	else if (!again && inode_read(o->img, l->ino, o->raw, &inode))
		err = orphan_tell(o, l->ino, "it cannot be read");
	else if (!again)
		err = orphan_finish(o, l, &inode);
	*stays = !rangeset_has(o->done, l->ino);
	return err;
}

static errcode_t finish_block(struct orphans *o, uint64_t pblk, uint8_t *block, bool *any_left)
{
	struct e4z_image *img = o->img;
	errcode_t err = image_read(img, pblk * img->block_size, img->block_size, block);

	if (err)
		return image_fail(img, err, "reading the orphan file");
	if (!orphan_block_ok(img, &o->file, pblk, block)) {
		*any_left = true;
		return 0;
	}
	for (size_t at = 0; at < orphan_block_entries(img->block_size) && !err;
	     at += ORPHAN_BLOCK_ENTRY) {
		struct listed l = {.ino = get_le32(block + at), .pblk = pblk, .at = at};
		bool stays = false;

		if (l.ino)
			err = finish_entry(o, &l, &stays);
		*any_left |= stays;
	}
	return err;
}

static errcode_t finish_file(struct orphans *o)
{
	AUTO_FREE uint8_t *block = malloc(o->img->block_size);
	bool any_left = !o->file.whole, fits = true;
	errcode_t err = block ? 0 : ENOMEM;

	for (size_t i = 0; i < o->file.runs.count && !err; i++)
		for (uint64_t b = 0; b < o->file.runs.items[i].len && !err; b++)
			err = finish_block(o, o->file.runs.items[i].pblk + b, block, &any_left);
	/* the mark is there from the mount on, also when no inode is */
	if (err || any_left || !ext2fs_has_feature_orphan_present(o->img->fs->super))
		return err;
	err = session_mark(o->img);
	if (!err)
		err = orphan_clear_mark(o->img);
	if (!err)
		err = txn_fits(o->img, &fits);
	if (err || fits)
		return err;
	err = session_back(o->img);
	if (!err)
		err = orphan_seal(o->img);
	return err ? err : orphan_clear_mark(o->img);
}

/* Before anything changes: freeing one inode makes no other one unused. */
static errcode_t find_free(struct orphans *o)
{
	struct rangeset *all = rangeset_new((uint64_t)o->img->inodes + 1);
	struct orphan_faults faults;
	errcode_t err = all ? orphan_load(o->img, o->work, all, &faults) : ENOMEM;

	if (!err)
		err = orphan_find_free(o->img, all, o->free);
	rangeset_free(all);
	return err;
}

static errcode_t finish_all(struct e4z_image *img, const struct e4z_edit_options *options,
			    const struct orphan_rules *rules)
{
	struct e4z_commit_summary *sum = txn_summary(img);
	struct map_work work = {.stop = NULL};
	struct orphans o = {.img = img, .options = options, .rules = rules, .work = &work};
	errcode_t err = map_work_init(img, &work);

	o.raw = malloc(img->inode_size);
	o.seen = rangeset_new((uint64_t)img->inodes + 1);
	o.done = rangeset_new((uint64_t)img->inodes + 1);
	o.free = rangeset_new((uint64_t)img->inodes + 1);
	if (!o.raw || !o.seen || !o.done || !o.free)
		err = ENOMEM;
	if (!err)
		err = find_free(&o);
	if (!err)
		err = finish_chain(&o);
	if (!err)
		err = orphan_file_open(img, &work, &o.file);
	if (!err && ext2fs_has_feature_orphan_file(img->fs->super))
		err = finish_file(&o);
	if (!err)
		err = orphan_seal(img);
	sum->orphans_finished += o.finished;
	sum->orphans_left += o.left;
	orphan_file_close(&o.file);
	vec_free(&o.evicted);
	rangeset_free(o.seen);
	rangeset_free(o.done);
	rangeset_free(o.free);
	free(o.raw);
	map_work_free(&work);
	return err;
}

errcode_t orphan_begin(struct e4z_image *img, const struct e4z_edit_options *options,
		       const struct orphan_rules *rules)
{
	errcode_t err = txn_begin(img, options);

	if (err)
		return err;
	err = finish_all(img, options, rules);
	session_drop(img);
	if (err)
		txn_abort(img);
	return err;
}
