// SPDX-License-Identifier: GPL-2.0-or-later
// The writing half of blkdev: every change passes the observers, the first failure sticks.
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/whole.h"
#include "errors.h"
#include "io/blkdev.h"
#include "io/host_stat.h"
#include "io/host_zero.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
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

/* The file that FD has open is the image's. */
static bool is_the_image(const struct blkdev *dev, int fd)
{
	struct stat st;

	return host_fstat(fd, &st) == 0 &&
	       (dev->is_block
			? S_ISBLK(st.st_mode) && st.st_rdev == dev->dev
			: S_ISREG(st.st_mode) && st.st_dev == dev->dev && st.st_ino == dev->ino);
}

errcode_t blkdev_hold(struct blkdev *dev)
{
	if (!dev->is_block || dev->held)
		return 0;
	dev->hold_fd = open(dev->path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (dev->hold_fd < 0)
		return errno;
	dev->held = is_the_image(dev, dev->hold_fd);
	if (dev->held)
		return 0;
	close(dev->hold_fd);
	dev->hold_fd = -1;
	return ESTALE;
}

errcode_t blkdev_make_writable(struct blkdev *dev)
{
	errcode_t err = ESTALE;

	if (dev->write_fd >= 0)
		return 0;
	/* a block device that somebody has mounted or claimed is refused by the kernel */
	dev->write_fd = open(dev->path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY |
						(dev->is_block && !dev->held ? O_EXCL : 0));
	if (dev->write_fd < 0)
		return errno;
	if (is_the_image(dev, dev->write_fd))
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
static errcode_t write_zeroes(struct blkdev *dev, uint64_t at, uint64_t len, uint64_t *written)
{
	static const char zeroes[ZERO_PIECE];
	errcode_t err = 0;

	for (*written = 0; *written < len && !err;) {
		const struct iovec piece = {
			.iov_base = (void *)(uintptr_t)zeroes,
			.iov_len = len - *written < ZERO_PIECE ? len - *written : ZERO_PIECE,
		};
		uint64_t n;

		err = whole_pwritev(dev->write_fd, &piece, 1, at + *written, &n);
		*written += n;
	}
	return err;
}

/* OP by the host if it can: *ASKED, and what it says it did is still to be read back. */
static errcode_t zero(struct blkdev *dev, const struct blkdev_op *op, bool *asked)
{
	uint64_t written = 0;
	errcode_t err = host_zero(dev, op->off, op->len, asked);

	if (!err && !*asked)
		err = write_zeroes(dev, op->off, op->len, &written);
	/* whether it zeroed them or unmapped its blocks; a part that failed may be done */
	if (*asked)
		dev->touched |= !no_right(err);
	return tried(dev, *asked && !err ? op->len : written, err);
}

/* The host says that the LEN bytes at OFF are zero: what is not is written. BUF has LEN bytes. */
static errcode_t read_piece(struct blkdev *dev, uint64_t off, size_t len, uint8_t *buf,
			    const char *what)
{
	struct e4z_span missed = {0, 0};
	errcode_t err = stick(dev, blkdev_read(dev, off, len, buf));

	while (!err && (missed = host_zero_missed(buf, missed.start, len)).len) {
		memset(buf + missed.start, 0, missed.len);
		err = blkdev_write(dev, off + missed.start, missed.len, buf + missed.start, what);
		dev->bytes_missed += err ? 0 : missed.len;
	}
	return err;
}

/*
 * The same of any length; BUF holds a piece. Both ends are read, where hosts round, and between
 * them all that the host's map of the file does not know to be a hole.
 */
static errcode_t read_back(struct blkdev *dev, uint64_t off, uint64_t len, uint8_t *buf,
			   const char *what)
{
	uint64_t end = off + len, n = len < HOST_ZERO_PIECE ? len : HOST_ZERO_PIECE;
	errcode_t err;

	host_zero_forget(dev, dev->base + off, len);
	err = read_piece(dev, off, n, buf, what);
	while (!err && (off += n) < end) {
		if (end - off > HOST_ZERO_PIECE)
			off = host_zero_skip(dev, off, end - HOST_ZERO_PIECE);
		n = end - off < HOST_ZERO_PIECE ? end - off : HOST_ZERO_PIECE;
		err = read_piece(dev, off, n, buf, what);
	}
	return err;
}

/* The host makes holes of zeroes: what it cannot is left. */
static errcode_t punch(struct blkdev *dev, const struct blkdev_op *op, bool *asked)
{
	return stick(dev, host_zero(dev, op->off, op->len, asked));
}

/* OP by HOW; what the host says that it did is read back. */
static errcode_t zero_by(errcode_t (*how)(struct blkdev *, const struct blkdev_op *, bool *),
			 struct blkdev *dev, const struct blkdev_op *op, bool *asked)
{
	uint64_t off = op->off - dev->base;
	AUTO_FREE uint8_t *buf = NULL;
	errcode_t err;

	*asked = true;
	if (!inside(dev, off, op->len))
		return stick(dev, E4Z_ET_CLIPPED);
	if (!op->len)
		return 0;
	buf = malloc(op->len < HOST_ZERO_PIECE ? op->len : HOST_ZERO_PIECE);
	err = buf ? ask(dev, op) : stick(dev, ENOMEM);
	if (!err)
		err = how(dev, op, asked);
	return err || !*asked ? err : read_back(dev, off, op->len, buf, op->what);
}

errcode_t blkdev_zero(struct blkdev *dev, uint64_t off, uint64_t len, const char *what)
{
	const struct blkdev_op op = {
		.type = BLKDEV_ZERO, .off = dev->base + off, .len = len, .what = what};
	bool asked;

	return zero_by(zero, dev, &op, &asked);
}

errcode_t blkdev_give_back(struct blkdev *dev, uint64_t off, uint64_t len, const char *what,
			   bool *unable)
{
	const struct blkdev_op op = {
		.type = BLKDEV_ZERO, .off = dev->base + off, .len = len, .what = what};
	bool asked;
	errcode_t err = zero_by(punch, dev, &op, &asked);

	*unable = !asked;
	return err;
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
	return stick(dev, whole_datasync(dev->write_fd));
}

errcode_t blkdev_reserve(struct blkdev *dev, uint64_t off, uint64_t len)
{
	if (dev->write_fd < 0 || !inside(dev, off, len))
		return E4Z_ET_CLIPPED;
	if (dev->is_block || !len ||
	    host_allocate(dev, FALLOC_FL_KEEP_SIZE, dev->base + off, len) == 0)
		return 0;
	return errno == ENOSPC || errno == EFBIG || errno == EDQUOT || errno == EIO ? errno : 0;
}
