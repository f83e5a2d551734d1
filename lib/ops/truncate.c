// SPDX-License-Identifier: GPL-2.0-or-later
// Sets a file's size as truncate(2) does, with the old tail zeroed before anybody can see it.
//
// Down: the blocks behind the new end go, and what is left of the last one is zeroed with the same
// commit. Up: the old tail is zeroed at home first, where nobody sees it, and what is written past
// the old end becomes unwritten (or goes, where there is no such state). The same size scrubs;
// where there is nothing to scrub, nothing changes, no time stamp either.
#include "ops/truncate.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "file/inline.h"
#include "scan/lookup.h"
#include "session/edit.h"
#include "session/guard.h"
#include "session/txn.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct truncate {
	struct e4z_image *img;
	struct edit_file file;
	uint64_t old, new; /* sizes */
	bool finishing;	   /* what a crash cut short: the size stays, nobody asked for it */
	uint64_t keep;	   /* blocks, at least, when finishing */
	struct e4z_edit *edit;
};

static uint64_t blocks_of(const struct e4z_image *img, uint64_t size)
{
	return (size >> img->block_bits) + ((size & (img->block_size - 1)) != 0);
}

/*
 * Zero [from, block end) of the written block at PBLK, which is BLOCK now. Of that, SEEN bytes from
 * the block's start are below the old size: they can be seen until the commit.
 */
static errcode_t zero_written(struct truncate *t, uint64_t pblk, uint32_t from, uint32_t seen,
			      const uint8_t *block)
{
	struct e4z_image *img = t->img;
	uint32_t bs = img->block_size;
	uint8_t *data;
	errcode_t err = 0;

	if (!bytes_are_zero(block + seen, bs - seen))
		err = txn_home(img, pblk * bs + seen, bs - seen, NULL);
	if (err || bytes_are_zero(block + from, seen - from))
		return err;
	if (txn_data_mode(img) == E4Z_DATA_ORDERED)
		return txn_home(img, pblk * bs + from, seen - from, NULL);
	err = txn_edit(img, pblk, &data);
	if (!err)
		memset(data + from, 0, seen - from);
	return err;
}

/* Where in the block of byte END the bytes below the old size end. */
static uint32_t seen_in_block(const struct truncate *t, uint64_t end)
{
	uint64_t base = end & ~(uint64_t)(t->img->block_size - 1);
	uint64_t seen = t->old - base;

	return seen < t->img->block_size ? (uint32_t)seen : t->img->block_size;
}

/* Zero the written block at PBLK from the byte that END is in it on. */
static errcode_t zero_from(struct truncate *t, uint64_t pblk, uint64_t end)
{
	struct e4z_image *img = t->img;
	struct e4z_edit *edit = t->edit;
	uint32_t from = end & (img->block_size - 1);
	AUTO_FREE uint8_t *block = malloc(img->block_size);
	errcode_t err;

	if (!block)
		return ENOMEM;
	err = image_read(img, pblk * img->block_size, img->block_size, block);
	if (err)
		return image_fail(img, err, "reading the last block of inode %u",
				  t->file.inode.ino);
	if (bytes_are_zero(block + from, img->block_size - from)) {
		edit->already_zero = edit->requested;
	} else {
		edit->written_disk = edit->requested;
		edit->did_zero = edit->zero_written = true;
		err = zero_written(t, pblk, from, seen_in_block(t, end), block);
	}
	return err;
}

/* Zero what lies behind the smaller of the two sizes in its block. */
static errcode_t zero_tail(struct truncate *t)
{
	struct e4z_image *img = t->img;
	uint64_t end = t->new < t->old ? t->new : t->old, lblk = end >> img->block_bits;
	uint32_t from = end & (img->block_size - 1);
	struct run run;

	/* without the key an encrypted block is left as the kernel leaves it */
	if (!from || (t->finishing && t->file.inode.flags & EXT4_ENCRYPT_FL))
		return 0;
	t->edit->requested = img->block_size - from;
	if (!extents_find(t->file.list, lblk, &run))
		t->edit->hole = t->edit->requested;
	else if (run.unwritten)
		t->edit->unwritten_clean = t->edit->requested;
	else
		return zero_from(t, run.pblk + (lblk - run.lblk), end);
	return 0;
}

static errcode_t truncate_mapped(struct truncate *t)
{
	uint64_t eof = blocks_of(t->img, t->new < t->old ? t->new : t->old);
	uint64_t keep = t->keep > eof ? t->keep : eof;
	errcode_t err = zero_tail(t);

	if (err)
		return err;
	/* what is written behind the old end must not come into sight */
	if (t->new > t->old)
		return edit_hide(&t->file, eof, EXTENTS_END - eof, true);
	return edit_unmap(&t->file, keep, EXTENTS_END - keep);
}

/* The file outgrows its inode: its bytes move into a block. */
static errcode_t move_out(struct truncate *t, const struct inline_data *data)
{
	struct e4z_image *img = t->img;
	AUTO_FREE uint8_t *block = calloc(1, img->block_size);
	size_t head = t->old < INODE_I_BLOCK_LEN ? t->old : INODE_I_BLOCK_LEN;
	errcode_t err;

	if (!block)
		return ENOMEM;
	memcpy(block, data->head, head);
	if (t->old > head)
		memcpy(block + head, data->rest, t->old - head);
	err = edit_leave_inline(&t->file);
	if (!err && t->old)
		err = edit_map_new(&t->file, 0, block);
	return err;
}

/* Zero LEN bytes that are no longer the file's. */
static void zero_inline(struct truncate *t, uint8_t *bytes, size_t len)
{
	if (bytes_are_zero(bytes, len))
		return;
	memset(bytes, 0, len);
	t->edit->did_zero = true;
}

static errcode_t truncate_inline(struct truncate *t)
{
	struct inline_data data;
	uint64_t end = t->new < t->old ? t->new : t->old;
	size_t capacity, head;

	if (!inline_find(t->img, &t->file.inode, &data) || t->old > inline_capacity(&data))
		return image_fail(t->img, E4Z_ET_BAD_INODE, "inode %u: its inline data is damaged",
				  t->file.inode.ino);
	capacity = inline_capacity(&data);
	if (t->new > capacity)
		return move_out(t, &data);
	t->edit->requested = t->edit->inline_bytes = capacity - end;
	head = end < INODE_I_BLOCK_LEN ? end : INODE_I_BLOCK_LEN;
	zero_inline(t, data.head + head, INODE_I_BLOCK_LEN - head);
	if (data.rest)
		zero_inline(t, data.rest + (end - head), data.rest_len - (end - head));
	return 0;
}

/* Truncating to the same size may leave nothing to do: then not even a time changes. */
static bool is_needed(const struct truncate *t)
{
	const struct edit_file *f = &t->file;

	return t->new != t->old || t->edit->did_zero || f->given || f->changed;
}

static errcode_t check_request(struct truncate *t)
{
	struct e4z_image *img = t->img;
	const struct inode *inode = &t->file.inode;
	uint64_t end = t->new < t->old ? t->new : t->old;
	errcode_t err = guard_inode(img, inode, end & (img->block_size - 1) ? GUARD_EDGES : 0);

	if (err)
		return err;
	if (t->old > map_max_size(img, inode))
		return image_fail(img, E4Z_ET_BAD_INODE, "inode %u: its size is beyond its map",
				  inode->ino);
	if (t->new > t->old && t->new > map_size_limit(img, inode))
		return image_fail(img, EFBIG, "inode %u can hold %" PRIu64 " bytes", inode->ino,
				  map_size_limit(img, inode));
	return 0;
}

static errcode_t run_truncate(struct truncate *t)
{
	errcode_t err = t->finishing ? 0 : check_request(t);

	if (err)
		return err;
	t->edit->size_before = t->old;
	t->edit->size_after = t->new;
	err = t->file.list ? truncate_mapped(t) : truncate_inline(t);
	if (err || !is_needed(t))
		return err;
	err = edit_set_size(&t->file, t->new);
	if (!err)
		err = edit_finish(&t->file, !t->finishing);
	t->edit->blocks_freed = t->file.given;
	t->edit->blocks_allocated = t->file.taken;
	return err;
}

errcode_t truncate_finish(struct e4z_image *img, uint32_t ino, uint64_t keep_lblk,
			  struct e4z_edit *edit)
{
	struct truncate t = {.img = img, .finishing = true, .keep = keep_lblk, .edit = edit};
	errcode_t err = edit_open(img, ino, &t.file);

	*edit = (struct e4z_edit){.op = "truncate", .ino = ino};
	t.old = t.new = t.file.inode.size;
	if (!err)
		err = run_truncate(&t);
	edit_close(&t.file);
	return err;
}

/* One transaction's worth, or all of it. */
static errcode_t truncate_to(struct e4z_image *img, uint64_t size, struct e4z_edit *edit)
{
	struct truncate t = {.img = img, .new = size, .edit = edit};
	errcode_t err = edit_open(img, edit->ino, &t.file);

	t.old = t.file.inode.size;
	if (!err)
		err = run_truncate(&t);
	edit_close(&t.file);
	return err;
}

/*
 * Longer than the log: from the end, a piece in each transaction. The size goes down with the
 * blocks, so that every one of them leaves a whole file, and there is never an orphan.
 */
static errcode_t truncate_split(struct e4z_image *img, uint64_t size, struct e4z_edit *edit)
{
	uint64_t before = edit->size_before, from = before, freed = 0;
	uint64_t bs = img->block_size, need, room;
	struct e4z_commit_summary ignored = {0};
	errcode_t err;

	/* what was done before it is not part of it */
	txn_back(img);
	err = txn_commit(img, &ignored);
	for (uint64_t step = from - size; !err && from > size;) {
		uint64_t to = from - size > step ? (from - step) / bs * bs : size;

		if (to < size)
			to = size;
		err = truncate_to(img, to, edit);
		if (!err)
			err = txn_log_need(img, &need, &room);
		if (!err && need > room && from - to > bs) {
			step = (from - to) / 2;
			err = txn_restart(img);
			continue;
		}
		freed += edit->blocks_freed;
		from = to;
		/* the last piece is the caller's to commit */
		if (!err && to > size)
			err = txn_commit(img, &ignored);
	}
	edit->size_before = before;
	edit->blocks_freed = freed;
	return err;
}

errcode_t e4z_truncate(struct e4z_image *img, const char *file, uint64_t size,
		       struct e4z_edit *edit)
{
	struct map_work work = {.stop = NULL};
	struct e4z_commit_summary ignored;
	uint64_t need = 0, room = 0;
	bool plain;
	errcode_t err = map_work_init(img, &work);

	*edit = (struct e4z_edit){.op = "truncate", .path = file};
	if (!err && !img->txn)
		err = image_fail(img, E4Z_ET_STATE, "no transaction is open");
	if (!err)
		err = lookup(img, &work, file, &edit->ino, &plain);
	map_work_free(&work);
	/* what came before must not be lost when this is done in pieces */
	if (!err && txn_may_split(img) && txn_has_changes(img))
		err = txn_commit(img, &ignored);
	if (err)
		return err;
	txn_mark(img);
	err = truncate_to(img, size, edit);
	if (!err && txn_may_split(img) && img->log)
		err = txn_log_need(img, &need, &room);
	if (!err && need > room)
		err = truncate_split(img, size, edit);
	if (err)
		txn_back(img);
	return err;
}
