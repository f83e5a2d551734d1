// SPDX-License-Identifier: GPL-2.0-or-later
/* A file or block device of this host, read through a descriptor of our own. */
#include "device/hostfile.h"

#include "device/hostfile_write.h"
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

/* On FUSE, SEEK_DATA is a round trip to a process that may not know: nothing is gained. */
bool hostfile_knows_holes(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (uint32_t)fs.f_type != FUSE_MAGIC;
}

static errcode_t take_identity(struct blkdev *dev)
{
	uint64_t size;
	struct stat st;

	if (host_fstat(dev->fd, &st) < 0)
		return errno;
	if (S_ISREG(st.st_mode)) {
		dev->dev = st.st_dev;
		dev->ino = st.st_ino;
		blkdev_set_size(dev, (uint64_t)st.st_size);
		dev->host_holes = hostfile_knows_holes(dev->fd);
		return 0;
	}
	if (!S_ISBLK(st.st_mode))
		return E4Z_ET_NOT_REGULAR;
	dev->is_block = true;
	dev->dev = st.st_rdev;
	if (ioctl(dev->fd, BLKGETSIZE64, &size) < 0)
		return errno;
	blkdev_set_size(dev, size);
	return 0;
}

/* Checked by name first: opening may have effects (it starts a watchdog, or wakes a writer). */
static errcode_t look_before(const char *path)
{
	struct stat st;

	if (host_stat(path, &st) < 0)
		return errno;
	return S_ISREG(st.st_mode) || S_ISBLK(st.st_mode) ? 0 : E4Z_ET_NOT_REGULAR;
}

/* Do not change the time of the last access; only the owner of the file may ask for that. */
static int open_quietly(const char *path, int flags)
{
	int fd = open(path, flags | O_NOATIME);

	return fd < 0 && errno == EPERM ? open(path, flags) : fd;
}

/* ---- reading ---- */

static errcode_t file_read(struct blkdev *dev, uint64_t at, size_t len, void *buf)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(dev->fd, (char *)buf + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return E4Z_ET_SHORT_READ;
		done += (size_t)n;
	}
	return 0;
}

static bool file_read_cached(struct blkdev *dev, uint64_t at, size_t len, void *buf)
{
#if defined(HAVE_PREADV2) && defined(RWF_NOWAIT)
	const struct iovec place = {.iov_base = buf, .iov_len = len};

	return preadv2(dev->fd, &place, 1, (off_t)at, RWF_NOWAIT) == (ssize_t)len;
#else
	(void)dev, (void)at, (void)len, (void)buf;
	return false;
#endif
}

static void file_will_need(struct blkdev *dev, uint64_t at, uint64_t len)
{
	(void)posix_fadvise(dev->fd, (off_t)at, (off_t)len, POSIX_FADV_WILLNEED);
}

static void file_forget(struct blkdev *dev, uint64_t at, uint64_t len)
{
	(void)posix_fadvise(dev->fd, (off_t)at, (off_t)len, POSIX_FADV_DONTNEED);
}

void hostfile_reset_advice(const struct blkdev *dev)
{
	(void)posix_fadvise(dev->fd, 0, 0, POSIX_FADV_NORMAL);
}

static bool file_next_data(struct blkdev *dev, uint64_t at, uint64_t *start, uint64_t *end)
{
	off_t data;

	if (!dev->host_holes)
		return false;
	data = lseek(dev->fd, (off_t)at, SEEK_DATA);
	if (data < 0 && errno != ENXIO)
		return false;
	*start = data < 0 ? dev->size : (uint64_t)data;
	/* only on request: tmpfs walks all pages up to it */
	if (end)
		*end = data < 0 ? dev->size : (uint64_t)lseek(dev->fd, data, SEEK_HOLE);
	return true;
}

/* ---- opening and closing ---- */

static void file_close(struct blkdev *dev)
{
	const int fds[] = {dev->fd, dev->write_fd, dev->hold_fd};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static const struct blkdev_ops file_ops = {
	.read = file_read,
	.read_cached = file_read_cached,
	.will_need = file_will_need,
	.forget = file_forget,
	.next_data = file_next_data,
	.hold = hostfile_hold,
	.make_writable = hostfile_make_writable,
	.writev = hostfile_writev,
	.zero = hostfile_zero,
	.sync = hostfile_sync,
	.reserve = hostfile_reserve,
	.close = file_close,
};

errcode_t hostfile_open(const char *path, struct blkdev **out)
{
	struct blkdev *dev;
	errcode_t err = blkdev_new(path, &file_ops, &dev);

	*out = NULL;
	if (err)
		return err;
	err = look_before(path);
	if (!err) {
		dev->fd = open_quietly(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
		err = dev->fd < 0 ? errno : take_identity(dev);
	}
	if (err)
		blkdev_close(dev);
	else
		*out = dev;
	return err;
}
