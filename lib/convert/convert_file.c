// SPDX-License-Identifier: GPL-2.0-or-later
// The edit that converts blocks of one file, in the running transaction or in several.
//
// Unwritten blocks become written only below EOF, and only after they are zero on the disk: what
// the host knows to be a hole is, the rest is zeroed before the commit.
#include "convert/convert.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "edit/pieces.h"
#include "edit/session.h"
#include "open/guard.h"
#include "txn/alloc.h"
#include "txn/txn.h"
#include <errno.h>
#include <stdlib.h>

struct conversion {
	struct convert *c;
	struct edit_file *file;
	struct e4z_span range; /* logical blocks; what of them is mapped is all converted */
	size_t piece;	       /* that ends the range */
	struct run_vec zeroed; /* places that become written */
	uint64_t blocks;
};

static errcode_t end_range(struct conversion *v)
{
	uint64_t start = v->range.start, len = v->range.len;

	v->range.len = 0;
	if (!len)
		return 0;
	if (v->c->options->to == E4Z_TO_HOLE)
		return edit_unmap(v->file, start, len);
	return edit_set_state(v->file, start, len, v->c->options->to == E4Z_TO_UNWRITTEN);
}

/*
 * LEN blocks from START of a piece are converted. Between two pieces there is nothing that would
 * change, so that ranges which end and begin with whole pieces are one.
 */
static errcode_t convert_zeros(struct conversion *v, size_t number, uint64_t start, uint64_t len)
{
	const struct run *piece = &v->c->pieces.items[number];
	struct run place = {.pblk = piece->pblk + start, .lblk = piece->lblk + start, .len = len};
	uint64_t end = v->range.start + v->range.len;
	bool joins = v->range.len && (end == place.lblk || (!start && number == v->piece + 1 &&
							    end == piece[-1].lblk + piece[-1].len));
	errcode_t err = 0;

	v->piece = number;
	v->blocks += len;
	if (v->c->options->to == E4Z_TO_WRITTEN && vec_push(&v->zeroed, place))
		return ENOMEM;
	if (joins) {
		v->range.len = place.lblk + len - v->range.start;
		return 0;
	}
	err = end_range(v);
	v->range = (struct e4z_span){place.lblk, len};
	return err;
}

static errcode_t change_map(struct conversion *v, const struct convert_file *file,
			    struct convert_place *place, uint64_t blocks)
{
	errcode_t err = 0;

	while (place->zero < file->zeros && blocks && !err) {
		const struct zeros *zeros = &v->c->found.items[file->zero + place->zero];
		uint64_t len = zeros->len - place->done < blocks ? zeros->len - place->done
								 : blocks;

		err = convert_zeros(v, zeros->piece, zeros->start + place->done, len);
		blocks -= len;
		place->done += len;
		if (place->done < zeros->len)
			continue;
		place->zero++;
		place->done = 0;
	}
	return err ? err : end_range(v);
}

static int by_place(const void *pa, const void *pb)
{
	const struct run *a = pa, *b = pb;

	return (a->pblk > b->pblk) - (a->pblk < b->pblk);
}

/* The first block in [at, last) that has to be zeroed, and in *STOP the end of its stretch. */
static uint64_t next_to_zero(const struct e4z_image *img, struct zeros_hint *hint, uint64_t at,
			     uint64_t last, uint64_t *stop)
{
	if (img->dev->holes != E4Z_HOLES_NEVER)
		return zeros_skip_hole(img, hint, at, last, stop);
	*stop = last;
	return at;
}

/* What is not zero on the disk yet becomes so before the commit. */
static errcode_t zero_places(struct conversion *v, bool *did_zero)
{
	struct e4z_image *img = v->c->img;
	AUTO_FREE uint8_t *bitmap = malloc(img->block_size);
	struct zeros_hint hint = {.known = false};
	uint64_t start = 0, end = 0, stop;
	uint32_t group = UINT32_MAX;
	bool sorted = true;
	errcode_t err = bitmap ? 0 : ENOMEM;

	for (size_t i = 1; i < v->zeroed.count; i++)
		sorted = sorted && v->zeroed.items[i - 1].pblk < v->zeroed.items[i].pblk;
	if (!sorted)
		qsort(v->zeroed.items, v->zeroed.count, sizeof(*v->zeroed.items), by_place);
	for (size_t i = 0; i < v->zeroed.count && !err; i++) {
		uint64_t at = v->zeroed.items[i].pblk, last = at + v->zeroed.items[i].len;

		err = alloc_check_taken(img, at, last - at, bitmap, &group);
		for (; at < last && !err; at = stop) {
			at = next_to_zero(img, &hint, at, last, &stop);
			if (at == last)
				break;
			if (at != end) {
				err = edit_zero(v->file, start, end - start);
				start = at;
			}
			end = stop;
		}
	}
	*did_zero |= end > 0;
	return err ? err : edit_zero(v->file, start, end - start);
}

/*
 * The tree got deep, and unwritten blocks past EOF are in it: e2fsck would call that corrupt.
 */
static bool became_bad(const struct edit_file *f, unsigned depth, uint64_t eof)
{
	struct run run;

	return depth <= 1 && convert_depth(&f->inode) > 1 &&
	       (extents_find(f->list, eof, &run) || run.lblk + run.len < EXTENTS_END);
}

static errcode_t convert_opened(struct conversion *v, const struct convert_file *file,
				struct convert_place *place, uint64_t blocks, struct e4z_edit *edit)
{
	unsigned depth = convert_depth(&v->file->inode);
	errcode_t err = guard_inode(v->c->img, &v->file->inode, 0);

	if (!err)
		err = edit_open_handle(v->file);
	if (!err)
		err = change_map(v, file, place, blocks);
	edit_close_handle(v->file);
	if (!err)
		err = edit_finish(v->file, false);
	if (!err && became_bad(v->file, depth, file->eof))
		err = image_refuse_file(
			v->c->img, file->ino, E4Z_ET_REFUSED,
			"its extent tree would become too deep to keep the blocks past EOF");
	if (!err)
		err = zero_places(v, &edit->did_zero);
	return err;
}

errcode_t convert_file(struct convert *c, const struct convert_file *file,
		       struct convert_place *place, uint64_t blocks, struct e4z_edit *edit)
{
	struct conversion v = {.c = c};
	errcode_t err = session_open(c->img, file->ino, &v.file);

	if (!err)
		err = convert_opened(&v, file, place, blocks, edit);
	vec_free(&v.zeroed);
	if (err)
		return err;
	edit->blocks_converted += v.blocks;
	edit->blocks_freed += v.file->given;
	edit->blocks_allocated += v.file->taken;
	return session_put_files(c->img);
}

/* Blocks of FILE that are to be converted. */
static uint64_t count_blocks(const struct convert *c, const struct convert_file *file)
{
	uint64_t blocks = 0;

	for (size_t i = 0; i < file->zeros; i++)
		blocks += c->found.items[file->zero + i].len;
	return blocks;
}

struct convert_pieces {
	struct convert *c;
	const struct convert_file *file;
	struct convert_place place, next; /* before and after the last attempt */
	struct e4z_edit *edit, done;	  /* of what is durable, and with the last attempt */
	errcode_t (*commit)(void *arg);
	void *arg;
};

static errcode_t attempt_piece(void *arg, uint64_t at, uint64_t *len, bool *fits)
{
	struct convert_pieces *p = arg;
	uint64_t need = 0, room = 0;
	errcode_t err;

	(void)at;
	p->next = p->place;
	p->done = *p->edit;
	err = convert_file(p->c, p->file, &p->next, *len, &p->done);
	if (!err)
		err = txn_log_need(p->c->img, &need, &room);
	/* a single block that does not fit is the commit's to refuse */
	*fits = need <= room || *len == 1;
	return err;
}

static errcode_t undo_piece(void *arg)
{
	struct convert_pieces *p = arg;

	return session_rewind(p->c->img);
}

static errcode_t commit_piece(void *arg)
{
	struct convert_pieces *p = arg;
	errcode_t err = p->commit(p->arg);

	if (err)
		return err;
	p->place = p->next;
	*p->edit = p->done;
	return 0;
}

errcode_t convert_in_pieces(struct convert *c, const struct convert_file *file,
			    errcode_t (*commit)(void *arg), void *arg, struct e4z_edit *edit)
{
	struct convert_pieces p = {
		.c = c, .file = file, .edit = edit, .done = *edit, .commit = commit, .arg = arg};
	const struct pieces pieces = {
		.arg = &p,
		.total = count_blocks(c, file),
		.unit = 1,
		.attempt = attempt_piece,
		.undo = undo_piece,
		.next = commit_piece,
	};
	errcode_t err = pieces_run(&pieces);

	/* the last piece is the caller's to commit */
	if (!err)
		*edit = p.done;
	return err;
}
