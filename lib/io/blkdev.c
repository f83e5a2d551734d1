// SPDX-License-Identifier: GPL-2.0-or-later
/* The reading half of blkdev: every access is clipped to the place, then its carrier's. */
#include "io/blkdev.h"

#include "errors.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A page of the page cache, or less than that. */
#define PAGE 4096u

errcode_t blkdev_new(const char *path, const struct blkdev_ops *ops, struct blkdev **out)
{
	struct blkdev *dev = *out = calloc(1, sizeof(*dev));

	if (!dev)
		return ENOMEM;
	dev->ops = ops;
	dev->fd = dev->write_fd = dev->hold_fd = -1;
	dev->path = strdup(path);
	if (dev->path)
		return 0;
	free(dev);
	*out = NULL;
	return ENOMEM;
}

void blkdev_set_size(struct blkdev *dev, uint64_t size)
{
	dev->size = dev->len = size;
	dev->base = 0;
}

void blkdev_close(struct blkdev *dev)
{
	if (!dev)
		return;
	dev->ops->close(dev);
	free(dev->path);
	free(dev);
}

errcode_t blkdev_set_place(struct blkdev *dev, uint64_t base, uint64_t len)
{
	if (base > dev->size || len > dev->size - base)
		return E4Z_ET_CLIPPED;
	dev->base = base;
	dev->len = len;
	return 0;
}

static bool inside(const struct blkdev *dev, uint64_t off, uint64_t len)
{
	return off <= dev->len && len <= dev->len - off;
}

static void count_read(struct blkdev *dev, size_t len)
{
	atomic_fetch_add_explicit(&dev->bytes_read, len, memory_order_relaxed);
}

errcode_t blkdev_read(struct blkdev *dev, uint64_t off, size_t len, void *buf)
{
	errcode_t err = inside(dev, off, len) ? dev->ops->read(dev, dev->base + off, len, buf)
					      : E4Z_ET_CLIPPED;

	if (err)
		atomic_fetch_add_explicit(&dev->reads_failed, 1, memory_order_relaxed);
	else
		count_read(dev, len);
	return err;
}

void *blkdev_buffer(size_t len)
{
	return len > SIZE_MAX - PAGE
		       ? NULL
		       : aligned_alloc(PAGE, (len / PAGE + !!(len % PAGE) + !len) * PAGE);
}

bool blkdev_read_cached(struct blkdev *dev, uint64_t off, size_t len, void *buf)
{
	if (!dev->ops->read_cached || !inside(dev, off, len) ||
	    !dev->ops->read_cached(dev, dev->base + off, len, buf))
		return false;
	count_read(dev, len);
	return true;
}

/* What of [off, off + len) is inside the place; 0: nothing. */
static uint64_t clip(const struct blkdev *dev, uint64_t off, uint64_t len)
{
	if (off >= dev->len)
		return 0;
	return len < dev->len - off ? len : dev->len - off;
}

void blkdev_will_need(struct blkdev *dev, uint64_t off, uint64_t len)
{
	len = clip(dev, off, len);
	if (len && dev->ops->will_need)
		dev->ops->will_need(dev, dev->base + off, len);
}

void blkdev_forget(struct blkdev *dev, uint64_t off, uint64_t len)
{
	len = clip(dev, off, len);
	if (len && dev->ops->forget)
		dev->ops->forget(dev, dev->base + off, len);
}

/* An absolute offset of the image, as an offset in the place. */
static uint64_t into_place(const struct blkdev *dev, uint64_t at)
{
	uint64_t off = at - dev->base;

	return off < dev->len ? off : dev->len;
}

void blkdev_next_data(struct blkdev *dev, uint64_t off, uint64_t *start, uint64_t *end)
{
	uint64_t data, hole;

	*start = off < dev->len ? off : dev->len;
	*end = dev->len;
	if (off >= dev->len || !dev->ops->next_data ||
	    !dev->ops->next_data(dev, dev->base + off, &data, &hole))
		return;
	*start = into_place(dev, data);
	/* The image may be changing under us: a stretch that makes no sense is all data. */
	if (hole > data)
		*end = into_place(dev, hole);
}
