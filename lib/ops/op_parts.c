// SPDX-License-Identifier: GPL-2.0-or-later
// The steps that several operations share: checks, inline data, what is past EOF, growing.
#include "ops/op.h"

#include "base/bytes.h"
#include "edit/spill.h"
#include "open/guard.h"
#include "txn/txn.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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
					 "its size exceeds the maximum for its block map");
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
				 "its inline data is corrupt");
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

errcode_t op_change_block(const struct op *op, uint64_t lblk, bool whole, uint8_t **data)
{
	errcode_t err = spill_between(op->img);

	if (err)
		return err;
	return whole ? cache_change(op->f->blocks, lblk, data, NULL) : zero_load(op->f, lblk, data);
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

/* The block that EOF is in may have to be zeroed after it: not where it is ciphertext. */
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
