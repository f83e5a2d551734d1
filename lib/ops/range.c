// SPDX-License-Identifier: GPL-2.0-or-later
// Ranges of a file, as fallocate(2) changes them: zeroed, punched out, allocated.
#include "ops/op.h"

#include "session/guard.h"
#include <errno.h>

/* May [op->off, END) be changed? A length of 0 is refused as the kernel does (EINVAL). */
static errcode_t check_until(const struct op *op, uint64_t end)
{
	bool edges = (op->off | end) & (op->img->block_size - 1);

	if (!op->len)
		return image_fail(op->img, E4Z_ET_USAGE, "%s: the length is 0", op->name);
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

/* Holes become unwritten blocks: nothing comes into sight. */
static errcode_t fill_holes(struct op *op)
{
	uint64_t first = op->off >> op->img->block_bits, end = op_blocks(op, op->off + op->len);
	errcode_t err = edit_open_handle(op->f);

	if (!err)
		err = edit_allocate(op->f, first, end - first, true);
	edit_close_handle(op->f);
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
		err = op_need_extents(op, "it cannot have unwritten blocks; punch a hole instead");
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

/* ---- punch hole ---- */

static errcode_t remove_blocks(struct op *op, uint64_t first, uint64_t end)
{
	errcode_t err;

	if (first >= end)
		return 0;
	err = edit_open_handle(op->f);
	if (!err)
		err = edit_unmap(op->f, first, end - first);
	if (!err)
		err = cache_drop(op->f->blocks, first, end - first);
	edit_close_handle(op->f);
	return err;
}

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
	return err ? err : remove_blocks(op, op_blocks(op, op->off), end >> op->img->block_bits);
}

/* ---- the public face ---- */

errcode_t e4z_allocate(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
		       bool keep_size, struct e4z_edit *edit)
{
	struct op op = {
		.name = "allocate",
		.run = allocate,
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
		.run = zero,
		.off = off,
		.len = len,
		.keep_size = keep_size,
	};

	return op_run(img, &op, file, edit);
}

errcode_t e4z_punch_hole(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			 struct e4z_edit *edit)
{
	struct op op = {.name = "punch-hole", .run = punch, .off = off, .len = len};

	return op_run(img, &op, file, edit);
}
