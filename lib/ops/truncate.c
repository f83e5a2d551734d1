// SPDX-License-Identifier: GPL-2.0-or-later
// Sets a file's size as truncate(2) does, with the old tail zeroed before anybody can see it.
//
// Down: the blocks past the new end are freed, and the rest of the last one is zeroed by the same
// commit. Up: the old tail is zeroed in place first, where it is not visible, and written blocks
// past the old end become unwritten (or are freed, if the map has no such state). The same size
// scrubs; if there is nothing to scrub, nothing changes, not even a timestamp.
#include "ops/truncate.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "open/guard.h"
#include "ops/op.h"
#include "txn/txn.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* What is asked for, in op->arg. */
struct request {
	uint64_t size;
	bool finishing; /* what a crash cut short: the size stays, nobody asked for it */
	uint64_t keep;	/* blocks, at least, when finishing */
};

static const struct request *request_of(const struct op *op)
{
	return op->arg;
}

/* Zero what lies past the smaller of the two sizes in its block. */
static errcode_t zero_tail(struct op *op, uint64_t end)
{
	uint32_t bs = op->img->block_size, from = end & (bs - 1);

	/* without the key an encrypted block is left as the kernel leaves it */
	if (!from || (request_of(op)->finishing && op->f->inode.flags & EXT4_ENCRYPT_FL))
		return 0;
	return zero_range(op->f, op->session, end, bs - from, op->edit);
}

static errcode_t unmap_past(struct op *op, uint64_t size)
{
	uint64_t eof = op_blocks(op, size);
	uint64_t keep = request_of(op)->keep > eof ? request_of(op)->keep : eof;

	return op_remove_blocks(op, keep, EXTENTS_END);
}

/*
 * The cluster of block EOF stays, with what was written there past the end: it would be nobody's,
 * and nobody would remove it.
 */
static errcode_t zero_cluster(struct op *op, uint64_t eof)
{
	struct e4z_image *img = op->img;
	AUTO_FREE uint8_t *block = malloc(img->block_size);
	errcode_t err = block ? 0 : ENOMEM;
	struct run run;

	for (uint64_t lblk = eof; lblk % img->cluster_ratio && !err; lblk++) {
		uint64_t off;

		if (!extents_find(op->f->list, lblk, &run) || run.unwritten)
			continue;
		off = (run.pblk + (lblk - run.lblk)) << img->block_bits;
		err = image_read(img, off, img->block_size, block);
		if (!err && !bytes_are_zero(block, img->block_size))
			err = txn_home_zero(img, off, img->block_size);
	}
	return err;
}

static errcode_t truncate_mapped(struct op *op)
{
	uint64_t new = request_of(op)->size, old = op->f->inode.size;
	errcode_t err = zero_tail(op, new < old ? new : old);

	if (!err && request_of(op)->finishing)
		err = zero_cluster(op, op_blocks(op, new));
	if (err)
		return err;
	return new > old ? op_hide_past_eof(op) : unmap_past(op, new);
}

static errcode_t truncate_inline(struct op *op)
{
	uint64_t new = request_of(op)->size, old = op->f->inode.size;
	uint64_t end = new < old ? new : old;
	struct inline_data data;
	errcode_t err = op_find_inline(op, &data);

	if (err)
		return err;
	if (new > inline_capacity(&data))
		return op_leave_inline(op);
	return zero_range(op->f, op->session, end, inline_capacity(&data) - end, op->edit);
}

static errcode_t check_request(const struct op *op)
{
	struct e4z_image *img = op->img;
	const struct inode *inode = &op->f->inode;
	uint64_t new = request_of(op)->size, old = inode->size, end = new < old ? new : old;
	errcode_t err = guard_inode(img, inode, end & (img->block_size - 1) ? GUARD_EDGES : 0);

	if (err)
		return err;
	if (old > map_max_size(img, inode))
		return image_refuse_file(img, inode->ino, E4Z_ET_BAD_INODE,
					 "its size exceeds the maximum for its block map");
	if (new > old &&new > map_size_limit(img, inode))
		return image_refuse_file(img, inode->ino, EFBIG,
					 "can hold %" PRIu64 " bytes at most",
					 map_size_limit(img, inode));
	return 0;
}

static errcode_t set_size(struct op *op, uint64_t size)
{
	errcode_t err = size == op->f->inode.size ? 0 : edit_open_handle(op->f);

	if (!err && size != op->f->inode.size)
		err = edit_set_size(op->f, size);
	edit_close_handle(op->f);
	return err;
}

static errcode_t truncate_open(struct op *op)
{
	errcode_t err = request_of(op)->finishing ? 0 : check_request(op);

	if (!err)
		err = op->f->list ? truncate_mapped(op) : truncate_inline(op);
	return err ? err : set_size(op, request_of(op)->size);
}

/* A truncate in pieces, in op->arg: they go down from the end. */
struct descent {
	struct request request; /* of the piece */
	uint64_t from, to;	/* bytes */
};

static void one_piece(struct op *op, uint64_t at, uint64_t *len)
{
	(void)op;
	(void)at;
	(void)len;
}

static void lower(struct op *op, uint64_t at, uint64_t *len)
{
	struct descent *d = (struct descent *)op->arg;
	uint64_t bs = op->img->block_size, size = d->from - at - *len;

	if (size > d->to)
		size = size / bs * bs > d->to ? size / bs * bs : d->to;
	d->request.size = size;
	*len = d->from - at - size;
}

/*
 * Longer than the log: from the end, a piece in each transaction. The size goes down with the
 * blocks, so that every one of them leaves a whole file, and there is never an orphan.
 */
static errcode_t truncate_split(struct op *whole)
{
	struct descent d = {.request = *request_of(whole), .to = request_of(whole)->size};
	struct op op = *whole;
	errcode_t err = session_open(op.img, op.edit->ino, &op.f);

	if (err)
		return err;
	d.from = op.f->inode.size;
	op.arg = &d;
	/* growing, or scrubbing what is past EOF, is one piece */
	if (d.from <= d.to)
		return op_in_pieces(&op, one_piece, 1, 1);
	return op_in_pieces(&op, lower, d.from - d.to, op.img->block_size);
}

errcode_t e4z_truncate(struct e4z_image *img, const char *file, uint64_t size,
		       struct e4z_edit *edit)
{
	const struct request request = {.size = size};
	struct op op = {
		.name = "truncate",
		.call = "e4z_truncate()",
		.run = truncate_open,
		.split = truncate_split,
		.arg = &request,
	};

	return op_run(img, &op, file, edit);
}

errcode_t truncate_finish(struct e4z_image *img, uint32_t ino, uint64_t keep_lblk,
			  struct e4z_edit *edit)
{
	struct request request = {.finishing = true, .keep = keep_lblk};
	struct op op = {.name = "truncate", .img = img, .edit = edit, .arg = &request};
	uint64_t given;
	errcode_t err;

	*edit = (struct e4z_edit){.op = op.name, .ino = ino};
	err = session_get(img, &op.session);
	if (!err)
		err = session_open(img, ino, &op.f);
	if (!err) {
		request.size = op.f->inode.size;
		given = op.f->given;
		err = truncate_open(&op);
		edit->blocks_freed = op.f->given - given;
	}
	/* what follows changes the inode's slot */
	return err ? err : session_put_files(img);
}
