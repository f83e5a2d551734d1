// SPDX-License-Identifier: GPL-2.0-or-later
// Processes orphans tail first: e2fsck would leave the tail, and on bigalloc undo the truncate.
#include "ops/orphan.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "edit/pieces.h"
#include "edit/session.h"
#include "file/map.h"
#include "format/orphan_block.h"
#include "image/groups.h"
#include "ops/truncate.h"
#include "scan/orphan_list.h"
#include "sets/rangeset.h"
#include "txn/txn.h"
#include <errno.h>
#include <stdlib.h>

/* Where an orphan is listed: in the chain, or in an entry of the orphan file. */
struct listed {
	uint32_t ino;
	uint32_t before, next; /* in the chain: the one that stays and leads to it, 0: superblock */
	uint64_t pblk;	       /* in the file; 0: it is in the chain */
	size_t at;	       /* byte of the block */
};

struct orphans {
	struct e4z_image *img;
	const struct e4z_edit_options *options;
	const struct rangeset *leave;
	struct map_work *work;
	struct rangeset *seen, *done; /* inodes */
	struct orphan_file file;
	uint8_t *raw; /* an inode */
	uint64_t finished, left;
};

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

static errcode_t take_off(struct orphans *o, const struct listed *l)
{
	return l->pblk ? clear_entry(o, l) : unchain(o->img, l);
}

/* ---- finishing ---- */

/*
 * Free what L's inode has from block FROM on, and if that is all of it, take it off the list.
 * E4Z_ET_LOG_FULL when the transaction becomes too large. After a failure all is as it was.
 */
static errcode_t try(struct orphans *o, const struct listed *l, uint64_t from)
{
	struct e4z_edit edit;
	bool fits;
	errcode_t err = session_mark(o->img), back;

	if (err)
		return err;
	err = truncate_finish(o->img, l->ino, from, &edit);
	if (!err && !from)
		err = take_off(o, l);
	if (!err)
		err = txn_fits(o->img, &fits);
	if (!err && !fits)
		err = image_refuse(o->img, E4Z_ET_LOG_FULL,
				   "completing its truncate does not fit in the journal");
	if (!err)
		return 0;
	back = session_back(o->img);
	return back ? back : err;
}

/* What was finished has its own transaction; what it freed may be taken. */
static errcode_t seal(struct e4z_image *img)
{
	session_drop(img);
	return txn_seal(img);
}

static void find_end(void *arg, const struct run *run)
{
	uint64_t *end = arg;

	*end = run->lblk + run->len;
}

struct descent {
	struct orphans *o;
	const struct listed *l;
	uint64_t end; /* of its map, in blocks */
	uint64_t total;
};

static errcode_t attempt_piece(void *arg, uint64_t at, uint64_t *len, bool *fits)
{
	struct descent *d = arg;
	uint64_t left = d->total - at - *len;
	errcode_t err = try(d->o, d->l, left ? d->end - at - *len : 0);

	*fits = err != E4Z_ET_LOG_FULL;
	return *fits ? err : 0;
}

/* It was taken back when it failed. */
static errcode_t undo_piece(void *arg)
{
	(void)arg;
	return 0;
}

static errcode_t seal_piece(void *arg)
{
	struct descent *d = arg;

	return seal(d->o->img);
}

/*
 * From the end, as much as fits into each transaction. The inode stays on the list meanwhile, so
 * each of them leaves what there was: a truncate to be finished.
 */
static errcode_t finish_in_pieces(struct orphans *o, const struct listed *l,
				  const struct inode *inode)
{
	struct descent d = {.o = o, .l = l};
	const struct map_sink sink = {.arg = &d.end, .run = find_end};
	struct pieces pieces = {
		.arg = &d,
		.total = 1,
		.unit = 1,
		.attempt = attempt_piece,
		.undo = undo_piece,
		.next = seal_piece,
	};
	uint64_t eof = (inode->size >> o->img->block_bits) + 1;

	/* it was read to its end before, or it would be left for another reason */
	if (inode_has_map(inode))
		(void)map_walk(o->img, o->work, inode, &sink);
	if (d.end > eof)
		pieces.total = d.end - eof;
	d.total = pieces.total;
	return pieces_run(&pieces);
}

static errcode_t finish(struct orphans *o, const struct listed *l, const struct inode *inode)
{
	errcode_t err = try(o, l, 0);

	if (err != E4Z_ET_LOG_FULL)
		return err;
	err = seal(o->img);
	if (err)
		return err;
	return o->img->cluster_ratio > 1 ? try(o, l, 0) : finish_in_pieces(o, l, inode);
}

/* Why INODE is nothing to be finished, or NULL. */
static const char *unfit(const struct inode *inode)
{
	if (!inode->links)
		return "it was deleted while it was open: a mount or e2fsck frees it";
	if (!inode_is(inode, LINUX_S_IFREG))
		return "it is on the orphan list, but is not a regular file";
	if (inode->flags & (EXT4_VERITY_FL | EXT4_EA_INODE_FL))
		return "it is on the orphan list, but its data must not change";
	return NULL;
}

static errcode_t tell(struct orphans *o, uint32_t ino, const char *why)
{
	if (why)
		o->left++;
	else
		o->finished++;
	return o->options->orphan ? o->options->orphan(o->options->orphan_arg, ino, why) : 0;
}

/* Finish L's inode, which INODE is, if that can be done. */
static errcode_t finish_or_leave(struct orphans *o, const struct listed *l,
				 const struct inode *inode)
{
	char text[1024];
	const char *why = o->leave && rangeset_has(o->leave, l->ino)
				  ? "its blocks may also belong to another file"
				  : unfit(inode);
	errcode_t err = why ? 0 : finish(o, l, inode);

	if (is_of_one_inode(err)) {
		why = image_sentence(o->img, err, text, sizeof(text));
		err = 0;
	}
	if (!err && !why)
		err = rangeset_add(o->done, l->ino, 1, NULL);
	return err ? err : tell(o, l->ino, why);
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
			return tell(o, l.ino, "it cannot be read");
		l.next = next_of(o, &inode);
		err = finish_or_leave(o, &l, &inode);
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
		return tell(o, l->ino, "it is in the orphan file, but there is no such inode");
	err = rangeset_add(o->seen, l->ino, 1, &again);
	if (err)
		return err;
	if (again && rangeset_has(o->done, l->ino))
		err = clear_entry(o, l);
	else if (!again && inode_read(o->img, l->ino, o->raw, &inode))
		err = tell(o, l->ino, "it cannot be read");
	else if (!again)
		err = finish_or_leave(o, l, &inode);
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
		err = seal(o->img);
	return err ? err : orphan_clear_mark(o->img);
}

static errcode_t finish_all(struct e4z_image *img, const struct e4z_edit_options *options,
			    const struct rangeset *leave)
{
	struct e4z_commit_summary *sum = txn_summary(img);
	struct map_work work = {.stop = NULL};
	struct orphans o = {.img = img, .options = options, .leave = leave, .work = &work};
	errcode_t err = map_work_init(img, &work);

	o.raw = malloc(img->inode_size);
	o.seen = rangeset_new((uint64_t)img->inodes + 1);
	o.done = rangeset_new((uint64_t)img->inodes + 1);
	if (!o.raw || !o.seen || !o.done)
		err = ENOMEM;
	if (!err)
		err = finish_chain(&o);
	if (!err)
		err = orphan_file_open(img, &work, &o.file);
	if (!err && ext2fs_has_feature_orphan_file(img->fs->super))
		err = finish_file(&o);
	if (!err)
		err = seal(img);
	sum->orphans_finished += o.finished;
	sum->orphans_left += o.left;
	orphan_file_close(&o.file);
	rangeset_free(o.seen);
	rangeset_free(o.done);
	free(o.raw);
	map_work_free(&work);
	return err;
}

errcode_t orphan_begin(struct e4z_image *img, const struct e4z_edit_options *options,
		       const struct rangeset *leave)
{
	errcode_t err = txn_begin(img, options);

	if (err)
		return err;
	err = finish_all(img, options, leave);
	session_drop(img);
	if (err)
		txn_abort(img);
	return err;
}
