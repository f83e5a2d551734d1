// SPDX-License-Identifier: GPL-2.0-or-later
// Ranges of a file, as fallocate(2) changes them: zeroed, punched out, allocated.
#include "ops/op.h"

#include "edit/spill.h"
#include "image/turn.h"
#include "open/guard.h"
#include <string.h>

/* May [op->off, END) be changed? A length of 0 is refused as the kernel does (EINVAL). */
static errcode_t check_until(const struct op *op, uint64_t end)
{
	bool edges = (op->off | end) & (op->img->block_size - 1);

	if (!op->len)
		return image_refuse(op->img, E4Z_ET_USAGE, "%s: the length is 0", op->name);
	return op_check(op, edges ? GUARD_EDGES : 0);
}

static errcode_t check_range(const struct op *op)
{
	return check_until(op, op->off + op->len);
}

/* The new size, where the operation may set one. */
static errcode_t grow(struct op *op)
{
	uint64_t end = op->off + op->len;

	return op->keep_size ? 0 : op_grow(op, end);
}

/* ---- allocate ---- */

/* A hole becomes blocks; without extents they are written, and zero at home before the map is. */
static errcode_t fill_hole(struct op *op, uint64_t lblk, uint64_t len)
{
	struct edit_file *f = op->f;
	struct extents_walk walk;
	struct run run;
	errcode_t err = edit_open_handle(f);

	if (!err)
		err = edit_allocate(f, lblk, len, f->tree != NULL);
	edit_close_handle(f);
	if (err || f->tree)
		return err;
	extents_walk_start(f->list, &walk, lblk, lblk + len, false);
	while (!err && extents_walk_next(f->list, &walk, &run))
		err = edit_home_zero(f, run.pblk, run.len);
	return err;
}

/* Holes become blocks that show zeroes. */
static errcode_t fill_holes(struct op *op)
{
	uint64_t at = op->off >> op->img->block_bits, end = op_blocks(op, op->off + op->len);
	errcode_t err = 0;

	while (!err && at < end) {
		struct run run;
		bool mapped = extents_find(op->f->list, at, &run);
		uint64_t stop = run.lblk + run.len < end ? run.lblk + run.len : end;

		if (!mapped)
			err = fill_hole(op, at, stop - at);
		at = stop;
	}
	return err;
}

static errcode_t allocate(struct op *op)
{
	errcode_t err = check_range(op);

	if (!err)
		err = op_need_extents(op, "it cannot have unwritten blocks");
	if (!err)
		err = op_leave_inline(op);
	if (!err)
		err = fill_holes(op);
	return err ? err : grow(op);
}

/* ---- zero range ---- */

/*
 * Whole blocks become unwritten, and what was waiting in the cache for them is dropped: that needs
 * no I/O, whatever they hold.
 */
static errcode_t make_unwritten(struct op *op)
{
	uint64_t first = op_blocks(op, op->off), end = (op->off + op->len) >> op->img->block_bits;
	errcode_t err;

	if (first >= end)
		return 0;
	err = edit_open_handle(op->f);
	if (!err)
		err = edit_set_state(op->f, first, end - first, true);
	if (!err)
		err = cache_drop(op->f->blocks, first, end - first);
	edit_close_handle(op->f);
	return err;
}

/* ext4_zero_range(): edges and interior are allocated first, edges are zeroed outside a handle. */
static errcode_t zero(struct op *op)
{
	errcode_t err = check_range(op);

	if (!err)
		err = op_need_extents(
			op, "it cannot have unwritten blocks; write zeroes or punch a hole");
	if (!err)
		err = op_leave_inline(op);
	if (!err)
		err = fill_holes(op);
	if (!err)
		err = make_unwritten(op);
	if (!err)
		err = zero_edges(op->f, op->session, op->off, op->off + op->len, op->edit);
	return err ? err : grow(op);
}

/* ---- write zeroes ---- */

/* Blocks of RUN that nobody sees yet: zero at home, and written with the commit. */
static errcode_t write_hidden(struct op *op, const struct run *run)
{
	errcode_t err = edit_home_zero(op->f, run->pblk, run->len);

	if (!err && run->unwritten)
		err = edit_open_handle(op->f);
	if (!err && run->unwritten)
		err = edit_set_state(op->f, run->lblk, run->len, false);
	edit_close_handle(op->f);
	return err;
}

/* What can be seen until the commit: blocks of zeroes wait for it in the cache. */
static errcode_t write_seen(struct op *op, const struct run *run)
{
	uint64_t bits = op->img->block_bits;
	uint8_t *data;
	errcode_t err = 0;

	if (!run->unwritten)
		return zero_range(op->f, op->session, run->lblk << bits, run->len << bits,
				  op->edit);
	for (uint64_t i = 0; i < run->len && !err; i++) {
		err = op_change_block(op, run->lblk + i, true, &data);
		if (!err)
			memset(data, 0, op->img->block_size);
	}
	return err;
}

/* The first blocks of RUN that are seen, or are not, all of them. */
static bool first_part(const struct op *op, struct run *run)
{
	bool seen = edit_seen_bytes(op->f, run->pblk, run->unwritten);
	uint64_t len = 1;

	while (len < run->len && !edit_seen_bytes(op->f, run->pblk + len, run->unwritten) == !seen)
		len++;
	run->len = len;
	return seen;
}

/* ext4_do_write_zeroes(): the interior ends written, and zero on the disk before it is. */
static errcode_t write_interior(struct op *op)
{
	uint64_t at = op_blocks(op, op->off), end = (op->off + op->len) >> op->img->block_bits;
	errcode_t err = at < end ? cache_drop(op->f->blocks, at, end - at) : 0;

	while (!err && at < end) {
		struct run run;

		if (!extents_find(op->f->list, at, &run))
			return image_refuse(op->img, E4Z_ET_STATE, "a hole in an allocated range");
		run.len = (run.lblk + run.len < end ? run.lblk + run.len : end) - at;
		run.pblk += at - run.lblk;
		run.lblk = at;
		err = first_part(op, &run) ? write_seen(op, &run) : write_hidden(op, &run);
		at = run.lblk + run.len;
		if (!err)
			err = spill_between(op->img);
	}
	return err;
}

static errcode_t write_zeroes(struct op *op)
{
	errcode_t err = op_check(op, GUARD_EDGES);

	if (!err)
		err = check_range(op);
	if (!err)
		err = op_leave_inline(op);
	/* what is written past EOF is hidden before any of it comes into sight */
	if (!err)
		err = grow(op);
	if (!err)
		err = fill_holes(op);
	if (!err)
		err = write_interior(op);
	return err ? err : zero_edges(op->f, op->session, op->off, op->off + op->len, op->edit);
}

/* ---- zero ---- */

/* The range ends with the file: what is past EOF is nobody's to ask for. */
static void clip(struct op *op)
{
	uint64_t size = op->f->inode.size;

	if (op->off > size)
		op->off = size;
	if (op->len > size - op->off)
		op->len = size - op->off;
}

/*
 * Zeroes over what is written, in the blocks where it is: nothing of it is moved, which would leave
 * the old bytes in blocks that are free.
 */
static errcode_t zero_in_place(struct op *asked)
{
	/* it may be run once more: what was asked for stays */
	struct op part = *asked, *op = &part;
	struct inline_data data;
	errcode_t err;

	if (!op->len)
		return check_range(op);
	clip(op);
	err = op_check(op, GUARD_EDGES);
	if (!err && !op->f->list)
		err = op_find_inline(op, &data);
	if (err || !op->len)
		return err;
	op->f->stays = true;
	return zero_range(op->f, op->session, op->off, op->len, op->edit);
}

/* No piece is wanted of what is past EOF. */
static errcode_t zero_split(struct op *whole)
{
	struct op op = *whole;
	errcode_t err = session_open(op.img, op.edit->ino, &op.f);

	if (err)
		return err;
	clip(&op);
	return op_split_range(&op);
}

/* ---- punch hole ---- */

/*
 * ext4_punch_hole(): nothing is done from EOF on, and a hole that reaches it ends with the block
 * that EOF is in.
 */
static errcode_t punch(struct op *op)
{
	uint64_t size = op->f->inode.size, end = op->off + op->len, bs = op->img->block_size;
	errcode_t err;

	if (end >= size)
		end = op_blocks(op, size) * bs;
	err = check_until(op, end);
	if (err || op->off >= size)
		return err;
	err = op_leave_inline(op);
	if (!err)
		err = zero_edges(op->f, op->session, op->off, end, op->edit);
	return err ? err : op_remove_blocks(op, op_blocks(op, op->off), end >> op->img->block_bits);
}

/* ---- the public face ---- */

errcode_t e4z_allocate(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
		       bool keep_size, struct e4z_edit *edit)
{
	struct op op = {
		.name = "allocate",
		.call = "e4z_allocate()",
		.run = allocate,
		.split = op_split_range,
		.moves_first = true,
		.off = off,
		.len = len,
		.keep_size = keep_size,
	};

	return op_run(img, &op, file, edit);
}

errcode_t e4z_zero_range(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			 bool keep_size, struct e4z_edit *edit)
{
	struct op op = {
		.name = "zero-range",
		.call = "e4z_zero_range()",
		.run = zero,
		.split = op_split_range,
		.moves_first = true,
		.off = off,
		.len = len,
		.keep_size = keep_size,
	};

	return op_run(img, &op, file, edit);
}

errcode_t e4z_punch_hole(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			 struct e4z_edit *edit)
{
	struct op op = {
		.name = "punch-hole",
		.call = "e4z_punch_hole()",
		.run = punch,
		.split = op_split_range,
		.moves_first = true,
		.off = off,
		.len = len,
	};

	return op_run(img, &op, file, edit);
}

errcode_t e4z_zero(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
		   struct e4z_edit *edit)
{
	struct op op = {
		.name = "zero",
		.call = "e4z_zero()",
		.run = zero_in_place,
		.split = zero_split,
		.off = off,
		.len = len,
	};

	return op_run(img, &op, file, edit);
}

errcode_t e4z_write_zeroes(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			   struct e4z_edit *edit)
{
	struct op op = {
		.name = "write-zeroes",
		.call = "e4z_write_zeroes()",
		.run = write_zeroes,
		.split = op_split_range,
		.moves_first = true,
		.off = off,
		.len = len,
	};

	return op_run(img, &op, file, edit);
}

errcode_t e4z_flush(struct e4z_image *img)
{
	struct session *s;
	errcode_t err = turn_check(img, 0);

	if (!err)
		err = session_get(img, &s);
	return err ? err : session_flush(img);
}
