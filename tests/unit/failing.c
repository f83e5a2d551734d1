// SPDX-License-Identifier: GPL-2.0-or-later
// Counts allocations and what a disk in memory is asked for, and lets one of them fail.
#include "failing.h"
#include "check.h"
#include "errors.h"
#include <errno.h>
#include <string.h>

static enum failing_kind armed;
static unsigned left;
static bool met, paused;
static void (*told)(enum failing_kind kind);

void failing_arm(enum failing_kind kind, unsigned n)
{
	armed = kind;
	left = n;
	met = false;
}

bool failing_disarm(void)
{
	left = 0;
	return met;
}

errcode_t failing_error(enum failing_kind kind)
{
	static const errcode_t errors[FAILING_KINDS] = {ENOMEM, EIO, ENOSPC, EIO};

	return errors[kind];
}

void failing_watch(void (*tell)(enum failing_kind kind))
{
	told = tell;
}

void failing_pause(bool on)
{
	paused = on;
}

static bool fails(enum failing_kind kind)
{
	if (paused)
		return false;
	if (told)
		told(kind);
	if (kind != armed || !left || --left)
		return false;
	met = true;
	return true;
}

/* ---- memory: the linker puts these in front of the library's ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	return fails(FAIL_ALLOC) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails(FAIL_ALLOC) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails(FAIL_ALLOC) ? NULL : __real_realloc(old, size);
}

/* ---- the disk ---- */

struct memory {
	uint8_t *mem;
	uint64_t size;
};

static errcode_t memory_read(struct blkdev *dev, uint64_t at, size_t len, void *buf)
{
	const struct memory *m = dev->carrier;

	if (fails(FAIL_READ))
		return EIO;
	memset(buf, 0, len);
	if (at < m->size)
		memcpy(buf, m->mem + at, len < m->size - at ? len : (size_t)(m->size - at));
	return 0;
}

static bool memory_next_data(struct blkdev *dev, uint64_t at, uint64_t *start, uint64_t *end)
{
	(void)dev, (void)at, (void)start, (void)end;
	return false;
}

static errcode_t memory_writev(struct blkdev *dev, uint64_t at, const struct iovec *pieces,
			       size_t count, uint64_t *written)
{
	const struct memory *m = dev->carrier;

	*written = 0;
	if (fails(FAIL_STEP))
		return EIO;
	for (size_t i = 0; i < count; i++) {
		CHECK(at + pieces[i].iov_len <= m->size);
		memcpy(m->mem + at, pieces[i].iov_base, pieces[i].iov_len);
		at += pieces[i].iov_len;
		*written += pieces[i].iov_len;
	}
	return 0;
}

static errcode_t memory_sync(struct blkdev *dev)
{
	(void)dev;
	return fails(FAIL_STEP) ? EIO : 0;
}

static errcode_t memory_reserve(struct blkdev *dev, uint64_t at, uint64_t len, bool spare)
{
	(void)dev, (void)at, (void)len, (void)spare;
	return fails(FAIL_RESERVE) ? ENOSPC : 0;
}

static void memory_close(struct blkdev *dev)
{
	free(dev->carrier);
}

struct blkdev *failing_disk(uint8_t *mem, uint64_t mem_size, uint64_t size)
{
	static const struct blkdev_ops ops = {
		.read = memory_read,
		.next_data = memory_next_data,
		.writev = memory_writev,
		.sync = memory_sync,
		.reserve = memory_reserve,
		.close = memory_close,
	};
	struct memory *m = malloc(sizeof(*m));
	struct blkdev *dev;

	if (!m || blkdev_new("memory", &ops, &dev)) {
		free(m);
		return NULL;
	}
	*m = (struct memory){mem, mem_size};
	dev->carrier = m;
	blkdev_set_size(dev, size);
	dev->writable = true;
	return dev;
}

/* ---- a file ---- */

static const struct blkdev_ops *below; /* of hostfiles */

static errcode_t wrapped_read(struct blkdev *dev, uint64_t at, size_t len, void *buf)
{
	return fails(FAIL_READ) ? EIO : below->read(dev, at, len, buf);
}

static bool wrapped_read_cached(struct blkdev *dev, uint64_t at, size_t len, void *buf)
{
	return !fails(FAIL_READ) && !below->read(dev, at, len, buf);
}

static errcode_t wrapped_writev(struct blkdev *dev, uint64_t at, const struct iovec *pieces,
				size_t count, uint64_t *written)
{
	*written = 0;
	return fails(FAIL_STEP) ? EIO : below->writev(dev, at, pieces, count, written);
}

static errcode_t wrapped_zero(struct blkdev *dev, uint64_t at, uint64_t len, bool *asked)
{
	return fails(FAIL_STEP) ? EIO : below->zero(dev, at, len, asked);
}

static errcode_t wrapped_sync(struct blkdev *dev)
{
	return fails(FAIL_STEP) ? EIO : below->sync(dev);
}

static errcode_t wrapped_reserve(struct blkdev *dev, uint64_t at, uint64_t len, bool spare)
{
	return fails(FAIL_RESERVE) ? ENOSPC : below->reserve(dev, at, len, spare);
}

static void wrap(struct blkdev *dev, struct blkdev_ops *ops, bool cached)
{
	CHECK(!below || below == dev->ops);
	below = dev->ops;
	*ops = *below;
	ops->read = wrapped_read;
	ops->read_cached = cached ? wrapped_read_cached : NULL;
	ops->writev = wrapped_writev;
	ops->zero = wrapped_zero;
	ops->sync = wrapped_sync;
	ops->reserve = wrapped_reserve;
	dev->ops = ops;
}

void failing_wrap(struct blkdev *dev)
{
	static struct blkdev_ops ops;

	wrap(dev, &ops, false);
}

void failing_wrap_cached(struct blkdev *dev)
{
	static struct blkdev_ops ops;

	wrap(dev, &ops, true);
}
