// SPDX-License-Identifier: GPL-2.0-or-later
// Writes bytes into a file, in its blocks or in its inode; a size grows with them.
//
// The bytes wait in the cache, over whatever is mapped there. Data for holes and unwritten blocks
// is written to its final location before the commit. Data that overwrites visible data is
// journaled, or written in place before the commit if data is ordered. So nothing is allocated
// before it has to be.
#include "base/bytes.h"
#include "base/reserved.h"
#include "open/guard.h"
#include "ops/op.h"
#include "quota/quota.h"
#include <errno.h>
#include <inttypes.h>

/* The source, and the byte of the file where its first one goes. */
struct request {
	const struct e4z_source *source;
	uint64_t base;
};

/* LEN bytes of what goes to byte OFF of the file. */
static errcode_t fetch(const struct op *op, uint64_t off, void *to, size_t len)
{
	const struct request *request = op->arg;
	errcode_t err;

	image_forget(op->img);
	err = request->source->read(request->source->arg, off - request->base, to, len);
	/* a call with the image in read() may have left its own message */
	return err && !image_has_message(op->img)
		       ? image_fail(op->img, err, "reading the data to write")
		       : err;
}

/* In the inode: the bytes between the old end and OFF were never the file's. */
static errcode_t write_inline(struct op *op, const struct inline_data *data)
{
	struct edit_file *f = op->f;
	uint64_t size = f->inode.size, end = op->off + op->len;
	uint8_t bytes[EXT2_MAX_BLOCK_SIZE];
	errcode_t err;

	if (end > sizeof(bytes))
		return image_refuse_file(op->img, f->inode.ino, E4Z_ET_BAD_INODE,
					 "inline data too large");
	memcpy(bytes, data->head, INODE_I_BLOCK_LEN);
	if (data->rest)
		memcpy(bytes + INODE_I_BLOCK_LEN, data->rest, data->rest_len);
	if (op->off > size)
		memset(bytes + size, 0, op->off - size);
	err = fetch(op, op->off, bytes + op->off, op->len);
	if (!err)
		err = edit_open_handle(f);
	if (err)
		return err;
	memcpy(data->head, bytes, INODE_I_BLOCK_LEN);
	if (data->rest)
		memcpy(data->rest, bytes + INODE_I_BLOCK_LEN, data->rest_len);
	if (end > size)
		err = edit_set_size(f, end);
	edit_close_handle(f);
	f->stamp = true;
	return err;
}

/* One block: what of it is written, and the rest as it is. */
static errcode_t write_block(struct op *op, uint64_t off, uint32_t len)
{
	struct edit_file *f = op->f;
	uint64_t bs = op->img->block_size, lblk = off / bs;
	bool held = cache_find(f->blocks, lblk);
	struct run run;
	uint8_t *data;
	errcode_t err = 0;

	if (!held && !extents_find(f->list, lblk, &run)) {
		err = quota_check(op->img, &f->inode);
		op->edit->blocks_allocated++;
	}
	if (!err)
		err = op_change_block(op, lblk, len == bs, &data);
	return err ? err : fetch(op, off, data + off % bs, len);
}

static errcode_t write_blocks(struct op *op)
{
	uint64_t bs = op->img->block_size, at = op->off, end = op->off + op->len;
	errcode_t err = op_grow(op, end);

	while (!err && at < end) {
		uint64_t stop = (at / bs + 1) * bs < end ? (at / bs + 1) * bs : end;

		err = write_block(op, at, (uint32_t)(stop - at));
		at = stop;
	}
	return err;
}

static errcode_t write_open(struct op *op)
{
	const struct request *request = op->arg;
	struct inline_data data;
	errcode_t err;

	if (!RESERVED_IS_ZERO(request->source))
		return image_refuse(op->img, E4Z_ET_USAGE, RESERVED_WHY);
	err = op_check(op, GUARD_EDGES);
	if (err || !op->len)
		return err;
	if (!op->f->list) {
		err = op_find_inline(op, &data);
		if (err)
			return err;
		if (op->off + op->len <= inline_capacity(&data))
			return write_inline(op, &data);
	}
	err = op_leave_inline(op);
	return err ? err : write_blocks(op);
}

errcode_t e4z_write_from(struct e4z_image *img, const char *file, uint64_t off,
			 const struct e4z_source *source, struct e4z_edit *edit)
{
	const struct request request = {.source = source, .base = off};
	struct op op = {
		.name = "write",
		.call = "e4z_write_from()",
		.run = write_open,
		.split = op_split_range,
		.off = off,
		.len = source->len,
		.arg = &request,
	};

	return op_run(img, &op, file, edit);
}

struct room {
	uint64_t *bytes;
	errcode_t *beyond;
};

/* Blocks that F has or could get; those at the edges of a range can be one cluster more. */
static uint64_t count_blocks(const struct edit_file *f)
{
	struct ext2_super_block *sb = f->img->fs->super;
	uint64_t left = ext2fs_free_blocks_count(sb), kept = ext2fs_r_blocks_count(sb);
	uint64_t blocks = (left > kept ? left - kept : 0) + 2ull * f->img->cluster_ratio;
	struct extents_walk walk;
	struct run run;

	if (!f->list)
		return blocks;
	extents_walk_start(f->list, &walk, 0, EXTENTS_END, false);
	while (extents_walk_next(f->list, &walk, &run))
		blocks += run.len;
	return blocks;
}

/* Nothing is done: what could be is counted. */
static errcode_t count_room(struct op *op)
{
	const struct room *room = op->arg;
	uint64_t limit, blocks;
	errcode_t err = op_check(op, GUARD_EDGES);

	if (err)
		return err;
	limit = map_size_limit(op->img, &op->f->inode) - op->off;
	blocks = count_blocks(op->f);
	if (blocks < limit >> op->img->block_bits) {
		*room->bytes = blocks << op->img->block_bits;
		*room->beyond = E4Z_ET_NO_SPACE;
	} else {
		*room->bytes = limit;
		*room->beyond = EFBIG;
	}
	return 0;
}

errcode_t e4z_write_room(struct e4z_image *img, const char *file, uint64_t off, uint64_t *bytes,
			 errcode_t *beyond)
{
	const struct room room = {bytes, beyond};
	struct op op = {.name = "write",
			.call = "e4z_write_room()",
			.run = count_room,
			.off = off,
			.arg = &room};
	struct e4z_edit ignored;

	return op_run(img, &op, file, &ignored);
}

static errcode_t read_buffer(void *arg, uint64_t off, void *to, size_t len)
{
	memcpy(to, (const uint8_t *)arg + off, len);
	return 0;
}

errcode_t e4z_write(struct e4z_image *img, const char *file, uint64_t off, const void *data,
		    size_t len, struct e4z_edit *edit)
{
	const struct e4z_source source = {
		.arg = (void *)(uintptr_t)data, .len = len, .read = read_buffer};

	return e4z_write_from(img, file, off, &source, edit);
}
