// SPDX-License-Identifier: GPL-2.0-or-later
// The writing half of blkdev: every change passes the observers, the first failure sticks.
#include "base/bytes.h"
#include "base/whole.h"
#include "errors.h"
#include "io/blkdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZERO_PIECE 65536

/*
 * What can be opened for writing and yet takes no write: a device that is set read-only or write
 * protected, a memory file that is sealed. It is known before anything is written.
 */
static bool takes_writes(const struct blkdev *dev)
{
	int read_only = 0, seals;

	if (dev->is_block)
		return ioctl(dev->write_fd, BLKROGET, &read_only) < 0 || !read_only;
	seals = fcntl(dev->write_fd, F_GET_SEALS);
	return seals < 0 || !(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE));
}

errcode_t blkdev_make_writable(struct blkdev *dev)
{
	errcode_t err = ESTALE;
	struct stat st;

	if (dev->write_fd >= 0)
		return 0;
	/* a block device that somebody has mounted or claimed is refused by the kernel */
	dev->write_fd = open(dev->path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY |
						(dev->is_block ? O_EXCL : 0));
	if (dev->write_fd < 0)
		return errno;
	if (fstat(dev->write_fd, &st) == 0 &&
	    (dev->is_block ? S_ISBLK(st.st_mode) && st.st_rdev == dev->dev
			   : S_ISREG(st.st_mode) && st.st_dev == dev->dev && st.st_ino == dev->ino))
		err = takes_writes(dev) ? 0 : EROFS;
	if (!err)
		return 0;
	close(dev->write_fd);
	dev->write_fd = -1;
	return err;
}

errcode_t blkdev_observe(struct blkdev *dev, const struct blkdev_observer *observer)
{
	if (dev->observers == BLKDEV_OBSERVERS)
		return ENOSPC;
	dev->observer[dev->observers++] = *observer;
	return 0;
}

static errcode_t stick(struct blkdev *dev, errcode_t err)
{
	if (err && !dev->broken)
		dev->broken = err;
	return err;
}

/* May OP be done? */
static errcode_t ask(struct blkdev *dev, const struct blkdev_op *op)
{
	errcode_t err = dev->broken;

	if (!err && dev->write_fd < 0)
		return E4Z_ET_READ_ONLY;
	for (unsigned i = 0; i < dev->observers && !err; i++)
		err = stick(dev, dev->observer[i].before(dev->observer[i].arg, dev, op));
	return err;
}

/* The host denies the right to write, before it does anything. */
static bool no_right(errcode_t err)
{
	return err == EPERM || err == EACCES || err == EROFS || err == ETXTBSY;
}

/* A write was tried, with ERR after WRITTEN bytes. */
static errcode_t tried(struct blkdev *dev, uint64_t written, errcode_t err)
{
	dev->bytes_written += written;
	/* of a file that may not grow nothing has changed */
	if (written || (err != ENOSPC && err != EDQUOT && err != EFBIG && !no_right(err)))
		dev->touched = true;
	return stick(dev, err);
}

static bool inside(const struct blkdev *dev, uint64_t off, uint64_t len)
{
	return off <= dev->len && len <= dev->len - off;
}

errcode_t blkdev_writev(struct blkdev *dev, uint64_t off, const struct iovec *pieces, size_t count,
			const char *what)
{
	struct blkdev_op op = {
		.off = dev->base + off, .pieces = pieces, .count = count, .what = what};
	uint64_t written;
	errcode_t err;

	op.type = BLKDEV_WRITE;
	for (size_t i = 0; i < count; i++)
		op.len += pieces[i].iov_len;
	if (!inside(dev, off, op.len))
		return stick(dev, E4Z_ET_CLIPPED);
	err = ask(dev, &op);
	if (err)
		return err;
	err = whole_pwritev(dev->write_fd, pieces, count, op.off, &written);
	return tried(dev, written, err);
}

errcode_t blkdev_write(struct blkdev *dev, uint64_t off, size_t len, const void *buf,
		       const char *what)
{
	/* it is read only: iovec is the reader's type too */
	const struct iovec piece = {.iov_base = (void *)(uintptr_t)buf, .iov_len = len};

	return blkdev_writev(dev, off, &piece, 1, what);
}

/* Zeroes by hand, where the host has no better way. */
static errcode_t write_zeroes(struct blkdev *dev, uint64_t at, uint64_t len)
{
	static const char zeroes[ZERO_PIECE];
	struct iovec piece = {.iov_base = (void *)(uintptr_t)zeroes}; /* it is read only */
	errcode_t err = 0;
	uint64_t written;

	for (; len && !err; len -= piece.iov_len, at += piece.iov_len) {
		piece.iov_len = len < ZERO_PIECE ? (size_t)len : ZERO_PIECE;
		err = whole_pwritev(dev->write_fd, &piece, 1, at, &written);
		dev->touched |= written > 0;
	}
	return err;
}

/* fallocate(2) that goes on after a signal: SA_RESTART does not restart it. */
static int allocate(const struct blkdev *dev, int mode, uint64_t at, uint64_t len)
{
	int rc;

	do
		rc = fallocate(dev->write_fd, mode, (off_t)at, (off_t)len);
	while (rc < 0 && errno == EINTR);
	return rc;
}

/* A file that has fewer blocks than bytes is sparse and stays so; another keeps its reservation. */
static int zero_mode(const struct blkdev *dev)
{
	struct stat st;

	if (fstat(dev->write_fd, &st) == 0 && (uint64_t)st.st_blocks * SECTOR >= dev->size)
		return FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE;
	return FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
}

static errcode_t zero_host(struct blkdev *dev, uint64_t at, uint64_t len)
{
	uint64_t range[2] = {at, len};

	if (dev->is_block) {
		if (at % SECTOR == 0 && len % SECTOR == 0 &&
		    ioctl(dev->write_fd, BLKZEROOUT, range) == 0)
			return 0;
		return write_zeroes(dev, at, len);
	}
	if (allocate(dev, zero_mode(dev), at, len) == 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL && errno != ENOTTY)
		return errno;
	return write_zeroes(dev, at, len);
}

errcode_t blkdev_zero(struct blkdev *dev, uint64_t off, uint64_t len, const char *what)
{
	const struct blkdev_op op = {
		.type = BLKDEV_ZERO, .off = dev->base + off, .len = len, .what = what};
	errcode_t err;

	if (!inside(dev, off, len))
		return stick(dev, E4Z_ET_CLIPPED);
	if (!len)
		return 0;
	err = ask(dev, &op);
	if (err)
		return err;
	/* whether the host writes zeroes or unmaps its blocks; a part that failed may be done */
	err = zero_host(dev, op.off, len);
	dev->touched |= !no_right(err);
	return tried(dev, err ? 0 : len, err);
}

errcode_t blkdev_sync(struct blkdev *dev, const char *what)
{
	const struct blkdev_op op = {.type = BLKDEV_SYNC, .what = what};
	errcode_t err = ask(dev, &op);

	if (err)
		return err;
	dev->touched = true;
	dev->barriers++;
	/* a failed barrier is never tried again: the kernel has forgotten what it lost */
	return stick(dev, fdatasync(dev->write_fd) < 0 ? errno : 0);
}

errcode_t blkdev_reserve(struct blkdev *dev, uint64_t off, uint64_t len)
{
	if (dev->write_fd < 0 || !inside(dev, off, len))
		return E4Z_ET_CLIPPED;
	if (dev->is_block || !len || allocate(dev, FALLOC_FL_KEEP_SIZE, dev->base + off, len) == 0)
		return 0;
	return errno == ENOSPC || errno == EFBIG || errno == EDQUOT || errno == EIO ? errno : 0;
}
