// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeping what is overwritten, in e2undo's format.
 *
 * Nothing in the file that is durable is ever written again but the header, which is one sector.
 * Old content goes behind what is there, with a block of keys of its own; barrier; the header
 * counts it; barrier; only then may the image be written. So the file is whole at each instant.
 *
 * The end of an edit adds a table of what it left (undo/undo_after) behind all that. When the
 * edit goes on after all, the header first forgets it, for more content goes there.
 */
#include "undo/undo.h"

#include "base/whole.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/super.h"
#include "journal/log.h"
#include "sets/rangeset.h"
#include "undo/undo_after.h"
#include "undo/undo_format.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 4096U
#define ROOM UNDO_KEYS_ROOM(BLOCK)
#define SUPERS_AT 1
#define SUPERS 2 /* they take turns */
#define PIECE ((size_t)64 * 1024)
#define SEAL_ALWAYS 2048 /* blocks: so few are read again after every commit */
#define SEAL_SHARE 4	 /* else when so large a share of all is new: what is read adds up */

struct undo {
	struct blkdev *dev; /* of the image */
	int fd;
	char *path;
	struct rangeset *saved; /* blocks of the file system's place */
	struct undo_header header;
	uint64_t keys_at, next; /* blocks of the undo file: of the keys below, behind all data */
	uint64_t sealed_at;	/* NEXT when it was sealed last */
	uint8_t *buf;		/* PIECE bytes */
	unsigned count;		/* of the keys below that are used */
	union {
		struct undo_keys keys;
		uint8_t block[BLOCK];
	};
};

static errcode_t put(const struct undo *undo, uint64_t at, const void *data, size_t len)
{
	return whole_pwrite(undo->fd, data, len, at);
}

static errcode_t barrier(const struct undo *undo)
{
	return whole_datasync(undo->fd);
}

static errcode_t put_header(struct undo *undo)
{
	errcode_t err;

	undo->header.crc =
		ext2fs_cpu_to_le32(crc32c(~0U, &undo->header, offsetof(struct undo_header, crc)));
	err = put(undo, 0, &undo->header, sizeof(undo->header));
	return err ? err : barrier(undo);
}

/*
 * The superblock on the disk, as the one that the image must have when the file is applied, into
 * the place that the header on the disk does not speak of.
 */
static errcode_t put_super(struct undo *undo)
{
	uint64_t block = ext2fs_le64_to_cpu(undo->header.super_block) == SUPERS_AT ? SUPERS_AT + 1
										   : SUPERS_AT;
	uint8_t raw[BLOCK] = {0};
	struct ext2_super_block *sb = (void *)raw;
	errcode_t err = blkdev_read(undo->dev, SUPER_OFFSET, SUPER_SIZE, raw);

	if (err)
		return err;
	undo->header.super_block = ext2fs_cpu_to_le64(block);
	undo->header.super_crc = ext2fs_cpu_to_le32(crc32c(~0U, raw, SUPER_SIZE));
	sb->s_magic = (uint16_t)~sb->s_magic;
	return put(undo, block * BLOCK, raw, sizeof(raw));
}

/* ---- saving ---- */

static void new_keys(struct undo *undo)
{
	memset(undo->block, 0, sizeof(undo->block));
	undo->count = 0;
	undo->keys_at = undo->next++;
}

/* What was saved since the last time becomes part of the file. */
static errcode_t flush_keys(struct undo *undo)
{
	uint64_t keys = ext2fs_le64_to_cpu(undo->header.num_keys);
	errcode_t err;

	if (!undo->count)
		return 0;
	for (size_t i = undo->count; i < ROOM; i++)
		undo->keys.key[i].crc = ~0U;
	undo->keys.magic = ext2fs_cpu_to_le32(UNDO_KEYS_MAGIC);
	undo->keys.crc = ext2fs_cpu_to_le32(crc32c(~0U, undo->block, BLOCK));
	err = put(undo, undo->keys_at * BLOCK, undo->block, BLOCK);
	/* zeroes at the end were not written */
	if (!err && ftruncate(undo->fd, (off_t)(undo->next * BLOCK)) < 0)
		err = errno;
	if (!err)
		err = barrier(undo);
	if (err)
		return err;
	undo->header.num_keys = ext2fs_cpu_to_le64(keys + ROOM);
	new_keys(undo);
	return put_header(undo);
}

/* The edit goes on. The table goes: zeroes among what is saved now are not written. */
static errcode_t unseal(struct undo *undo)
{
	errcode_t err;

	if (!undo->header.state)
		return 0;
	undo->header.state = 0;
	undo_after_forget(&undo->header);
	err = put_header(undo);
	if (!err && ftruncate(undo->fd, (off_t)(undo->next * BLOCK)) < 0)
		err = errno;
	return err;
}

/* Copy LEN bytes at OFF of the file system behind what is there: one key. */
static errcode_t save_key(struct undo *undo, uint64_t off, uint64_t len)
{
	struct undo_key *key;
	uint32_t crc = ~0U;
	errcode_t err = undo->count == ROOM ? flush_keys(undo) : unseal(undo);

	for (uint64_t done = 0; done < len && !err; done += PIECE) {
		size_t n = len - done < PIECE ? (size_t)(len - done) : PIECE;

		err = blkdev_read(undo->dev, off + done, n, undo->buf);
		if (!err && !bytes_are_zero(undo->buf, n))
			err = put(undo, undo->next * BLOCK + done, undo->buf, n);
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

static errcode_t before(void *arg, struct blkdev *dev, const struct blkdev_op *op)
{
	struct undo *undo = arg;
	errcode_t err;

	if (op->type == BLKDEV_SYNC)
		return 0;
	err = save(undo, op->off - dev->base, op->len);
	if (!err)
		err = flush_keys(undo);
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

errcode_t undo_flush(struct e4z_image *img)
{
	errcode_t err = img->undo ? flush_keys(img->undo) : 0;

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
	return err ? err : undo_flush(img);
}

/* ---- beginning and end ---- */

char *undo_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static errcode_t sync_folder(const char *path)
{
	char *folder = undo_folder(path);
	errcode_t err;
	int fd;

	if (!folder)
		return ENOMEM;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = fd < 0 ? errno : whole_sync(fd);
	if (fd >= 0)
		close(fd);
	free(folder);
	/* not every file system can sync a directory */
	return err == EINVAL || err == EACCES ? 0 : err;
}

static void undo_free(struct undo *undo)
{
	if (undo->fd >= 0)
		close(undo->fd);
	rangeset_free(undo->saved);
	free(undo->buf);
	free(undo->path);
	free(undo);
}

static errcode_t begin(struct undo *undo)
{
	struct undo_header *header = &undo->header;
	errcode_t err;

	memcpy(header->magic, UNDO_MAGIC, sizeof(header->magic));
	header->block_size = header->fs_block_size = ext2fs_cpu_to_le32(BLOCK);
	header->first_keys = ext2fs_cpu_to_le64(SUPERS_AT + SUPERS);
	header->fs_offset = ext2fs_cpu_to_le64(undo->dev->base);
	header->compat = ext2fs_cpu_to_le32(undo->dev->base ? UNDO_COMPAT_OFFSET : 0);
	undo->next = SUPERS_AT + SUPERS;
	new_keys(undo);
	err = put_super(undo);
	if (!err && ftruncate(undo->fd, (off_t)(undo->next * BLOCK)) < 0)
		err = errno;
	if (!err)
		err = put_header(undo);
	if (!err)
		err = whole_sync(undo->fd);
	return err ? err : sync_folder(undo->path);
}

static struct undo *undo_new(struct blkdev *dev, const char *path)
{
	struct undo *undo = calloc(1, sizeof(*undo));

	if (!undo)
		return NULL;
	undo->fd = -1;
	undo->dev = dev;
	undo->path = strdup(path);
	undo->buf = malloc(PIECE);
	if (undo->path && undo->buf && (undo->saved = rangeset_new((dev->len + BLOCK - 1) / BLOCK)))
		return undo;
	undo_free(undo);
	return NULL;
}

errcode_t undo_judge(struct e4z_image *img)
{
	if (!img->journal_dev)
		return 0;
	return image_refuse(img, E4Z_ET_FEATURE,
			    "an undo file cannot hold the external journal %.300s",
			    img->journal_dev->path);
}

errcode_t e4z_keep_undo(struct e4z_image *img, const char *path)
{
	struct blkdev_observer observer = {.before = before};
	struct undo *undo;
	errcode_t err;

	if (img->undo)
		return image_refuse(img, EBUSY, "there is an undo file already");
	err = undo_judge(img);
	if (err)
		return err;
	undo = undo_new(img->dev, path);
	if (!undo)
		return ENOMEM;
	undo->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (undo->fd < 0) {
		err = errno;
		undo_free(undo);
		return image_fail(img, err, "creating the undo file %.300s", path);
	}
	observer.arg = undo;
	err = begin(undo);
	if (!err)
		err = blkdev_observe(img->dev, &observer);
	if (!err) {
		img->undo = undo;
		return 0;
	}
	unlink(path);
	undo_free(undo);
	return image_fail(img, err, "writing the undo file %.300s", path);
}

/* All is on the disk of the image: say so, and what it is. */
static errcode_t seal(struct e4z_image *img)
{
	struct undo *undo = img->undo;
	errcode_t err;

	if (!undo->count && (!undo->header.num_keys || undo->header.state))
		return 0;
	err = flush_keys(undo);
	if (!err)
		err = put_super(undo);
	if (!err)
		err = undo_after_put(undo->fd, &undo->header, undo->next, undo->dev);
	if (!err)
		err = barrier(undo);
	if (!err) {
		undo->header.state = ext2fs_cpu_to_le32(UNDO_FINISHED);
		undo->sealed_at = undo->next;
		err = put_header(undo);
	}
	return err ? image_fail(img, err, "writing the undo file %.300s", undo->path) : 0;
}

errcode_t undo_seal(struct e4z_image *img)
{
	const struct undo *undo = img->undo;

	if (!undo ||
	    (undo->next > SEAL_ALWAYS && (undo->next - undo->sealed_at) * SEAL_SHARE < undo->next))
		return 0;
	return seal(img);
}

bool undo_is(const struct undo *undo, const struct stat *st)
{
	struct stat own;

	return undo && fstat(undo->fd, &own) == 0 && own.st_dev == st->st_dev &&
	       own.st_ino == st->st_ino;
}

void undo_finish(struct e4z_image *img)
{
	struct undo *undo = img->undo;

	if (!undo)
		return;
	/*
	 * what a failure leaves is whole too, but only our own verb takes it; after one of the
	 * image nobody knows what is on its disk
	 */
	if (!undo->dev->broken)
		(void)seal(img);
	if (!undo->header.num_keys || !undo->dev->touched)
		unlink(undo->path);
	img->undo = NULL;
	undo_free(undo);
}
