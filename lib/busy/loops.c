// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the loop devices show.
 *
 * The device itself is asked, which gives numbers. Who may not open it has only sysfs, and the path
 * there is one of the mount namespace in which the device was attached: what lies at that path here
 * is believed only if the device has the size that it should then have.
 */
#include "busy/loops.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The kernel's encoding has 12 bits of major number between 8 and 12 bits of minor. */
static dev_t from_kernel_dev(uint64_t dev)
{
	return makedev((dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00));
}

int loop_open(const struct loop *loop)
{
	char path[HOST_NAME_SIZE + sizeof("/dev/")];
	struct stat st;
	int fd;

	host_node(loop->name, path, sizeof(path));
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == loop->dev))
		return fd;
	close(fd);
	return -1;
}

/* [OFF, OFF + LIMIT) of what it lies over, LIMIT 0 for all the rest; the device is SIZE long. */
static void set_shows(struct loop *loop, uint64_t off, uint64_t limit, uint64_t size)
{
	loop->to_the_end = !limit;
	loop->shows.start = off;
	loop->shows.len = limit ? limit : UINT64_MAX - off;
	if (size && size < loop->shows.len)
		loop->shows.len = size;
}

/* False: it cannot be asked. *GONE: nothing is attached any more. */
static bool ask_device(struct loop *loop, uint64_t size, bool *gone)
{
	AUTO_CLOSE int fd = loop_open(loop);
	struct loop_info64 info;

	if (fd < 0)
		return false;
	if (ioctl(fd, LOOP_GET_STATUS64, &info) < 0) {
		*gone = errno == ENXIO;
		return false;
	}
	loop->over.is_block = info.lo_rdevice;
	loop->over.dev = from_kernel_dev(info.lo_rdevice ? info.lo_rdevice : info.lo_device);
	loop->over.ino = info.lo_rdevice ? 0 : info.lo_inode;
	set_shows(loop, info.lo_offset, info.lo_sizelimit, size);
	return true;
}

/* A loop device that lies over a file of FILE bytes would have SIZE. */
static bool size_fits(const struct loop *loop, uint64_t limit, uint64_t file, uint64_t size)
{
	uint64_t rest = file > loop->shows.start ? file - loop->shows.start : 0;

	if (limit && limit < rest)
		rest = limit;
	return rest - rest % SECTOR == size;
}

static bool ask_sysfs(const struct host *host, struct loop *loop, uint64_t size, const char *path)
{
	uint64_t off = 0, limit = 0;
	struct stat st;

	if (stat(path, &st) < 0 || !carrier_of_stat(&st, &loop->over))
		return false;
	(void)host_number(host, loop->name, "loop/offset", &off);
	(void)host_number(host, loop->name, "loop/sizelimit", &limit);
	set_shows(loop, off, limit, size);
	return loop->over.is_block || size_fits(loop, limit, loop->over.size, size);
}

struct gathering {
	const struct host *host;
	struct loop_vec *loops;
	bool failed;
};

static void take_attached(struct gathering *g, const char *name)
{
	struct loop loop = {.known = false};
	char path[4096];
	bool gone = false;
	uint64_t size;

	if (!host_line(g->host, name, "loop/backing_file", path, sizeof(path)) ||
	    !host_dev(g->host, name, &loop.dev))
		return;
	snprintf(loop.name, sizeof(loop.name), "%.*s", HOST_NAME_SIZE - 1, name);
	size = host_size(g->host, name);
	loop.known = ask_device(&loop, size, &gone);
	if (!loop.known && !gone)
		loop.known = ask_sysfs(g->host, &loop, size, path);
	if (!gone && vec_push(g->loops, loop))
		g->failed = true;
}

/* Those that are not attached lack the file. */
static void take_loop(void *arg, const char *name)
{
	struct gathering *g = arg;

	if (!strncmp(name, "loop", 4) && host_exists(g->host, name, "loop/backing_file"))
		take_attached(g, name);
}

bool loops_read(const struct host *host, struct loop_vec *loops)
{
	struct gathering g = {.host = host, .loops = loops};

	return host_each(host, "block", take_loop, &g) && !g.failed;
}
