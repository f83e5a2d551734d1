// SPDX-License-Identifier: GPL-2.0-or-later
// Saves old content into an undo file, before what replaces it is written.
#include "undo/undo.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/whole.h"
#include "format/super.h"
#include "journal/log.h"
#include "undo/undo_after.h"
#include "undo/undo_state.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

void undo_new_keys(struct undo *undo)
{
	memset(undo->block, 0, sizeof(undo->block));
	undo->count = 0;
	undo->keys_at = undo->next++;
}

errcode_t undo_flush_keys(struct undo *undo)
{
	uint64_t keys = ext2fs_le64_to_cpu(undo->header.num_keys);
	errcode_t err;

	if (!undo->count)
		return 0;
	for (size_t i = undo->count; i < ROOM; i++)
		undo->keys.key[i].crc = ~0U;
	undo->keys.magic = ext2fs_cpu_to_le32(UNDO_KEYS_MAGIC);
	undo->keys.crc = ext2fs_cpu_to_le32(crc32c(~0U, undo->block, BLOCK));
	err = undo_put(undo, undo->keys_at * BLOCK, undo->block, BLOCK);
	/* zeroes at the end were not written */
	if (!err && ftruncate(undo->fd, (off_t)(undo->next * BLOCK)) < 0)
		err = errno;
	if (!err)
		err = undo_barrier(undo);
	if (err)
		return err;
	undo->header.num_keys = ext2fs_cpu_to_le64(keys + ROOM);
	undo_new_keys(undo);
	return undo_put_header(undo);
}

/* The edit goes on. The table goes: zeroes among what is saved now are not written. */
static errcode_t unseal(struct undo *undo)
{
	errcode_t err;

	if (!undo->header.state)
		return 0;
	undo->header.state = 0;
	undo_after_forget(&undo->header);
	err = undo_put_header(undo);
	if (!err && ftruncate(undo->fd, (off_t)(undo->next * BLOCK)) < 0)
		err = errno;
	return err;
}

/* Copy LEN bytes at OFF of the file system after what is there: one key. */
static errcode_t save_key(struct undo *undo, uint64_t off, uint64_t len)
{
	struct undo_key *key;
	uint32_t crc = ~0U;
	errcode_t err = undo->count == ROOM ? undo_flush_keys(undo) : unseal(undo);

	for (uint64_t done = 0; done < len && !err; done += PIECE) {
		size_t n = len - done < PIECE ? (size_t)(len - done) : PIECE;

		err = blkdev_read(undo->dev, off + done, n, undo->buf);
		if (!err && !bytes_are_zero(undo->buf, n))
			err = undo_put(undo, undo->next * BLOCK + done, undo->buf, n);
		crc = err ? crc : crc32c(crc, undo->buf, n);
	}
	if (err)
		return err;
	key = &undo->keys.key[undo->count++];
	key->block = ext2fs_cpu_to_le64(off / BLOCK);
	key->crc = ext2fs_cpu_to_le32(crc);
	key->size = ext2fs_cpu_to_le32((uint32_t)len);
	undo->next += (len + BLOCK - 1) / BLOCK;
	return 0;
}

/* Blocks [block, end) that are not saved yet. */
static errcode_t save_blocks(struct undo *undo, uint64_t block, uint64_t end)
{
	while (block < end) {
		uint64_t from = block, start, len, stop, n;
		bool more = rangeset_next(undo->saved, &from, &start, &len);
		errcode_t err;

		if (more && start <= block) {
			block = start + len;
			continue;
		}
		stop = more && start < end ? start : end;
		n = stop - block < UNDO_KEY_BLOCKS ? stop - block : UNDO_KEY_BLOCKS;
		len = n * BLOCK;
		if (len > undo->dev->len - block * BLOCK)
			len = undo->dev->len - block * BLOCK;
		err = save_key(undo, block * BLOCK, len);
		if (!err)
			err = rangeset_add(undo->saved, block, n, NULL);
		if (err)
			return err;
		block += n;
	}
	return 0;
}

static errcode_t save(struct undo *undo, uint64_t off, uint64_t len)
{
	if (!len)
		return 0;
	return save_blocks(undo, off / BLOCK, (off + len + BLOCK - 1) / BLOCK);
}

errcode_t undo_before(void *arg, struct blkdev *dev, const struct blkdev_op *op)
{
	struct undo *undo = arg;
	errcode_t err;

	if (op->type == BLKDEV_SYNC)
		return 0;
	err = save(undo, op->off - dev->base, op->len);
	if (!err)
		err = undo_flush_keys(undo);
	/* it was sealed: that is over, though nothing had to be saved */
	return err ? err : unseal(undo);
}

errcode_t undo_save(struct e4z_image *img, uint64_t off, uint64_t len)
{
	errcode_t err;

	if (!img->undo)
		return 0;
	if (off > img->dev->len || len > img->dev->len - off)
		return E4Z_ET_CLIPPED;
	err = save(img->undo, off, len);
	return err ? image_fail(img, err, "writing the undo file %.300s", img->undo->path) : 0;
}

static errcode_t flush(struct e4z_image *img)
{
	errcode_t err = img->undo ? undo_flush_keys(img->undo) : 0;

	return err ? image_fail(img, err, "writing the undo file %.300s", img->undo->path) : 0;
}

/* The log's superblock and its ring from the beginning on. */
static errcode_t save_log(struct e4z_image *img, uint64_t blocks)
{
	const struct log *log = img->log;
	uint64_t end = log->first + (blocks < log_size(log) ? blocks : log_size(log));
	errcode_t err = undo_save(img, log->super_block * img->block_size, img->block_size);
	uint32_t together;

	for (uint64_t n = log->first; n < end && !err; n += together) {
		uint64_t pblk;

		log_where(log, (uint32_t)n, &pblk, &together);
		if (together > end - n)
			together = (uint32_t)(end - n);
		err = undo_save(img, pblk * img->block_size, (uint64_t)together * img->block_size);
	}
	return err;
}

errcode_t undo_expect(struct e4z_image *img, const struct captured *list, size_t count,
		      uint64_t log_blocks)
{
	errcode_t err = undo_save(img, SUPER_OFFSET, SUPER_SIZE);

	for (size_t i = 0; i < count && !err; i++)
		err = undo_save(img, list[i].block * img->block_size, img->block_size);
	if (!err && img->undo && img->log)
		err = save_log(img, log_blocks);
	return err ? err : flush(img);
}
