// SPDX-License-Identifier: GPL-2.0-or-later
// Writes and checks the table of what an edit left, neither it nor the data ever whole in
// memory.
#include "undo/undo_after.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/crc32c.h"
#include "base/whole.h"
#include "errors.h"
#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 65536U
#define SUMS 16384U /* that are in memory at once */

/* The table, front to back: written or read. */
struct table {
	int fd;
	uint64_t at;	/* in the undo file: past what is in memory */
	uint64_t left;	/* reading: sectors after it */
	uint64_t count; /* writing: sectors so far */
	uint32_t crc;	/* of what went through */
	uint32_t next, filled;
	uint32_t sums[SUMS]; /* little-endian */
};

static uint64_t sectors_of(uint64_t size)
{
	return (size + SECTOR - 1) / SECTOR;
}

static errcode_t table_flush(struct table *t)
{
	size_t len = t->filled * sizeof(t->sums[0]);
	errcode_t err = whole_pwrite(t->fd, t->sums, len, t->at);

	t->crc = crc32c(t->crc, t->sums, len);
	t->at += len;
	t->count += t->filled;
	t->filled = 0;
	return err;
}

static errcode_t table_add(struct table *t, uint32_t sum)
{
	errcode_t err = t->filled == SUMS ? table_flush(t) : 0;

	t->sums[t->filled++] = ext2fs_cpu_to_le32(sum);
	return err;
}

static errcode_t table_fill(struct table *t)
{
	size_t len;
	errcode_t err;

	t->filled = t->left < SUMS ? (uint32_t)t->left : SUMS;
	t->next = 0;
	len = t->filled * sizeof(t->sums[0]);
	err = whole_pread(t->fd, t->sums, len, t->at);
	t->crc = err ? t->crc : crc32c(t->crc, t->sums, len);
	t->at += len;
	t->left -= t->filled;
	return err;
}

static errcode_t table_get(struct table *t, uint32_t *sum)
{
	errcode_t err = t->next == t->filled ? table_fill(t) : 0;

	if (!err)
		*sum = ext2fs_le32_to_cpu(t->sums[t->next++]);
	return err;
}

/* ---- writing ---- */

static errcode_t add_key(struct table *t, struct blkdev *dev, uint64_t off, uint64_t size,
			 uint8_t *buf)
{
	errcode_t err = 0;

	for (uint64_t done = 0, n; done < size && !err; done += n) {
		n = size - done < PIECE ? size - done : PIECE;
		err = blkdev_read(dev, off + done, n, buf);
		for (uint64_t i = 0; i < n && !err; i += SECTOR)
			err = table_add(t, crc32c(~0U, buf + i, n - i < SECTOR ? n - i : SECTOR));
	}
	return err;
}

/* All keys of our own file, block by block. */
static errcode_t add_all(struct table *t, const struct undo_header *header, struct blkdev *dev,
			 uint8_t *buf)
{
	uint32_t bs = ext2fs_le32_to_cpu(header->block_size);
	uint64_t left = ext2fs_le64_to_cpu(header->num_keys), room = UNDO_KEYS_ROOM(bs);
	uint64_t block = ext2fs_le64_to_cpu(header->first_keys);
	AUTO_FREE struct undo_keys *keys = malloc(bs);
	errcode_t err = keys ? 0 : ENOMEM;

	for (; left && !err; left -= left < room ? left : room) {
		err = whole_pread(t->fd, keys, bs, block++ * bs);
		for (uint64_t i = 0; i < room && i < left && !err; i++) {
			uint32_t size = ext2fs_le32_to_cpu(keys->key[i].size);

			err = add_key(t, dev, ext2fs_le64_to_cpu(keys->key[i].block) * bs, size,
				      buf);
			block += (size + bs - 1) / bs;
		}
	}
	return err;
}

errcode_t undo_after_put(int fd, struct undo_header *header, uint64_t block, struct blkdev *dev)
{
	AUTO_FREE struct table *t = calloc(1, sizeof(*t));
	AUTO_FREE uint8_t *buf = malloc(PIECE);
	errcode_t err;

	if (!t || !buf)
		return ENOMEM;
	t->fd = fd;
	t->at = block * ext2fs_le32_to_cpu(header->block_size);
	t->crc = ~0U;
	err = add_all(t, header, dev, buf);
	if (!err)
		err = table_flush(t);
	if (err)
		return err;
	header->after_magic = ext2fs_cpu_to_le32(UNDO_AFTER_MAGIC);
	header->after_block = ext2fs_cpu_to_le64(block);
	header->after_sectors = ext2fs_cpu_to_le64(t->count);
	header->after_crc = ext2fs_cpu_to_le32(t->crc);
	return 0;
}

void undo_after_forget(struct undo_header *header)
{
	header->after_block = header->after_sectors = 0;
	header->after_magic = header->after_crc = 0;
}

/* ---- checking ---- */

bool undo_after_is_there(const struct undo_header *header)
{
	return ext2fs_le32_to_cpu(header->after_magic) == UNDO_AFTER_MAGIC;
}

/* NULL: no memory. */
static struct table *table_open(int fd, const struct undo_header *header)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->fd = fd;
	t->at = ext2fs_le64_to_cpu(header->after_block) * ext2fs_le32_to_cpu(header->block_size);
	t->left = ext2fs_le64_to_cpu(header->after_sectors);
	t->crc = ~0U;
	return t;
}

errcode_t undo_after_verify(int fd, uint64_t file_size, const struct undo_header *header,
			    const struct undo_piece_vec *pieces)
{
	AUTO_FREE struct table *t = table_open(fd, header);
	uint64_t bs = ext2fs_le32_to_cpu(header->block_size), sectors = 0;
	errcode_t err = 0;

	if (!t)
		return ENOMEM;
	for (size_t i = 0; i < pieces->count; i++)
		sectors += sectors_of(pieces->items[i].size);
	if (t->left != sectors || ext2fs_le64_to_cpu(header->after_block) > file_size / bs ||
	    sectors > (file_size - t->at) / sizeof(t->sums[0]))
		return E4Z_ET_BAD_UNDO;
	while (t->left && !err)
		err = table_fill(t);
	return err || t->crc == ext2fs_le32_to_cpu(header->after_crc) ? err : E4Z_ET_BAD_UNDO;
}

/* NOW, N bytes of a sector that the edit did not leave so: are they the old ones at AT? */
static errcode_t check_old(int fd, uint64_t at, const uint8_t *now, size_t n)
{
	uint8_t old[SECTOR];
	errcode_t err = whole_pread(fd, old, n, at);

	return err || !memcmp(now, old, n) ? err : E4Z_ET_OTHER_IMAGE;
}

static errcode_t check_piece(struct table *t, const struct undo_piece *p, struct blkdev *dev,
			     uint8_t *buf, uint64_t *off)
{
	errcode_t err = 0;

	for (uint32_t done = 0; done < p->size && !err; done += SECTOR) {
		uint32_t in = done % PIECE, sum, n = p->size - done;

		if (!in)
			err = blkdev_read(dev, p->off + done, n < PIECE ? n : PIECE, buf);
		if (!err)
			err = table_get(t, &sum);
		n = n < SECTOR ? n : SECTOR;
		if (!err && crc32c(~0U, buf + in, n) != sum)
			err = check_old(t->fd, p->at + done, buf + in, n);
		*off = p->off + done;
	}
	return err;
}

errcode_t undo_after_check(int fd, const struct undo_header *header,
			   const struct undo_piece_vec *pieces, struct blkdev *dev, uint64_t *off)
{
	AUTO_FREE struct table *t = table_open(fd, header);
	AUTO_FREE uint8_t *buf = malloc(PIECE);
	errcode_t err = t && buf ? 0 : ENOMEM;

	for (size_t i = 0; i < pieces->count && !err; i++)
		err = check_piece(t, &pieces->items[i], dev, buf, off);
	return err;
}
