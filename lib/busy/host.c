// SPDX-License-Identifier: GPL-2.0-or-later
/* What this host's sysfs and /proc say of block devices. */
#include "busy/host.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Of most files in /proc one read gives all. */
#define PROC_ROOM 4096

const struct host host_here = {.sys = "/sys", .proc = "/proc"};

/* sysfs gives all of a file to one read. */
bool host_line(const struct host *host, const char *name, const char *leaf, char *line, size_t size)
{
	char path[HOST_PATH_SIZE];
	AUTO_CLOSE int fd = -1;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/class/block/%s/%s", host->sys, name, leaf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, line, size - 1);
	if (len <= 0)
		return false;
	line[len] = '\0';
	*strchrnul(line, '\n') = '\0';
	return true;
}

bool host_number(const struct host *host, const char *name, const char *leaf, uint64_t *value)
{
	char line[64], *end;

	if (!host_line(host, name, leaf, line, sizeof(line)))
		return false;
	errno = 0;
	*value = strtoull(line, &end, 10);
	return end != line && !errno;
}

bool host_dev(const struct host *host, const char *name, dev_t *dev)
{
	char line[64];

	return host_line(host, name, "dev", line, sizeof(line)) && host_parse_dev(line, dev);
}

bool host_parse_dev(const char *text, dev_t *dev)
{
	char *colon, *end;
	unsigned long major_no = strtoul(text, &colon, 10), minor_no;

	if (colon == text || *colon != ':')
		return false;
	minor_no = strtoul(colon + 1, &end, 10);
	*dev = makedev(major_no, minor_no);
	return end != colon + 1;
}

uint64_t host_size(const struct host *host, const char *name)
{
	uint64_t sectors, bytes;

	return host_number(host, name, "size", &sectors) && bytes_mul(sectors, SECTOR, &bytes)
		       ? bytes
		       : 0;
}

bool host_exists(const struct host *host, const char *name, const char *leaf)
{
	char path[HOST_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/class/block/%s/%s", host->sys, name, leaf);
	return access(path, F_OK) == 0;
}

bool host_names(const struct host *host, dev_t dev, char *name, char *disk)
{
	char link[HOST_PATH_SIZE], target[HOST_PATH_SIZE];
	ssize_t len;
	char *last;

	snprintf(link, sizeof(link), "%s/dev/block/%u:%u", host->sys, major(dev), minor(dev));
	len = readlink(link, target, sizeof(target) - 1);
	if (len <= 0)
		return false;
	target[len] = '\0';
	last = strrchr(target, '/');
	if (!last)
		return false;
	snprintf(name, HOST_NAME_SIZE, "%.*s", HOST_NAME_SIZE - 1, last + 1);
	*disk = '\0';
	if (!host_exists(host, name, "partition"))
		return true;
	*last = '\0';
	last = strrchr(target, '/');
	snprintf(disk, HOST_NAME_SIZE, "%.*s", HOST_NAME_SIZE - 1, last ? last + 1 : "");
	return true;
}

bool host_each(const struct host *host, const char *leaf, void (*each)(void *arg, const char *name),
	       void *arg)
{
	char path[HOST_PATH_SIZE];
	const struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", host->sys, leaf);
	dir = opendir(path);
	if (!dir)
		return false;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < HOST_NAME_SIZE)
			each(arg, entry->d_name);
	closedir(dir);
	return true;
}

char *host_proc(const struct host *host, const char *leaf)
{
	char path[HOST_PATH_SIZE], *text = NULL;
	size_t len = 0, room = 0;
	AUTO_CLOSE int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", host->proc, leaf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	do {
		char *more = text;

		if (len + 1 >= room)
			more = realloc(text, room = room ? 2 * room : PROC_ROOM);
		n = fd < 0 || !more ? -1 : read(fd, more + len, room - len - 1);
		text = more ? more : text;
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	if (n < 0) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

void host_node(const char *name, char *path, size_t size)
{
	snprintf(path, size, "/dev/%s", name);
	for (char *c = path; *c; c++)
		if (*c == '!')
			*c = '/';
}

void host_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}
