// SPDX-License-Identifier: GPL-2.0-or-later
// The frame of every operation on a file, and the steps that several of them share.
#include "ops/op.h"

#include "base/bytes.h"
#include "edit/fit.h"
#include "edit/pieces.h"
#include "open/guard.h"
#include "path/lookup.h"
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
	return op->f->sectors == sectors ? 0 : guard_quota(op->img, &op->f->inode);
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
	return err ? err : session_limit(op->img);
}

errcode_t op_once(struct op *op)
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
	errcode_t err = session_settle(op->img);

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

errcode_t op_try(struct op *op, bool *fits)
{
	errcode_t err = op_once(op), back;

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
	return image_refuse(op->img, err, "what comes before it cannot be committed: %s", text);
}

/* What came before must not be lost: it is committed separately. */
static errcode_t begin_anew(struct op *op, const struct e4z_edit *start)
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
	err = op_try(op, fits);
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
	errcode_t err = op_try(op, &fits), back;

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
	errcode_t err = op_once(op);
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
		err = begin_anew(op, &start);
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
	err = op_try(&p->op, fits);
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
	struct e4z_edit unwanted;
	errcode_t err;

	edit = edit ? edit : &unwanted;
	*edit = (struct e4z_edit){.op = op->name, .path = name};
	op->img = img;
	op->edit = edit;
	err = session_get(img, &op->session);
	if (!err)
		err = look_up(op, name, &edit->ino);
	if (err)
		return err;
	image_name_file(img, edit->ino, name);
	err = guard_number(img, edit->ino);
	if (err)
		return err;
	if (!txn_may_split(img) || !img->log)
		return op_once(op);
	return run_split(op, txn_log_room(img));
}

/* ---- what operations are made of ---- */

uint64_t op_size_limit(const struct op *op)
{
	struct inode inode = op->f->inode;

	if (op->moves_first && inode.flags & EXT4_INLINE_DATA_FL &&
	    ext2fs_has_feature_extents(op->img->fs->super))
		inode.flags |= EXT4_EXTENTS_FL;
	return map_size_limit(op->img, &inode);
}

errcode_t op_check(const struct op *op, unsigned what)
{
	struct e4z_image *img = op->img;
	const struct inode *inode = &op->f->inode;
	uint64_t limit, end;
	errcode_t err = guard_inode(img, inode, what);

	if (err)
		return err;
	if (inode->size > map_max_size(img, inode))
		return image_refuse_file(img, inode->ino, E4Z_ET_BAD_INODE,
					 "its size is beyond its map");
	limit = op_size_limit(op);
	if (!bytes_add(op->off, op->len, &end) || end > limit)
		return image_refuse_file(img, inode->ino, EFBIG,
					 "can hold %" PRIu64 " bytes at most", limit);
	return 0;
}

errcode_t op_need_extents(const struct op *op, const char *why)
{
	bool extents = op->f->list ? op->f->tree != NULL
				   : ext2fs_has_feature_extents(op->img->fs->super);

	if (extents)
		return 0;
	return image_refuse_file(op->img, op->f->inode.ino, E4Z_ET_REFUSED, "has no extents: %s",
				 why);
}

errcode_t op_find_inline(const struct op *op, struct inline_data *data)
{
	const struct inode *inode = &op->f->inode;

	/* all of them have room in a block */
	if (inline_find(op->img, inode, data) && inode->size <= inline_capacity(data) &&
	    inode->size <= op->img->block_size)
		return 0;
	return image_refuse_file(op->img, inode->ino, E4Z_ET_BAD_INODE,
				 "its inline data is damaged");
}

/* The bytes of an inline file as the start of a block. */
static errcode_t copy_inline(const struct op *op, uint8_t *block)
{
	uint64_t size = op->f->inode.size;
	uint64_t head = size < INODE_I_BLOCK_LEN ? size : INODE_I_BLOCK_LEN;
	struct inline_data data;
	errcode_t err = op_find_inline(op, &data);

	if (err)
		return err;
	memcpy(block, data.head, head);
	if (size > head)
		memcpy(block + head, data.rest, size - head);
	return 0;
}

static errcode_t move_out(struct op *op, uint8_t *block)
{
	struct edit_file *f = op->f;
	uint64_t size = f->inode.size;
	errcode_t err = copy_inline(op, block);

	if (!err)
		err = edit_open_handle(f);
	if (!err)
		err = edit_leave_inline(f);
	if (!err && size)
		err = edit_map_new(f, 0, block);
	edit_close_handle(f);
	return err;
}

errcode_t op_leave_inline(struct op *op)
{
	uint8_t *block;
	errcode_t err;

	if (op->f->list)
		return 0;
	block = calloc(1, op->img->block_size);
	if (!block)
		return ENOMEM;
	err = move_out(op, block);
	free(block);
	return err;
}

errcode_t op_remove_blocks(struct op *op, uint64_t first, uint64_t end)
{
	errcode_t err;

	if (first >= end)
		return 0;
	err = edit_open_handle(op->f);
	if (!err)
		err = edit_unmap(op->f, first, end - first);
	if (!err)
		err = edit_prune(op->f, first, end - first);
	if (!err)
		err = cache_drop(op->f->blocks, first, end - first);
	edit_close_handle(op->f);
	return err;
}

errcode_t op_hide_past_eof(struct op *op)
{
	uint64_t from = op_blocks(op, op->f->inode.size);
	errcode_t err;

	if (!op->f->list)
		return 0;
	err = edit_open_handle(op->f);
	if (!err)
		err = edit_hide(op->f, from, EXTENTS_END - from, true);
	/* such a block may be dirty because a part of it was zeroed: it is all zero now */
	if (!err)
		err = cache_drop(op->f->blocks, from, EXTENTS_END - from);
	edit_close_handle(op->f);
	return err;
}

/* The block that EOF is in may have to be zeroed behind it: not where it is ciphertext. */
static errcode_t check_tail(const struct op *op)
{
	const struct edit_file *f = op->f;
	struct run run;

	if (!extents_find(f->list, f->inode.size >> op->img->block_bits, &run) || run.unwritten)
		return 0;
	return op_check(op, GUARD_EDGES);
}

errcode_t op_grow(struct op *op, uint64_t size)
{
	struct edit_file *f = op->f;
	uint64_t old = f->inode.size, tail = old % op->img->block_size;
	errcode_t err = 0;

	if (size <= old)
		return 0;
	if (tail && f->list)
		err = check_tail(op);
	if (!err && tail && f->list)
		err = zero_range(f, op->session, old, op->img->block_size - tail, op->edit);
	if (!err)
		err = op_hide_past_eof(op);
	if (!err)
		err = edit_open_handle(f);
	if (!err)
		err = edit_set_size(f, size);
	edit_close_handle(f);
	return err;
}
