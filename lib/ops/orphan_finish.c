// SPDX-License-Identifier: GPL-2.0-or-later
// Finishes one orphan: tail first, as e2fsck would leave the tail, and on bigalloc undo the
// truncate; or frees it, if it is unlinked and that is asked for.
#include "ops/orphan_state.h"

#include "edit/pieces.h"
#include "edit/session.h"
#include "file/map.h"
#include "ops/truncate.h"
#include "txn/txn.h"

/* INODE, unlinked, is to be freed. */
static bool is_evicted(const struct orphans *o, uint32_t ino)
{
	return o->rules && o->rules->evict && rangeset_has(o->rules->evict, ino);
}

/* Free L's unlinked inode from block FROM on, and if that is all of it, the inode. */
static errcode_t evict(struct orphans *o, const struct listed *l, uint64_t from)
{
	errcode_t err = evict_blocks(o->img, l->ino, from);

	o->evicted.count = 0;
	if (!err && !from)
		err = orphan_take_off(o, l);
	return err || from ? err : evict_inode(o->img, l->ino, &o->evicted);
}

static errcode_t truncate(struct orphans *o, const struct listed *l, uint64_t from)
{
	struct e4z_edit edit;
	errcode_t err = truncate_finish(o->img, l->ino, from, &edit);

	return err || from ? err : orphan_take_off(o, l);
}

/*
 * Free what L's inode has from block FROM on, and if that is all of it, take it off the list.
 * E4Z_ET_LOG_FULL when the transaction becomes too large. After a failure all is as it was.
 */
static errcode_t try(struct orphans *o, const struct listed *l, uint64_t from)
{
	bool fits;
	errcode_t err = session_mark(o->img), back;

	if (err)
		return err;
	err = is_evicted(o, l->ino) ? evict(o, l, from) : truncate(o, l, from);
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

errcode_t orphan_seal(struct e4z_image *img)
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

	return orphan_seal(d->o->img);
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
	uint64_t eof = inode->links ? (inode->size >> o->img->block_bits) + 1 : 0;

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
	err = orphan_seal(o->img);
	if (err)
		return err;
	/* of an inode without links e2fsck frees all, whatever is left */
	return o->img->cluster_ratio > 1 && inode->links ? try(o, l, 0)
							 : finish_in_pieces(o, l, inode);
}

/* Why INODE is nothing to be finished, or NULL. */
static const char *unfit(const struct orphans *o, const struct inode *inode)
{
	if (o->rules && o->rules->leave && rangeset_has(o->rules->leave, inode->ino))
		return "its blocks may also belong to another file";
	/* its blocks may be somebody else's by now */
	if (rangeset_has(o->free, inode->ino))
		return "it is " ORPHAN_FREE;
	if (!inode->links)
		return is_evicted(o, inode->ino)
			       ? NULL
			       : "it was deleted while it was open: \"--fix --all\", a mount or "
				 "e2fsck frees it";
	if (!inode_is(inode, LINUX_S_IFREG))
		return "it is on the orphan list, but is not a regular file";
	if (inode->flags & (EXT4_VERITY_FL | EXT4_EA_INODE_FL))
		return "it is on the orphan list, but its data must not change";
	return NULL;
}

errcode_t orphan_tell(struct orphans *o, uint32_t ino, const char *why)
{
	if (why)
		o->left++;
	else
		o->finished++;
	return o->options->orphan ? o->options->orphan(o->options->orphan_arg, ino, why) : 0;
}

/* An inode that was freed is not reported: it is among those that are gone. */
static errcode_t note_gone(struct orphans *o)
{
	errcode_t err = 0;

	for (size_t i = 0; i < o->evicted.count && !err; i++)
		err = rangeset_add(o->rules->gone, o->evicted.items[i], 1, NULL);
	o->evicted.count = 0;
	return err;
}

errcode_t orphan_finish(struct orphans *o, const struct listed *l, const struct inode *inode)
{
	char text[1024];
	const char *why = unfit(o, inode);
	errcode_t err = why ? 0 : finish(o, l, inode);

	if (is_of_one_inode(err)) {
		why = image_sentence(o->img, err, text, sizeof(text));
		err = 0;
	}
	if (!err && !why)
		err = rangeset_add(o->done, l->ino, 1, NULL);
	if (!err && !why && is_evicted(o, l->ino))
		return note_gone(o);
	return err ? err : orphan_tell(o, l->ino, why);
}
