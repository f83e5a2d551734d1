// SPDX-License-Identifier: GPL-2.0-or-later
// A file or device of this host, written; zeroed only by calls that guarantee zeroes.
#include "device/hostfile_write.h"

#include "base/bytes.h"
#include "base/whole.h"
#include "errors.h"
#include "io/host_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIT_MIN 4096u
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

/* ---- opening for writing ---- */

/*
 * Files that can be opened for writing but not written: a device that is read-only or write
 * protected, a sealed memory file. This is checked before anything is written.
 */
static bool takes_writes(const struct blkdev *dev)
{
	int read_only = 0, seals;

	if (dev->is_block)
		return ioctl(dev->write_fd, BLKROGET, &read_only) < 0 || !read_only;
	seals = fcntl(dev->write_fd, F_GET_SEALS);
	return seals < 0 || !(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE));
}

/* FD is the file of the image. */
static bool is_the_image(const struct blkdev *dev, int fd)
{
	struct stat st;

	return host_fstat(fd, &st) == 0 &&
	       (dev->is_block
			? S_ISBLK(st.st_mode) && st.st_rdev == dev->dev
			: S_ISREG(st.st_mode) && st.st_dev == dev->dev && st.st_ino == dev->ino);
}

errcode_t hostfile_hold(struct blkdev *dev)
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

errcode_t hostfile_make_writable(struct blkdev *dev)
{
	errcode_t err = ESTALE;

	/* the kernel refuses a block device that is mounted or claimed */
	dev->write_fd = open(dev->path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY |
						(dev->is_block && !dev->held ? O_EXCL : 0));
	if (dev->write_fd < 0)
		return errno;
	if (is_the_image(dev, dev->write_fd))
		err = takes_writes(dev) ? 0 : EROFS;
	dev->writable = !err;
	if (!err)
		return 0;
	close(dev->write_fd);
	dev->write_fd = -1;
	return err;
}

errcode_t hostfile_share_writing(struct blkdev *dev, const struct blkdev *of)
{
	dev->write_fd = fcntl(of->write_fd, F_DUPFD_CLOEXEC, 0);
	if (dev->write_fd < 0)
		return errno;
	dev->writable = true;
	return 0;
}

/* ---- writing ---- */

errcode_t hostfile_writev(struct blkdev *dev, uint64_t at, const struct iovec *pieces, size_t count,
			  uint64_t *written)
{
	return whole_pwritev(dev->write_fd, pieces, count, at, written);
}

errcode_t hostfile_sync(struct blkdev *dev)
{
	return whole_datasync(dev->write_fd);
}

/* fallocate(2), restarted after a signal, as SA_RESTART does not do that. */
static int allocate(const struct blkdev *dev, int mode, uint64_t at, uint64_t len)
{
	int rc;

	do
		rc = fallocate(dev->write_fd, mode, (off_t)at, (off_t)len);
	while (rc < 0 && errno == EINTR);
	return rc;
}

/*
 * A sparse file, with fewer blocks than its size, stays sparse; another one stays fully allocated.
 */
static bool is_sparse(const struct blkdev *dev)
{
	struct stat st;

	return host_fstat(dev->write_fd, &st) < 0 || (uint64_t)st.st_blocks * SECTOR < dev->size;
}

static errcode_t zero_file(const struct blkdev *dev, uint64_t at, uint64_t len, bool *asked)
{
	bool punch = dev->holes == E4Z_HOLES_ALWAYS || is_sparse(dev);

	*asked = true;
	if (!allocate(dev, punch ? PUNCH : FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, at, len))
		return 0;
	if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL && errno != ENOTTY)
		return errno;
	*asked = false;
	return 0;
}

/*
 * Both calls promise zeroes or fail; BLKDISCARD does not. A hole may be unmapped (that is
 * blkdev_issue_zeroout() with BLKDEV_ZERO_NOFALLBACK), BLKZEROOUT keeps what is mapped.
 */
static errcode_t zero_device(const struct blkdev *dev, uint64_t at, uint64_t len, bool *asked)
{
	uint64_t range[2] = {at, len};

	*asked = at % SECTOR == 0 && len % SECTOR == 0 &&
		 ((dev->holes == E4Z_HOLES_ALWAYS && !allocate(dev, PUNCH, at, len)) ||
		  !ioctl(dev->write_fd, BLKZEROOUT, range));
	return 0;
}

errcode_t hostfile_zero(struct blkdev *dev, uint64_t at, uint64_t len, bool *asked)
{
	*asked = false;
	if (dev->holes == E4Z_HOLES_NEVER)
		return 0;
	return dev->is_block ? zero_device(dev, at, len, asked) : zero_file(dev, at, len, asked);
}

errcode_t hostfile_reserve(struct blkdev *dev, uint64_t at, uint64_t len, bool spare)
{
	(void)spare;
	if (dev->is_block || allocate(dev, FALLOC_FL_KEEP_SIZE, at, len) == 0)
		return 0;
	return errno == ENOSPC || errno == EFBIG || errno == EDQUOT || errno == EIO ? errno : 0;
}

uint32_t hostfile_unit(const struct blkdev *dev)
{
	struct stat st;
	uint64_t unit = host_fstat(dev->fd, &st) < 0 ? 0 : (uint64_t)st.st_blksize;

	return unit > UNIT_MIN && unit <= UINT32_MAX && !(unit & (unit - 1)) ? (uint32_t)unit
									     : UNIT_MIN;
}
