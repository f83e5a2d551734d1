// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who else has the image.
 *
 * Each door to it is asked. The kernel's word is taken in this order: mountinfo for mounts of our
 * namespace, /sys/fs/ext4 for those of any, /proc/swaps, sysfs holders (dm, md, bcache), and for
 * the device that was given an exclusive open. A loop device that shows the image counts although
 * nobody has mounted it: its page cache would not notice an edit.
 */
#include "busy/busy.h"

#include "base/cleanup.h"
#include "busy/fuse.h"
#include "busy/lock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define TRIES 20
#define TRY_NANOSECONDS 50000000

struct look {
	const struct host *host;
	struct blkdev *dev;
	struct busy *busy;
	struct doors doors;
	struct mounts mounts;
	const struct door *door; /* that is asked */
};

static void node_of(const struct door *door, char *path, size_t size)
{
	if (*door->name)
		host_node(door->name, path, size);
	else
		snprintf(path, size, "device %u:%u", major(door->is.dev), minor(door->is.dev));
}

__attribute__((format(printf, 3, 4))) static void found(struct busy *busy, const char *how,
							const char *format, ...)
{
	va_list ap;

	if (busy->mounted)
		return;
	busy->mounted = true;
	busy->how = how;
	va_start(ap, format);
	vsnprintf(busy->who, sizeof(busy->who), format, ap);
	va_end(ap);
	host_printable(busy->who);
}

/* The present door is in use: WHAT and WHO say by whom. */
static void found_here(struct look *l, const char *how, const char *what, const char *who)
{
	char path[HOST_NAME_SIZE + 16];

	node_of(l->door, path, sizeof(path));
	found(l->busy, how, "%s%s%s", path, what, who);
}

#define MOUNTED "the file system is mounted"
#define IN_USE "the image is in use"

static void ask_mounts(struct look *l)
{
	for (size_t i = 0; i < l->mounts.count; i++)
		if (l->mounts.items[i].dev == l->door->is.dev)
			found_here(l, MOUNTED, " on ", l->mounts.items[i].point);
}

/* A mount in another namespace, of a container or a service, shows up nowhere else. */
static void ask_ext4(struct look *l)
{
	char path[HOST_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/fs/ext4/%s", l->host->sys, l->door->name);
	if (*l->door->name && access(path, F_OK) == 0)
		found_here(l, MOUNTED, " in another mount namespace", "");
}

static void ask_swaps(struct look *l)
{
	AUTO_FREE char *text = host_proc(l->host, "swaps");
	char *path, *rest = text;
	struct carrier c;
	struct stat st;

	while (rest && (path = strsep(&rest, "\n"))) {
		path[strcspn(path, " \t")] = '\0';
		mounts_decode(path);
		if (*path == '/' && stat(path, &st) == 0 && carrier_of_stat(&st, &c) &&
		    carrier_same(&c, &l->door->is))
			found(l->busy, IN_USE, "%s is swap space", path);
	}
}

static void take_holder(void *arg, const char *name)
{
	found_here(arg, IN_USE, " is held by ", name);
}

static void ask_holders(struct look *l)
{
	char leaf[HOST_PATH_SIZE];

	if (!*l->door->name || l->door->loose)
		return;
	snprintf(leaf, sizeof(leaf), "class/block/%s/holders", l->door->name);
	(void)host_each(l->host, leaf, take_holder, l);
}

/* The file of the present door as LOOP has it; -1: it is not visible here. */
static int open_below(const struct look *l, const struct loop *loop, char *path, size_t size)
{
	struct carrier c;
	struct stat st;
	int fd;

	if (!carrier_same(&loop->over, &l->door->is) ||
	    !host_line(l->host, loop->name, "loop/backing_file", path, size))
		return -1;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 ||
	    (fstat(fd, &st) == 0 && carrier_of_stat(&st, &c) && carrier_same(&c, &l->door->is)))
		return fd;
	close(fd);
	return -1;
}

/* The file below a loop device: whoever has it by its own name locks it there. */
static void ask_locks(struct look *l, bool edit)
{
	AUTO_CLOSE int fd = -1;
	char path[4096], who[sizeof(l->busy->who)];

	if (l->door->is.is_block || l->door == &l->doors.items[0])
		return;
	for (size_t i = 0; i < l->doors.loops.count && fd < 0; i++)
		fd = open_below(l, &l->doors.loops.items[i], path, sizeof(path));
	if (fd < 0)
		doors_doubt(&l->doors, "cannot determine whether the file below %s is locked",
			    l->dev->path);
	else if (lock_is_taken(fd, path, edit, who, sizeof(who)))
		found(l->busy, IN_USE, "%s", who);
}

static void ask_door(struct look *l)
{
	if (l->door->is.is_block) {
		ask_mounts(l);
		ask_ext4(l);
		ask_holders(l);
	}
	ask_swaps(l);
	if (!l->door->loop || l->door->own)
		return;
	l->busy->attached = true;
	if (!*l->busy->who)
		node_of(l->door, l->busy->who, sizeof(l->busy->who));
}

static void ask_fuse(struct look *l, bool edit)
{
	const struct mount *mount = fuse_find_mount(l->host, l->dev, &l->doors, &l->mounts);
	char who[FUSE_WHO_SIZE];

	if (mount)
		found(l->busy, MOUNTED, "%s on %s (FUSE)", mount->source, mount->point);
	if (edit && !l->busy->mounted && fuse_find_server(l->host, &l->doors, who))
		found(l->busy, IN_USE, "%s serves it through FUSE", who);
}

/* 0 or errno. An edit keeps it, a look asks only whether it could. */
static errcode_t open_alone(struct blkdev *dev, bool edit)
{
	AUTO_CLOSE int fd = -1;

	if (edit)
		return blkdev_hold(dev);
	fd = open(dev->path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? errno : 0;
}

/* Who only asks, as another e4zero does, has it for a moment. */
static bool is_kept(struct blkdev *dev, bool edit)
{
	static const struct timespec pause = {.tv_nsec = TRY_NANOSECONDS};
	errcode_t err = open_alone(dev, edit);

	for (int i = 1; err == EBUSY && i < TRIES; i++) {
		nanosleep(&pause, NULL);
		err = open_alone(dev, edit);
	}
	return err == EBUSY;
}

/*
 * Exclusive opens exclude each other and mounts, on a disk also those of its partitions: there they
 * concern an edit only, which must hold the disk.
 */
static void ask_exclusive(struct look *l, bool edit)
{
	char name[HOST_NAME_SIZE], disk[HOST_NAME_SIZE] = "";
	bool all = l->dev->base == 0 && l->dev->len == l->dev->size;

	if (l->busy->mounted || l->dev->held || !l->dev->is_block)
		return;
	all |= host_names(l->host, l->dev->dev, name, disk) && *disk;
	if (!(all || edit) || !is_kept(l->dev, edit))
		return;
	l->door = &l->doors.items[0];
	found_here(l, IN_USE, all ? "" : " or another part of it",
		   all ? " is opened exclusively"
		       : " is opened exclusively; use the partition's own device node");
}

/* Network block devices: who serves them, and from what, is known to nobody here. */
static void take_nbd(void *arg, const char *name)
{
	struct look *l = arg;

	if (strncmp(name, "nbd", 3) != 0 || !host_exists(l->host, name, "pid"))
		return;
	for (size_t i = 0; i < l->doors.count; i++)
		if (!strcmp(l->doors.items[i].name, name))
			return;
	doors_doubt(&l->doors, "cannot determine what /dev/%s shows; it may be this image", name);
}

static void ask_all(struct look *l, bool edit)
{
	bool mounts = mounts_read(l->host, &l->mounts);

	for (size_t i = 0; i < l->doors.count; i++) {
		l->door = &l->doors.items[i];
		ask_door(l);
		ask_locks(l, edit);
	}
	ask_fuse(l, edit);
	ask_exclusive(l, edit);
	if (edit)
		(void)host_each(l->host, "block", take_nbd, l);
	else
		l->doors.doubt_count = 0;
	if (!mounts)
		doors_doubt(&l->doors, "the mount table cannot be read; the image may be mounted");
	if (!l->doors.complete)
		doors_doubt(&l->doors,
			    l->dev->is_block ? "sysfs does not know the device; it may be in use"
					     : "sysfs is not available; cannot determine whether a "
					       "loop device uses the image");
}

void busy_look(const struct host *host, struct blkdev *dev, bool edit, struct busy *busy)
{
	struct look l = {.host = host ? host : &host_here, .dev = dev, .busy = busy};

	*busy = (struct busy){.how = ""};
	doors_find(l.host, dev, &l.doors);
	if (l.doors.count)
		ask_all(&l, edit);
	memcpy(busy->doubts, l.doors.doubts, sizeof(busy->doubts));
	busy->doubt_count = l.doors.doubt_count;
	mounts_free(&l.mounts);
	doors_free(&l.doors);
}
