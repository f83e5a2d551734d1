// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeping what is overwritten, in e2undo's format.
 *
 * Nothing in the file that is durable is ever written again but the header, which is one sector.
 * Old content goes after what is there, with a block of keys of its own; barrier; the header
 * counts it; barrier; only then may the image be written. So the file is whole at each instant.
 *
 * The end of an edit adds a table of what it left (undo/undo_after) after all that. When the
 * edit goes on after all, the header first forgets it, for more content goes there.
 */
#include "undo/undo.h"

#include "base/crc32c.h"
#include "base/whole.h"
#include "format/super.h"
#include "image/turn.h"
#include "undo/undo_after.h"
#include "undo/undo_state.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEAL_ALWAYS 2048 /* blocks: so few are read again after every commit */
#define SEAL_SHARE 4	 /* else when so large a share of all is new: what is read adds up */

errcode_t undo_put(const struct undo *undo, uint64_t at, const void *data, size_t len)
{
	return whole_pwrite(undo->fd, data, len, at);
}

errcode_t undo_barrier(const struct undo *undo)
{
	return whole_datasync(undo->fd);
}

errcode_t undo_put_header(struct undo *undo)
{
	errcode_t err;

	undo->header.crc =
		ext2fs_cpu_to_le32(crc32c(~0U, &undo->header, offsetof(struct undo_header, crc)));
	err = undo_put(undo, 0, &undo->header, sizeof(undo->header));
	return err ? err : undo_barrier(undo);
}

/*
 * Save the superblock on the disk, as the one that the image must have when the file is applied, at
 * the offset that the header on the disk does not name.
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
	return undo_put(undo, block * BLOCK, raw, sizeof(raw));
}

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
	undo_new_keys(undo);
	err = put_super(undo);
	if (!err && ftruncate(undo->fd, (off_t)(undo->next * BLOCK)) < 0)
		err = errno;
	if (!err)
		err = undo_put_header(undo);
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

errcode_t undo_check(struct e4z_image *img)
{
	if (!img->journal_dev)
		return 0;
	return image_refuse(img, E4Z_ET_FEATURE,
			    "an edit that uses the external journal %.300s cannot be undone",
			    img->journal_dev->path);
}

errcode_t e4z_keep_undo(struct e4z_image *img, const char *path)
{
	struct blkdev_observer observer = {.before = undo_before};
	struct undo *undo;
	errcode_t err = turn_check(img, TURN_RECORD);

	if (err)
		return err;
	if (img->undo)
		return image_refuse(img, EBUSY, "an undo file is open already");
	err = undo_check(img);
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
	err = undo_flush_keys(undo);
	if (!err)
		err = put_super(undo);
	if (!err)
		err = undo_after_put(undo->fd, &undo->header, undo->next, undo->dev);
	if (!err)
		err = undo_barrier(undo);
	if (!err) {
		undo->header.state = ext2fs_cpu_to_le32(UNDO_FINISHED);
		undo->sealed_at = undo->next;
		err = undo_put_header(undo);
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

int undo_descriptor(const struct e4z_image *img)
{
	return img->undo ? img->undo->fd : -1;
}

errcode_t undo_unlink(void *arg)
{
	const struct e4z_image *img = arg;

	return unlink(img->undo->path) ? errno : 0;
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
		(void)!image_errand(img, ERRAND_UNDO, undo_unlink);
	img->undo = NULL;
	undo_free(undo);
}
