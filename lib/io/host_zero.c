// SPDX-License-Identifier: GPL-2.0-or-later
// Asks the host for zeroes, in the one way that is right for the image.
#include "io/host_zero.h"

#include "io/host_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP 4096u
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

int host_allocate(const struct blkdev *dev, int mode, uint64_t at, uint64_t len)
{
	int rc;

	do
		rc = fallocate(dev->write_fd, mode, (off_t)at, (off_t)len);
	while (rc < 0 && errno == EINTR);
	return rc;
}

/*
 * A file that has fewer blocks than bytes is sparse and stays so; another keeps its reservation.
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
	if (!host_allocate(dev, punch ? PUNCH : FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, at,
			   len))
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
		 ((dev->holes == E4Z_HOLES_ALWAYS && !host_allocate(dev, PUNCH, at, len)) ||
		  !ioctl(dev->write_fd, BLKZEROOUT, range));
	return 0;
}

errcode_t host_zero(const struct blkdev *dev, uint64_t at, uint64_t len, bool *asked)
{
	*asked = false;
	if (dev->holes == E4Z_HOLES_NEVER)
		return 0;
	return dev->is_block ? zero_device(dev, at, len, asked) : zero_file(dev, at, len, asked);
}

uint32_t host_unit(const struct blkdev *dev)
{
	struct stat st;
	uint64_t unit = host_fstat(dev->fd, &st) < 0 ? 0 : (uint64_t)st.st_blksize;

	return unit > STEP && unit <= UINT32_MAX && !(unit & (unit - 1)) ? (uint32_t)unit : STEP;
}

static void forget_page(const struct blkdev *dev, uint64_t at)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), part = at % page;

	if (part)
		(void)posix_fadvise(dev->write_fd, (off_t)(at - part), (off_t)page,
				    POSIX_FADV_DONTNEED);
}

void host_zero_forget(const struct blkdev *dev, uint64_t at, uint64_t len)
{
	forget_page(dev, at);
	forget_page(dev, at + len);
}

uint64_t host_zero_skip(const struct blkdev *dev, uint64_t off, uint64_t last)
{
	off_t data;

	if (!dev->host_holes)
		return off;
	/* not for the end of the data: tmpfs goes through every page up to it */
	data = lseek(dev->fd, (off_t)(dev->base + off), SEEK_DATA);
	if (data < 0)
		return errno == ENXIO ? last : off;
	data -= (off_t)dev->base;
	if ((uint64_t)data <= off)
		return off;
	return (uint64_t)data < last ? (uint64_t)data : last;
}

static bool step_is_zero(const uint8_t *buf, size_t at, size_t len)
{
	return bytes_are_zero(buf + at, len - at < STEP ? len - at : STEP);
}

struct e4z_span host_zero_missed(const uint8_t *buf, size_t from, size_t len)
{
	size_t end;

	while (from < len && step_is_zero(buf, from, len))
		from += STEP;
	for (end = from; end < len && !step_is_zero(buf, end, len);)
		end += STEP;
	end = end < len ? end : len;
	return (struct e4z_span){from, from < end ? end - from : 0};
}
