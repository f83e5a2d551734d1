/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image that is an array of bytes. */
#ifndef E4Z_TESTS_UNIT_MEMORY_H
#define E4Z_TESTS_UNIT_MEMORY_H

#include "check.h"
#include "io/blkdev.h"
#include <errno.h>
#include <string.h>

static errcode_t memory_read(struct blkdev *dev, uint64_t at, size_t len, void *buf)
{
	CHECK(at <= dev->size && len <= dev->size - at);
	memcpy(buf, (const uint8_t *)dev->carrier + at, len);
	return 0;
}

static void memory_close(struct blkdev *dev)
{
	(void)dev;
}

/* OPS may be those of the caller. */
static inline struct blkdev *memory_open(uint8_t *bytes, uint64_t size,
					 const struct blkdev_ops *ops)
{
	static const struct blkdev_ops plain = {.read = memory_read, .close = memory_close};
	struct blkdev *dev;

	CHECK(blkdev_new("memory", ops ? ops : &plain, &dev) == 0);
	dev->carrier = bytes;
	blkdev_set_size(dev, size);
	return dev;
}

#endif
