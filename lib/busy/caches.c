// SPDX-License-Identifier: GPL-2.0-or-later
/* The page caches of a block device and of the nodes that show the same bytes. */
#include "busy/caches.h"

#include "base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* What is clean goes; who may not flush the buffers may give this advice. */
static void forget(int fd)
{
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

static void write_back(int fd)
{
	(void)fsync(fd);
	if (ioctl(fd, BLKFLSBUF, 0) < 0)
		forget(fd);
}

/* A loop device that is not below us is another matter: an edit is refused while it is there. */
static bool has_cache(const struct door *door)
{
	return door->is.is_block && (door->own || !door->loop);
}

/* Bytes can change below or beside the cache of the device that was given. */
static bool has_others(const struct doors *doors)
{
	for (size_t i = 1; i < doors->count; i++)
		/* the file under a loop device has a cache of its own too */
		if (has_cache(&doors->items[i]) || doors->items[i].own)
			return true;
	return false;
}

void caches_forget(const struct host *host, struct blkdev *dev)
{
	struct doors doors;

	if (!dev->is_block)
		return;
	doors_find(host ? host : &host_here, dev, &doors);
	if (has_others(&doors))
		forget(dev->fd);
	doors_free(&doors);
}

/* 0 or errno. */
static int settle_node(const struct door *door)
{
	char path[HOST_NAME_SIZE + sizeof("/dev/")];
	AUTO_CLOSE int fd = -1;
	struct stat st;

	host_node(door->name, path, sizeof(path));
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return errno;
	if (!S_ISBLK(st.st_mode) || st.st_rdev != door->is.dev)
		return ENODEV;
	write_back(fd);
	return 0;
}

void caches_settle(const struct host *host, struct blkdev *dev, char *note, size_t size)
{
	struct doors doors;

	if (size)
		*note = '\0';
	if (!dev->is_block)
		return;
	doors_find(host ? host : &host_here, dev, &doors);
	for (size_t i = 1; i < doors.count; i++) {
		const struct door *door = &doors.items[i];
		int err = has_cache(door) ? settle_node(door) : 0;

		if (err && size && !*note)
			snprintf(note, size,
				 "the cache of /dev/%s, which shows the same bytes, could not be "
				 "flushed: %s",
				 door->name, strerror(err));
	}
	if (has_others(&doors))
		write_back(dev->fd);
	doors_free(&doors);
}

void caches_end(struct blkdev *dev)
{
	if (!dev || !dev->touched || !blkdev_is_host(dev))
		return;
	if (dev->errands)
		(void)!e4z_errands_run(dev->errands, dev->errand);
	else
		caches_settle(NULL, dev, NULL, 0);
}

void caches_close(struct blkdev *dev)
{
	caches_end(dev);
	blkdev_close(dev);
}
