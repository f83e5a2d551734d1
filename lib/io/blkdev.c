// SPDX-License-Identifier: GPL-2.0-or-later
/* The only place that reads and writes the image: descriptors of our own, clipped to the place. */
#include "io/blkdev.h"

#include "errors.h"
#include "io/host_stat.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#define FUSE_MAGIC 0x65735546
/* A page of the page cache, or less than that. */
#define PAGE 4096u

/* On FUSE SEEK_DATA is a round trip to a process that may not know: nothing is gained. */
static bool can_tell_holes(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (uint32_t)fs.f_type != FUSE_MAGIC;
}

static errcode_t take_identity(struct blkdev *dev)
{
	struct stat st;

	if (host_fstat(dev->fd, &st) < 0)
		return errno;
	if (S_ISREG(st.st_mode)) {
		dev->dev = st.st_dev;
		dev->ino = st.st_ino;
		dev->size = (uint64_t)st.st_size;
		dev->host_holes = can_tell_holes(dev->fd);
		return 0;
	}
	if (!S_ISBLK(st.st_mode))
		return E4Z_ET_NOT_REGULAR;
	dev->is_block = true;
	dev->dev = st.st_rdev;
	return ioctl(dev->fd, BLKGETSIZE64, &dev->size) < 0 ? errno : 0;
}

/* Opening alone may act (a watchdog starts, a FIFO lets its writer go on): look before. */
static errcode_t look_before(const char *path)
{
	struct stat st;

	if (host_stat(path, &st) < 0)
		return errno;
	return S_ISREG(st.st_mode) || S_ISBLK(st.st_mode) ? 0 : E4Z_ET_NOT_REGULAR;
}

/* Looking leaves no trace: the time of the last access stays, where the owner of the file asks. */
static int open_quietly(const char *path, int flags)
{
	int fd = open(path, flags | O_NOATIME);

	return fd < 0 && errno == EPERM ? open(path, flags) : fd;
}

errcode_t blkdev_open(const char *path, struct blkdev **out)
{
	struct blkdev *dev = calloc(1, sizeof(*dev));
	errcode_t err;

	*out = NULL;
	if (!dev)
		return ENOMEM;
	dev->fd = dev->write_fd = dev->hold_fd = -1;
	dev->path = strdup(path);
	if (!dev->path) {
		err = ENOMEM;
		goto fail;
	}
	err = look_before(path);
	if (err)
		goto fail;
	dev->fd = open_quietly(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	err = dev->fd < 0 ? errno : take_identity(dev);
	if (err)
		goto fail;
	dev->len = dev->size;
	*out = dev;
	return 0;
fail:
	blkdev_close(dev);
	return err;
}

void blkdev_close(struct blkdev *dev)
{
	if (!dev)
		return;
	if (dev->fd >= 0)
		close(dev->fd);
	if (dev->write_fd >= 0)
		close(dev->write_fd);
	if (dev->hold_fd >= 0)
		close(dev->hold_fd);
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

errcode_t blkdev_read(struct blkdev *dev, uint64_t off, size_t len, void *buf)
{
	size_t done = 0;

	if (off > dev->len || len > dev->len - off)
		return E4Z_ET_CLIPPED;
	while (done < len) {
		ssize_t n = pread(dev->fd, (char *)buf + done, len - done,
				  (off_t)(dev->base + off + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return E4Z_ET_SHORT_READ;
		done += (size_t)n;
	}
	atomic_fetch_add_explicit(&dev->bytes_read, len, memory_order_relaxed);
	return 0;
}

void *blkdev_buffer(size_t len)
{
	return len > SIZE_MAX - PAGE
		       ? NULL
		       : aligned_alloc(PAGE, (len / PAGE + !!(len % PAGE) + !len) * PAGE);
}

bool blkdev_read_cached(struct blkdev *dev, uint64_t off, size_t len, void *buf)
{
#if defined(HAVE_PREADV2) && defined(RWF_NOWAIT)
	const struct iovec place = {.iov_base = buf, .iov_len = len};

	if (off > dev->len || len > dev->len - off ||
	    preadv2(dev->fd, &place, 1, (off_t)(dev->base + off), RWF_NOWAIT) != (ssize_t)len)
		return false;
	atomic_fetch_add_explicit(&dev->bytes_read, len, memory_order_relaxed);
	return true;
#else
	(void)dev, (void)off, (void)len, (void)buf;
	return false;
#endif
}

void blkdev_will_need(struct blkdev *dev, uint64_t off, uint64_t len)
{
	if (off >= dev->len)
		return;
	if (len > dev->len - off)
		len = dev->len - off;
	/* A length of 0 would mean "to the end of the file". */
	if (len)
		(void)posix_fadvise(dev->fd, (off_t)(dev->base + off), (off_t)len,
				    POSIX_FADV_WILLNEED);
}

void blkdev_forget(struct blkdev *dev, uint64_t off, uint64_t len)
{
	if (off < dev->len && len)
		(void)posix_fadvise(dev->fd, (off_t)(dev->base + off),
				    (off_t)(len < dev->len - off ? len : dev->len - off),
				    POSIX_FADV_DONTNEED);
}

void blkdev_reset_advice(struct blkdev *dev)
{
	(void)posix_fadvise(dev->fd, 0, 0, POSIX_FADV_NORMAL);
}

/* An absolute offset of the image, as an offset in the place. */
static uint64_t into_place(const struct blkdev *dev, off_t absolute)
{
	uint64_t off = (uint64_t)absolute - dev->base;

	return off < dev->len ? off : dev->len;
}

void blkdev_next_data(struct blkdev *dev, uint64_t off, uint64_t *start, uint64_t *end)
{
	off_t data, hole;

	*start = off < dev->len ? off : dev->len;
	*end = dev->len;
	if (!dev->host_holes || off >= dev->len)
		return;
	data = lseek(dev->fd, (off_t)(dev->base + off), SEEK_DATA);
	if (data < 0) {
		if (errno == ENXIO)
			*start = dev->len;
		return;
	}
	hole = lseek(dev->fd, data, SEEK_HOLE);
	*start = into_place(dev, data);
	/* The file may be changing under us: a stretch that makes no sense is all data. */
	if (hole > data)
		*end = into_place(dev, hole);
}
