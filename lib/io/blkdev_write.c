// SPDX-License-Identifier: GPL-2.0-or-later
// The writing half of blkdev: every change passes the observers, the first failure sticks.
#include "base/bytes.h"
#include "base/cleanup.h"
#include "errors.h"
#include "io/blkdev.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ZERO_PIECE 65536
#define READ_PIECE (256u << 10) /* of what is read back, at most */
#define STEP 4096u

errcode_t blkdev_hold(struct blkdev *dev)
{
	return dev->ops->hold ? dev->ops->hold(dev) : 0;
}

errcode_t blkdev_make_writable(struct blkdev *dev)
{
	if (dev->writable)
		return 0;
	return dev->ops->make_writable ? dev->ops->make_writable(dev) : EROFS;
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

	if (!err && !dev->writable)
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
	if (written ||
	    (!dev->failed && err != ENOSPC && err != EDQUOT && err != EFBIG && !no_right(err)))
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
	err = dev->ops->writev(dev, op.off, pieces, count, &written);
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

		err = dev->ops->writev(dev, at + *written, &piece, 1, &n);
		*written += n;
	}
	return err;
}

/* As OPS has it; where it has no way, it is not asked. */
static errcode_t zero_by_carrier(struct blkdev *dev, const struct blkdev_op *op, bool *asked)
{
	*asked = false;
	return dev->ops->zero ? dev->ops->zero(dev, op->off, op->len, asked) : 0;
}

/* OP by the host if it can: *ASKED, and what it says it did is still to be read back. */
static errcode_t zero(struct blkdev *dev, const struct blkdev_op *op, bool *asked)
{
	uint64_t written = 0;
	errcode_t err = zero_by_carrier(dev, op, asked);

	if (!err && !*asked)
		err = write_zeroes(dev, op->off, op->len, &written);
	/* whether it zeroed them or unmapped its blocks; a part that failed may be done */
	if (*asked)
		dev->touched |= !no_right(err);
	return tried(dev, *asked && !err ? op->len : written, err);
}

static bool step_is_zero(const uint8_t *buf, size_t at, size_t len)
{
	return bytes_are_zero(buf + at, len - at < STEP ? len - at : STEP);
}

/*
 * The first stretch at or after FROM of the LEN bytes in BUF that is not zero, in steps of 4 KiB
 * from FROM on; its len is 0 if all of it is zero.
 */
static struct e4z_span missed_in(const uint8_t *buf, size_t from, size_t len)
{
	size_t end;

	while (from < len && step_is_zero(buf, from, len))
		from += STEP;
	for (end = from; end < len && !step_is_zero(buf, end, len);)
		end += STEP;
	end = end < len ? end : len;
	return (struct e4z_span){from, from < end ? end - from : 0};
}

/*
 * The page cache's pages that [at, at + len) has a part of. The kernel zeroes that part in memory
 * when a hole ends there, whatever the host did; whole pages it drops.
 */
static void forget_ends(struct blkdev *dev, uint64_t at, uint64_t len)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t ends[] = {at, at + len};

	for (size_t i = 0; dev->ops->forget && i < 2; i++) {
		uint64_t part = ends[i] % page, start = ends[i] - part, left = dev->size - start;

		if (part)
			dev->ops->forget(dev, start, left < page ? left : page);
	}
}

/*
 * The first byte in [off, last), bytes of the place, that need not be zero by the carrier's own
 * map; LAST if all of them are, OFF where it cannot be asked.
 */
static uint64_t skip_hole(struct blkdev *dev, uint64_t off, uint64_t last)
{
	uint64_t data;

	if (!dev->ops->next_data || !dev->ops->next_data(dev, dev->base + off, &data, NULL))
		return off;
	data -= dev->base;
	if (data <= off)
		return off;
	return data < last ? data : last;
}

/* The host says that the LEN bytes at OFF are zero: what is not is written. BUF has LEN bytes. */
static errcode_t read_piece(struct blkdev *dev, uint64_t off, size_t len, uint8_t *buf,
			    const char *what)
{
	struct e4z_span missed = {0, 0};
	errcode_t err = stick(dev, blkdev_read(dev, off, len, buf));

	while (!err && (missed = missed_in(buf, missed.start, len)).len) {
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
	uint64_t end = off + len, n = len < READ_PIECE ? len : READ_PIECE;
	errcode_t err;

	forget_ends(dev, dev->base + off, len);
	err = read_piece(dev, off, n, buf, what);
	while (!err && (off += n) < end) {
		if (end - off > READ_PIECE)
			off = skip_hole(dev, off, end - READ_PIECE);
		n = end - off < READ_PIECE ? end - off : READ_PIECE;
		err = read_piece(dev, off, n, buf, what);
	}
	return err;
}

/* The host makes holes of zeroes: what it cannot is left. */
static errcode_t punch(struct blkdev *dev, const struct blkdev_op *op, bool *asked)
{
	return stick(dev, zero_by_carrier(dev, op, asked));
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
	buf = malloc(op->len < READ_PIECE ? op->len : READ_PIECE);
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
	return stick(dev, dev->ops->sync(dev));
}

errcode_t blkdev_end(struct blkdev *dev)
{
	return dev->touched && dev->ops->end ? stick(dev, dev->ops->end(dev)) : 0;
}

errcode_t blkdev_reserve(struct blkdev *dev, uint64_t off, uint64_t len, bool spare)
{
	if (!dev->writable || !inside(dev, off, len))
		return E4Z_ET_CLIPPED;
	return dev->ops->reserve && len ? dev->ops->reserve(dev, dev->base + off, len, spare) : 0;
}

errcode_t blkdev_write_unseen(struct blkdev *dev, uint64_t off, size_t len, const void *buf)
{
	const struct iovec piece = {.iov_base = (void *)(uintptr_t)buf, .iov_len = len};
	uint64_t written;

	if (!dev->writable || !inside(dev, off, len))
		return E4Z_ET_CLIPPED;
	return dev->ops->writev(dev, dev->base + off, &piece, 1, &written);
}

errcode_t blkdev_sync_unseen(struct blkdev *dev)
{
	return dev->ops->sync(dev);
}
