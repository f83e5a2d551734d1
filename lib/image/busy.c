// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who else has the image.
 *
 * A *disk* is a whole block device that shows the image: the loop devices over an image file, or
 * the device (or the disk around it) that was given. Its own node and those partitions that overlap
 * the place are asked for mounts, swap and holders. The kernel's word is taken in this order:
 * mountinfo for mounts of our namespace, /sys/fs/ext4 for those of any, sysfs holders, /proc/swaps,
 * and for a device an exclusive open. A backing file is compared by device and inode; sysfs's path
 * is only a fallback, it misleads in chroots and containers.
 */
#include "image/busy.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NAME_SIZE 64 /* of a block device in sysfs */
#define SYS_PATH_SIZE 512

struct look {
	struct blkdev *dev;
	struct busy *busy;
	struct e4z_span place; /* of the file system, as the disks count: see struct node */
};

/* A node and what it shows: bytes of the image file or, for a device, of the disk it is on. */
struct node {
	char name[NAME_SIZE]; /* in /sys/class/block */
	dev_t dev;
	struct e4z_span shows;
};

__attribute__((format(printf, 2, 3))) static void unknown(struct busy *busy, const char *format,
							  ...)
{
	va_list ap;

	if (*busy->unknown)
		return;
	va_start(ap, format);
	vsnprintf(busy->unknown, sizeof(busy->unknown), format, ap);
	va_end(ap);
}

/* The first line of a file below /sys/class/block/NAME, without its end; false: not there. */
static bool sys_line(const char *name, const char *leaf, char *line, size_t size)
{
	char path[SYS_PATH_SIZE];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "/sys/class/block/%s/%s", name, leaf);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fgets(line, (int)size, f) != NULL;
	fclose(f);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	return ok;
}

static bool sys_number(const char *name, const char *leaf, uint64_t *value)
{
	char line[64], *end;

	if (!sys_line(name, leaf, line, sizeof(line)))
		return false;
	errno = 0;
	*value = strtoull(line, &end, 10);
	return end != line && !errno;
}

static bool sys_dev(const char *name, dev_t *dev)
{
	char line[64];
	unsigned major_no, minor_no;

	if (!sys_line(name, "dev", line, sizeof(line)) ||
	    sscanf(line, "%u:%u", &major_no, &minor_no) != 2)
		return false;
	*dev = makedev(major_no, minor_no);
	return true;
}

/* Call EACH for the names in directory PATH; false when it cannot be read. */
static bool each_name(const char *path, void (*each)(void *arg, const char *name), void *arg)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		return false;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < NAME_SIZE)
			each(arg, entry->d_name);
	closedir(dir);
	return true;
}

static uint64_t span_end(struct e4z_span span)
{
	uint64_t end;

	return bytes_add(span.start, span.len, &end) ? end : UINT64_MAX;
}

static bool overlaps(struct e4z_span a, struct e4z_span b)
{
	return a.len && b.len && a.start < span_end(b) && b.start < span_end(a);
}

static void found(struct look *l, const struct node *node, const char *how, const char *what)
{
	/* '!' stands for '/' in sysfs */
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "%s", node->name);
	for (char *c = name; *c; c++)
		if (*c == '!')
			*c = '/';
	if (l->busy->mounted)
		return;
	l->busy->mounted = true;
	snprintf(l->busy->who, sizeof(l->busy->who), "/dev/%s %s%s", name, how, what);
}

/* mountinfo writes blank, tab, newline and backslash as three octal digits; none may stay raw. */
static void printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void ask_mounts(struct look *l, const struct node *node)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	AUTO_FREE char *line = NULL;
	size_t room = 0;

	if (!f) {
		unknown(l->busy, "the mount table cannot be read, the image may be mounted");
		return;
	}
	while (!l->busy->mounted && getline(&line, &room, f) > 0) {
		unsigned major_no, minor_no;
		int at = 0;

		if (sscanf(line, "%*d %*d %u:%u %*s %n", &major_no, &minor_no, &at) != 2 || !at ||
		    makedev(major_no, minor_no) != node->dev)
			continue;
		line[at + (int)strcspn(line + at, " \n")] = '\0';
		printable(line + at);
		found(l, node, "on ", line + at);
	}
	fclose(f);
}

/* A mount in another namespace, of a container or a service, shows up nowhere else. */
static void ask_ext4(struct look *l, const struct node *node)
{
	char path[SYS_PATH_SIZE];

	snprintf(path, sizeof(path), "/sys/fs/ext4/%s", node->name);
	if (access(path, F_OK) == 0)
		found(l, node, "in another mount namespace", "");
}

static void ask_swaps(struct look *l, const struct node *node)
{
	FILE *f = fopen("/proc/swaps", "re");
	char line[1024], path[1000];
	struct stat st;

	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "/%998s", path + 1) == 1) {
			path[0] = '/';
			if (stat(path, &st) == 0 && S_ISBLK(st.st_mode) && st.st_rdev == node->dev)
				found(l, node, "is swap space", "");
		}
	fclose(f);
}

struct holder_search {
	struct look *look;
	const struct node *node;
};

static void take_holder(void *arg, const char *name)
{
	struct holder_search *s = arg;

	found(s->look, s->node, "held by ", name);
}

static void ask_holders(struct look *l, const struct node *node)
{
	struct holder_search s = {.look = l, .node = node};
	char path[SYS_PATH_SIZE];

	snprintf(path, sizeof(path), "/sys/class/block/%s/holders", node->name);
	each_name(path, take_holder, &s);
}

static void ask_node(struct look *l, const struct node *node)
{
	if (!overlaps(l->place, node->shows))
		return;
	ask_mounts(l, node);
	ask_ext4(l, node);
	ask_swaps(l, node);
	ask_holders(l, node);
}

/* ---- a disk and its partitions ---- */

struct disk_search {
	struct look *look;
	const struct node *disk;
};

static void take_partition(void *arg, const char *name)
{
	struct disk_search *s = arg;
	struct node part = {0};
	char path[2 * NAME_SIZE + sizeof("/partition")];
	uint64_t number, start, size;

	snprintf(path, sizeof(path), "%s/partition", name);
	if (!sys_number(s->disk->name, path, &number))
		return;
	snprintf(part.name, sizeof(part.name), "%.*s", NAME_SIZE - 1, name);
	if (!sys_number(name, "start", &start) || !sys_number(name, "size", &size) ||
	    !sys_dev(name, &part.dev))
		return;
	part.shows.start = s->disk->shows.start + start * SECTOR;
	part.shows.len = size * SECTOR;
	ask_node(s->look, &part);
}

static void ask_disk(struct look *l, const struct node *disk)
{
	struct disk_search s = {.look = l, .disk = disk};
	char path[SYS_PATH_SIZE];

	ask_node(l, disk);
	snprintf(path, sizeof(path), "/sys/class/block/%s", disk->name);
	each_name(path, take_partition, &s);
}

/* ---- loop devices over an image file ---- */

/* The kernel's encoding has 12 bits of major number between 8 and 12 bits of minor. */
static dev_t from_kernel_dev(uint64_t dev)
{
	return makedev((dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00));
}

/* 1: it shows our file, from *OFF on, *LIMIT bytes at most (0: all); 0: another; -1: who knows. */
static int ask_loop_device(const struct look *l, const struct node *loop, uint64_t *off,
			   uint64_t *limit)
{
	char path[NAME_SIZE + sizeof("/dev/")];
	AUTO_CLOSE int fd = -1;
	struct loop_info64 info;
	struct stat st;

	snprintf(path, sizeof(path), "/dev/%s", loop->name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode) || st.st_rdev != loop->dev)
		return -1;
	if (ioctl(fd, LOOP_GET_STATUS64, &info) < 0)
		return errno == ENXIO ? 0 : -1;
	*off = info.lo_offset;
	*limit = info.lo_sizelimit;
	return info.lo_inode == l->dev->ino && from_kernel_dev(info.lo_device) == l->dev->dev;
}

/* The same from sysfs, for those who may not open the device. */
static int ask_loop_sysfs(const struct look *l, const struct node *loop, uint64_t *off,
			  uint64_t *limit)
{
	char path[4096];
	struct stat st;

	if (!sys_line(loop->name, "loop/backing_file", path, sizeof(path)))
		return 0;
	if (stat(path, &st) < 0)
		return -1;
	if (!sys_number(loop->name, "loop/offset", off))
		*off = 0;
	if (!sys_number(loop->name, "loop/sizelimit", limit))
		*limit = 0;
	return st.st_dev == l->dev->dev && st.st_ino == l->dev->ino;
}

static void take_loop(void *arg, const char *name)
{
	struct look *l = arg;
	struct node loop = {0};
	uint64_t off = 0, limit = 0, sectors;
	char line[8];
	int ours;

	if (strncmp(name, "loop", 4) != 0 || !sys_dev(name, &loop.dev) ||
	    !sys_line(name, "loop/backing_file", line, sizeof(line)))
		return;
	snprintf(loop.name, sizeof(loop.name), "%.*s", NAME_SIZE - 1, name);
	ours = ask_loop_device(l, &loop, &off, &limit);
	if (ours < 0)
		ours = ask_loop_sysfs(l, &loop, &off, &limit);
	if (ours < 0)
		unknown(l->busy, "it cannot be told what /dev/%s shows, it may be this image",
			name);
	if (ours <= 0)
		return;
	loop.shows.start = off;
	loop.shows.len = limit ? limit : UINT64_MAX - off;
	if (sys_number(name, "size", &sectors) && sectors * SECTOR < loop.shows.len)
		loop.shows.len = sectors * SECTOR;
	if (!overlaps(l->place, loop.shows))
		return;
	l->busy->attached = true;
	if (!*l->busy->who)
		snprintf(l->busy->who, sizeof(l->busy->who), "/dev/%s", name);
	ask_disk(l, &loop);
}

/* ---- a block device ---- */

/* Exclusive opens exclude each other and mounts. On a disk any partition's user would count too. */
static void ask_exclusive(struct look *l, const struct node *node)
{
	AUTO_CLOSE int fd = -1;

	if (l->busy->mounted)
		return;
	fd = open(l->dev->path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == EBUSY)
		found(l, node, "in use", "");
}

/*
 * The name of a device in sysfs, and of the disk around it when it is a partition ("" when not):
 * /sys/dev/block/8:1 is a link to .../block/sda/sda1.
 */
static bool device_names(dev_t dev, char *name, char *disk)
{
	char link[64], target[SYS_PATH_SIZE];
	ssize_t len;
	char *last;

	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	len = readlink(link, target, sizeof(target) - 1);
	if (len <= 0)
		return false;
	target[len] = '\0';
	last = strrchr(target, '/');
	if (!last)
		return false;
	snprintf(name, NAME_SIZE, "%.*s", NAME_SIZE - 1, last + 1);
	*last = '\0';
	last = strrchr(target, '/');
	snprintf(disk, NAME_SIZE, "%.*s", NAME_SIZE - 1, last ? last + 1 : "");
	return true;
}

/* Not even a name: only what needs none can be asked. */
static void look_at_nameless(struct look *l, struct node *self)
{
	unknown(l->busy, "sysfs does not know the device, it may be in use");
	snprintf(self->name, sizeof(self->name), "%u:%u", major(self->dev), minor(self->dev));
	ask_mounts(l, self);
	ask_swaps(l, self);
	ask_exclusive(l, self);
}

/* A partition: the disk, and other partitions of it that overlap, are doors to the same bytes. */
static void look_at_partition(struct look *l, struct node *self, uint64_t start,
			      const char *disk_name)
{
	struct node disk = {0};
	uint64_t sectors;

	snprintf(disk.name, sizeof(disk.name), "%s", disk_name);
	self->shows.start = start * SECTOR;
	l->place.start += self->shows.start;
	if (sys_dev(disk.name, &disk.dev) && sys_number(disk.name, "size", &sectors)) {
		disk.shows.len = sectors * SECTOR;
		ask_disk(l, &disk);
	} else {
		ask_node(l, self);
	}
	ask_exclusive(l, self);
}

static void look_at_device(struct look *l)
{
	struct node self = {.dev = l->dev->dev, .shows = {0, l->dev->size}};
	char disk[NAME_SIZE];
	uint64_t start;

	if (!device_names(self.dev, self.name, disk)) {
		look_at_nameless(l, &self);
		return;
	}
	if (sys_number(self.name, "start", &start)) {
		look_at_partition(l, &self, start, disk);
		return;
	}
	ask_disk(l, &self);
	if (l->dev->base == 0 && l->dev->len == l->dev->size)
		ask_exclusive(l, &self);
}

void busy_look(struct blkdev *dev, struct busy *busy)
{
	struct look l = {.dev = dev, .busy = busy, .place = {dev->base, dev->len}};

	*busy = (struct busy){0};
	if (dev->is_block)
		look_at_device(&l);
	else if (!each_name("/sys/block", take_loop, &l))
		unknown(busy, "sysfs is not there to ask, a loop device may show the image");
}
