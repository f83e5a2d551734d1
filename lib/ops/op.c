// SPDX-License-Identifier: GPL-2.0-or-later
// The frame of every operation on a file, and of one that the log is too small for.
#include "ops/op.h"

#include "edit/fit.h"
#include "edit/pieces.h"
#include "edit/spill.h"
#include "image/turn.h"
#include "open/guard.h"
#include "path/lookup.h"
#include "quota/quota.h"
#include "txn/txn.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- the frame ---- */

static errcode_t look_up(struct op *op, const char *name, uint32_t *ino)
{
	struct session *s = op->session;
	struct map_work work = {.stop = NULL};
	bool plain;
	errcode_t err;

	/* no operation changes a directory, so what was found stays true */
	if (s->last_name && !strcmp(s->last_name, name)) {
		*ino = s->last_ino;
		return 0;
	}
	err = map_work_init(op->img, &work);
	if (!err)
		err = lookup(op->img, &work, name, ino, &plain);
	map_work_free(&work);
	if (err)
		return err;
	free(s->last_name);
	s->last_name = strdup(name);
	s->last_ino = *ino;
	return s->last_name ? 0 : ENOMEM;
}

/* i_blocks would change, or will when a dirty block gets its place. */
static errcode_t check_quota(const struct op *op, int64_t sectors)
{
	return op->f->sectors == sectors ? 0 : quota_check(op->img, &op->f->inode);
}

static errcode_t run_open(struct op *op)
{
	struct edit_file *f = op->f;
	struct e4z_edit *edit = op->edit;
	uint64_t taken = f->taken - f->placed, given = f->given, converted = f->converted;
	uint64_t cookie = zero_cookie(f), size = f->inode.size;
	bool was_inline = !f->list;
	int64_t sectors = f->sectors;
	errcode_t err;

	edit->size_before = size;
	err = op->run(op);
	if (!err)
		err = check_quota(op, sectors);
	if (err)
		return err;
	f->stamp |= zero_cookie(f) != cookie || f->inode.size != size || edit->did_zero ||
		    was_inline != !f->list;
	edit->note = f->stamp ? guard_remark(&f->inode) : NULL;
	edit->size_after = f->inode.size;
	/* what is written into a hole counts when it is written, not when it gets its place */
	edit->blocks_allocated += f->taken - f->placed - taken;
	edit->blocks_freed += f->given - given;
	edit->blocks_converted += f->converted - converted;
	err = edit->blocks_allocated ? session_has_room(op->img) : 0;
	return err ? err : spill_between(op->img);
}

/* OP, or a piece of it: it is taken back when it fails. */
static errcode_t run_once(struct op *op)
{
	errcode_t err = session_mark(op->img), back;

	if (err)
		return err;
	op->session = op->img->session;
	err = session_open(op->img, op->edit->ino, &op->f);
	if (!err)
		err = run_open(op);
	if (!err)
		return 0;
	back = session_back(op->img);
	return back ? back : err;
}

/* ---- splitting ---- */

/* Settle what was done, and ask if it fits into one transaction. */
static errcode_t op_fits(struct op *op, bool *fits)
{
	uint64_t need = 0, room = 0;
	errcode_t err = session_settle_within(op->img);

	if (!err)
		err = txn_log_need(op->img, &need, &room);
	*fits = !err && need <= room;
	return err;
}

static errcode_t too_large(struct op *op)
{
	uint64_t need = 0, room = 0;
	errcode_t err = txn_log_need(op->img, &need, &room);

	if (err)
		return err;
	/* taken back already: it was said why */
	if (need <= room)
		return E4Z_ET_LOG_FULL;
	return image_refuse(op->img, E4Z_ET_LOG_FULL,
			    "%s needs %" PRIu64 " journal blocks at once, and there are %" PRIu64,
			    op->name, need, room);
}

/*
 * The same; then all files are settled, and counted: *FITS, into one transaction. What does not fit
 * may have been taken back already.
 */
static errcode_t try_once(struct op *op, bool *fits)
{
	errcode_t err = run_once(op), back;

	*fits = err != E4Z_ET_LOG_FULL;
	if (!*fits || err)
		return *fits ? err : 0;
	err = op_fits(op, fits);
	if (!err)
		return 0;
	back = session_back(op->img);
	return back ? back : err;
}

/* Undo what does not fit, and all that is not committed with it. */
static errcode_t rewind_op(struct op *op)
{
	errcode_t err;

	session_drop(op->img);
	err = txn_rewind(op->img);
	return err ? err : session_get(op->img, &op->session);
}

/* No commit can do what was done before OP, as ERR says: that is not the fault of OP. */
static errcode_t blame_earlier(const struct op *op, errcode_t err)
{
	char text[1024];

	if (err != E4Z_ET_NO_SPACE)
		return err;
	image_sentence(op->img, err, text, sizeof(text));
	return image_refuse(op->img, err, "the preceding operations cannot be committed: %s", text);
}

/* What came before must not be lost: it is committed separately. */
static errcode_t begin_again(struct op *op, const struct e4z_edit *start)
{
	errcode_t err = blame_earlier(op, session_next(op->img));

	*op->edit = *start;
	return err ? err : session_get(op->img, &op->session);
}

/*
 * The bound says that OP is too much for what the log has left: count, with all files settled. Then
 * OP can be taken back alone.
 */
static errcode_t try_settled(struct op *op, const struct e4z_edit *start, bool *fits)
{
	errcode_t err = session_settle(op->img);

	*op->edit = *start;
	if (err)
		return blame_earlier(op, err);
	err = try_once(op, fits);
	if (!err && *fits)
		return 0;
	*fits = false;
	/* what the others gave back may be had after a commit */
	if (err && err != E4Z_ET_NO_SPACE)
		return err;
	return session_back(op->img);
}

/* OP alone in a transaction, or in several. */
static errcode_t run_alone(struct op *op, const struct e4z_edit *start)
{
	bool fits;
	errcode_t err = try_once(op, &fits), back;

	if (err || fits)
		return err;
	if (!op->split)
		err = too_large(op);
	back = rewind_op(op);
	*op->edit = *start;
	if (back || err)
		return back ? back : err;
	return op->split(op);
}

/* The transaction may be more than the log holds: it is committed between operations, or within. */
static errcode_t run_split(struct op *op, uint64_t room)
{
	const struct e4z_edit start = *op->edit;
	bool fits = false, first = !txn_has_changes(op->img) && !op->img->session->files.count;
	errcode_t err = run_once(op);
	/* a commit makes free what was freed before */
	bool again = err == E4Z_ET_NO_SPACE && !first && session_gave_back(op->img);
	bool back = again || err == E4Z_ET_LOG_FULL;

	if (!back && (err || fit_bound(op->img) <= room))
		return err;
	err = back ? 0 : session_back(op->img);
	*op->edit = start;
	if (!err && !first && !again)
		err = try_settled(op, &start, &fits);
	if (err || fits)
		return err;
	if (!first)
		err = begin_again(op, &start);
	return err ? err : run_alone(op, &start);
}

/* ---- pieces ---- */

struct op_pieces {
	struct op op;
	op_piece *piece;
	struct e4z_edit done; /* before the last attempt */
	uint64_t size_before;
};

static errcode_t attempt_piece(void *arg, uint64_t at, uint64_t *len, bool *fits)
{
	struct op_pieces *p = arg;
	errcode_t err;

	p->done = *p->op.edit;
	p->piece(&p->op, at, len);
	err = try_once(&p->op, fits);
	if (!at)
		p->size_before = p->op.edit->size_before;
	return err;
}

static errcode_t undo_piece(void *arg)
{
	struct op_pieces *p = arg;

	*p->op.edit = p->done;
	return rewind_op(&p->op);
}

static errcode_t commit_pieces(void *arg)
{
	struct op_pieces *p = arg;

	return session_next(p->op.img);
}

errcode_t op_in_pieces(const struct op *whole, op_piece *piece, uint64_t total, uint64_t unit)
{
	struct op_pieces p = {
		.op = *whole,
		.piece = piece,
		.size_before = whole->edit->size_before,
	};
	const struct pieces pieces = {
		.arg = &p,
		.total = total,
		.unit = unit,
		.attempt = attempt_piece,
		.undo = undo_piece,
		.next = commit_pieces,
	};
	errcode_t err = pieces_run(&pieces), back;

	whole->edit->size_before = p.size_before;
	if (err != E4Z_ET_LOG_FULL)
		return err;
	err = too_large(&p.op);
	back = rewind_op(&p.op);
	return back ? back : err;
}

static void range_piece(struct op *op, uint64_t at, uint64_t *len)
{
	uint64_t unit = (uint64_t)op->img->block_size * op->img->cluster_ratio;
	uint64_t stop = at + *len;

	if (stop < op->whole_len)
		stop = (op->whole_off + stop) / unit * unit - op->whole_off;
	if (stop <= at || stop > op->whole_len)
		stop = at + unit - (op->whole_off + at) % unit;
	op->off = op->whole_off + at;
	op->len = *len = stop - at;
}

errcode_t op_split_range(struct op *op)
{
	struct op whole = *op;

	whole.whole_off = op->off;
	whole.whole_len = op->len;
	return op_in_pieces(&whole, range_piece, op->len,
			    (uint64_t)op->img->block_size * op->img->cluster_ratio);
}

errcode_t op_run(struct e4z_image *img, struct op *op, const char *name, struct e4z_edit *edit)
{
	AUTO_TURN struct turn turn = turn_begin(img, op->call);
	struct e4z_edit unwanted = {0};
	errcode_t err;

	edit = edit ? edit : &unwanted;
	*edit = (struct e4z_edit){.op = op->name, .path = name};
	op->img = img;
	op->edit = edit;
	err = turn.err ? turn.err : session_get(img, &op->session);
	if (!err)
		err = look_up(op, name, &edit->ino);
	if (err)
		return err;
	image_name_file(img, edit->ino, name);
	err = guard_number(img, edit->ino);
	if (err)
		return err;
	if (!txn_may_split(img) || !img->log)
		return run_once(op);
	return run_split(op, txn_log_room(img));
}
