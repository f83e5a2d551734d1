// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * File systems that a process serves from the image.
 *
 * Their mount has no device number, only a source: the word that the process gave, which fuse2fs
 * takes from its command line. A path is followed. A relative one is relative to a directory that
 * nobody knows: then the name has to be the same, and the numbers of the file system that the mount
 * shows. A process that has both /dev/fuse and the image open serves it under whatever name, in
 * whatever mount namespace.
 */
#include "busy/fuse.h"

#include "base/cleanup.h"
#include "busy/twin.h"
#include "format/super.h"
#include "io/host_stat.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FUSE_RDEV makedev(10, 229) /* /dev/fuse, whatever it is called */
#define PID_SIZE 17

static bool is_door(const struct doors *doors, const struct stat *st)
{
	struct carrier c;

	if (!carrier_of_stat(st, &c))
		return false;
	for (size_t i = 0; i < doors->count; i++)
		if (carrier_same(&doors->items[i].is, &c))
			return true;
	return false;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The given file under other numbers, as overlayfs gives: the same inode number and content. */
static bool is_twin(struct blkdev *dev, const struct doors *doors, const struct mounts *mounts,
		    const char *source, const struct stat *st)
{
	const struct door *given = &doors->items[0];
	AUTO_CLOSE int fd = -1;

	if (given->is.is_block || !S_ISREG(st->st_mode) || st->st_dev == given->is.dev ||
	    st->st_ino != given->is.ino || (uint64_t)st->st_size != given->is.size ||
	    mounts_keep_apart(mounts, st->st_dev, given->is.dev))
		return false;
	fd = open(source, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return twin_compare(dev, fd, given->place.start) == TWIN_ALIKE;
}

/* The mount shows as many inodes, in blocks of the same size. 0 no, 1 yes, -1 it cannot be asked.
 */
static int same_numbers(struct blkdev *dev, const struct mount *mount)
{
	struct ext2_super_block sb;
	struct statfs fs;
	uint32_t log;

	if (statfs(mount->point, &fs) < 0 || blkdev_read(dev, SUPER_OFFSET, sizeof(sb), &sb))
		return -1;
	/* it was not validated yet */
	log = ext2fs_le32_to_cpu(sb.s_log_block_size);
	return log <= EXT2_MAX_BLOCK_LOG_SIZE - EXT2_MIN_BLOCK_LOG_SIZE &&
	       (uint64_t)fs.f_files == ext2fs_le32_to_cpu(sb.s_inodes_count) &&
	       (uint64_t)fs.f_bsize == (uint64_t)EXT2_MIN_BLOCK_SIZE << log;
}

/* ---- who serves it ---- */

/* What a process has open. */
struct server {
	bool fuse;
	bool image;    /* one of the doors */
	bool namesake; /* another file, of the name that is looked for */
};

/* WHERE is a descriptor in /proc; the name that it was opened by, without its folders. */
static bool is_called(int dir, const char *where, const char *name)
{
	char target[HOST_PATH_SIZE];
	ssize_t len = readlinkat(dir, where, target, sizeof(target) - 1);

	if (len <= 0)
		return false;
	target[len] = '\0';
	return !strcmp(base_name(target), name);
}

static struct server ask_process(const struct doors *doors, const char *folder, const char *name)
{
	struct server server = {.fuse = false};
	const struct dirent *entry;
	DIR *dir = opendir(folder);

	while (dir && (entry = readdir(dir))) {
		struct stat st;

		if (entry->d_name[0] == '.' || host_peek(dirfd(dir), entry->d_name, &st) < 0)
			continue;
		server.fuse |= S_ISCHR(st.st_mode) && st.st_rdev == FUSE_RDEV;
		server.image |= is_door(doors, &st);
		server.namesake |= name && is_called(dirfd(dir), entry->d_name, name);
	}
	if (dir)
		closedir(dir);
	return server;
}

/*
 * The first process that serves the image: its number in PID. *ELSEWHERE: there is none, but one
 * that serves another file called NAME.
 */
static bool find_server(const struct host *host, const struct doors *doors, const char *name,
			char *pid, bool *elsewhere)
{
	const struct dirent *entry;
	bool found = false;
	DIR *dir = opendir(host->proc);

	while (dir && !found && (entry = readdir(dir))) {
		char folder[HOST_PATH_SIZE];
		struct server server;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(folder, sizeof(folder), "%s/%.16s/fd", host->proc, entry->d_name);
		server = ask_process(doors, folder, name);
		found = server.fuse && server.image;
		*elsewhere |= server.fuse && server.namesake;
		if (found)
			snprintf(pid, PID_SIZE, "%.16s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	*elsewhere &= !found;
	return found;
}

/* ---- mounts ---- */

static bool is_named_so(const struct host *host, struct blkdev *dev, struct doors *doors,
			const struct mount *mount)
{
	const char *name = base_name(mount->source);
	bool named = !strcmp(name, base_name(dev->path)), elsewhere = false;
	char pid[PID_SIZE];
	int same;

	for (size_t i = 0; i < doors->count && !named; i++)
		named = *doors->items[i].name && !strcmp(name, doors->items[i].name);
	if (!named)
		return false;
	/* it is another one that is served: its server is not asked, it need not answer */
	if (!find_server(host, doors, name, pid, &elsewhere) && elsewhere)
		return false;
	same = same_numbers(dev, mount);
	if (same < 0)
		doors_doubt(doors,
			    "cannot determine whether the FUSE mount of \"%.80s\" on %.80s shows "
			    "this image",
			    mount->source, mount->point);
	return same > 0;
}

static bool shows(const struct host *host, struct blkdev *dev, struct doors *doors,
		  const struct mounts *mounts, const struct mount *mount)
{
	struct stat st;

	if (!mount_is_fuse(mount))
		return false;
	if (mount->source[0] != '/')
		return is_named_so(host, dev, doors, mount);
	return host_stat(mount->source, &st) == 0 &&
	       (is_door(doors, &st) || is_twin(dev, doors, mounts, mount->source, &st));
}

const struct mount *fuse_find_mount(const struct host *host, struct blkdev *dev,
				    struct doors *doors, const struct mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (shows(host, dev, doors, mounts, &mounts->items[i]))
			return &mounts->items[i];
	return NULL;
}

/* ---- without a mount of ours ---- */

static void name_process(const struct host *host, const char *pid, char *who)
{
	AUTO_FREE char *name = NULL;
	char leaf[64];

	snprintf(leaf, sizeof(leaf), "%.16s/comm", pid);
	name = host_proc(host, leaf);
	if (name)
		name[strcspn(name, "\n")] = '\0';
	snprintf(who, FUSE_WHO_SIZE, "process %.16s (%.63s)", pid, name ? name : "");
}

/* A mount that needs no device of its own has one of the numbers 0:N, in whatever namespace. */
static void take_bdi(void *arg, const char *name)
{
	bool *served = arg;

	*served |= !strncmp(name, "0:", 2) || strstr(name, "fuse");
}

/* All processes need to be looked at only where any FUSE mount is. */
static bool can_be_served(const struct host *host)
{
	bool served = false;

	return !host_each(host, "class/bdi", take_bdi, &served) || served;
}

bool fuse_find_server(const struct host *host, const struct doors *doors, char *who)
{
	bool elsewhere = false;
	char pid[PID_SIZE];

	if (!can_be_served(host) || !find_server(host, doors, NULL, pid, &elsewhere))
		return false;
	name_process(host, pid, who);
	return true;
}
