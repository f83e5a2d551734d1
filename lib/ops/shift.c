// SPDX-License-Identifier: GPL-2.0-or-later
// Collapses or inserts a range of a file: what follows it moves. No data are touched.
#include "base/bytes.h"
#include "open/guard.h"
#include "ops/op.h"
#include <inttypes.h>

/* Whole clusters, of a file with extents whose content does not depend on its place. */
static errcode_t check_shift(const struct op *op)
{
	const struct e4z_image *img = op->img;
	uint64_t unit = (uint64_t)img->block_size * img->cluster_ratio;
	errcode_t err = op_check(op, 0);

	if (!err)
		err = op_need_extents(op, "its blocks cannot be moved");
	if (err)
		return err;
	if (!op->len || op->off % unit || op->len % unit)
		return image_refuse(op->img, E4Z_ET_USAGE,
				    "%s: offset and length must be multiples of %" PRIu64, op->name,
				    unit);
	if (op->f->inode.flags & EXT4_ENCRYPT_FL)
		return image_refuse_file(op->img, op->f->inode.ino, E4Z_ET_REFUSED,
					 "is encrypted: its blocks cannot be moved");
	return 0;
}

/* ext4_collapse_range(): the range must end before EOF. A stale tail is not carried along. */
static errcode_t collapse(struct op *op)
{
	struct edit_file *f = op->f;
	uint64_t size = f->inode.size, bs = op->img->block_size, tail = size % bs, first, blocks;
	errcode_t err = check_shift(op);

	if (err)
		return err;
	if (op->off + op->len >= size)
		return image_refuse(op->img, E4Z_ET_USAGE,
				    "%s: the range reaches EOF; truncate the file", op->name);
	first = op->off >> op->img->block_bits;
	blocks = op->len >> op->img->block_bits;
	err = op_leave_inline(op);
	if (!err && tail)
		err = zero_range(f, op->session, size, bs - tail, op->edit);
	if (!err)
		err = edit_open_handle(f);
	if (!err)
		err = edit_collapse(f, first, blocks);
	if (!err)
		err = cache_drop(f->blocks, first, blocks);
	if (!err)
		err = cache_shift_down(f->blocks, first + blocks, blocks);
	if (!err)
		err = edit_set_size(f, size - op->len);
	edit_close_handle(f);
	return err;
}

/* ext4_insert_range(): the range must begin before EOF; a stale tail is not carried along. */
static errcode_t insert(struct op *op)
{
	struct edit_file *f = op->f;
	uint64_t size = f->inode.size, bs = op->img->block_size, tail = size % bs, first, blocks;
	errcode_t err = check_shift(op);

	if (err)
		return err;
	if (op->off >= size)
		return image_refuse(op->img, E4Z_ET_USAGE, "%s: the offset is at or past EOF",
				    op->name);
	if (size > op_size_limit(op) - op->len)
		return image_refuse_file(op->img, f->inode.ino, EFBIG,
					 "can hold %" PRIu64 " bytes at most", op_size_limit(op));
	first = op->off >> op->img->block_bits;
	blocks = op->len >> op->img->block_bits;
	err = op_leave_inline(op);
	if (!err && tail)
		err = zero_range(f, op->session, size, bs - tail, op->edit);
	if (!err)
		err = edit_open_handle(f);
	if (!err)
		err = edit_insert(f, first, blocks);
	if (err == EFBIG)
		err = image_refuse_file(op->img, f->inode.ino, EFBIG,
					"the blocks past EOF would move past block %" PRIu64
					", the last possible one",
					(uint64_t)EXTENTS_END - 1);
	if (!err)
		err = cache_shift_up(f->blocks, first, blocks);
	if (!err)
		err = edit_set_size(f, size + op->len);
	edit_close_handle(f);
	return err;
}

errcode_t e4z_collapse_range(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			     struct e4z_edit *edit)
{
	struct op op = {.name = "collapse-range",
			.call = "e4z_collapse_range()",
			.run = collapse,
			.off = off,
			.len = len,
			.moves_first = true};

	return op_run(img, &op, file, edit);
}

errcode_t e4z_insert_range(struct e4z_image *img, const char *file, uint64_t off, uint64_t len,
			   struct e4z_edit *edit)
{
	struct op op = {.name = "insert-range",
			.call = "e4z_insert_range()",
			.run = insert,
			.off = off,
			.len = len,
			.moves_first = true};

	return op_run(img, &op, file, edit);
}
