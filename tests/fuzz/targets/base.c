// SPDX-License-Identifier: GPL-2.0-or-later
// Loads the bases, and restores them.
#include "base.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define PAGE 4096
#define RAW 512 /* bytes in a stretch of a base that is changed as raw bytes */

static void die(const char *what, const char *name)
{
	fprintf(stderr, "%s %s: ", what, name);
	perror("");
	exit(2);
}

static size_t page_at(const struct base *b, size_t off)
{
	return b->img.len - off < PAGE ? b->img.len - off : PAGE;
}

static void list_raw(struct base *b)
{
	for (size_t off = 0; off < b->img.len; off += RAW) {
		size_t len = b->img.len - off < RAW ? b->img.len - off : RAW;
		struct stretch s = {(uint32_t)off, (uint32_t)len};

		if (!bytes_are_zero(b->whole + off, len) && vec_push(&b->raw, s))
			abort();
	}
}

/* Holes of the file are holes in memory. */
static void copy_in(struct base *b, int from, bool read_only)
{
	uint8_t *whole;

	whole = mmap(NULL, b->img.len, PROT_READ, MAP_PRIVATE, from, 0);
	b->fd = memfd_create(b->name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (whole == MAP_FAILED || b->fd < 0 || ftruncate(b->fd, (off_t)b->img.len))
		die("base", b->name);
	b->whole = whole;
	b->img.data = mmap(NULL, b->img.len, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, 0);
	if (b->img.data == MAP_FAILED)
		die("base", b->name);
	for (size_t off = 0; off < b->img.len; off += PAGE)
		if (!bytes_are_zero(whole + off, page_at(b, off)))
			memcpy(b->img.data + off, whole + off, page_at(b, off));
	if (read_only &&
	    fcntl(b->fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW))
		die("sealing", b->name);
	snprintf(b->path, sizeof(b->path), "/proc/self/fd/%d", b->fd);
}

static void load(struct base_vec *bases, const char *folder, const char *name, bool read_only)
{
	struct base b = {.name = strdup(name), .id = crc32c(~0u, name, strlen(name))};
	char path[4096];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (!b.name || fd < 0 || fstat(fd, &st) || st.st_size > UINT32_MAX)
		die("base", path);
	b.img.len = (size_t)st.st_size;
	copy_in(&b, fd, read_only);
	close(fd);
	b.is_fs = target_find(&b.img);
	list_raw(&b);
	if (!b.raw.count || vec_push(bases, b))
		die("base without a byte", path);
}

void base_load(struct base_vec *bases, const char *folder, const char *prefix, bool read_only)
{
	struct dirent **list;
	int count = scandir(folder, &list, NULL, alphasort);

	if (count < 0)
		die("bases", folder);
	for (int i = 0; i < count; i++) {
		if (list[i]->d_name[0] != '.' && !strncmp(list[i]->d_name, prefix, strlen(prefix)))
			load(bases, folder, list[i]->d_name, read_only);
		free(list[i]);
	}
	free(list);
}

struct base *base_find(const struct base_vec *bases, uint32_t id)
{
	for (size_t i = 0; i < bases->count; i++)
		if (bases->items[i].id == id)
			return &bases->items[i];
	return NULL;
}

void base_restore(struct base *base, const struct stretch_vec *put)
{
	for (size_t i = 0; i < put->count; i++) {
		struct stretch s = put->items[i];

		memcpy(base->img.data + s.off, base->whole + s.off, s.len);
	}
}

static void restore_page(struct base *base, size_t off)
{
	if (memcmp(base->img.data + off, base->whole + off, page_at(base, off)))
		memcpy(base->img.data + off, base->whole + off, page_at(base, off));
}

void base_restore_all(struct base *base)
{
	off_t data = 0, hole;

	/* data that may have become a hole, which SEEK_DATA does not find */
	for (size_t i = 0; i < base->raw.count; i++)
		restore_page(base, base->raw.items[i].off / PAGE * PAGE);
	while ((data = lseek(base->fd, data, SEEK_DATA)) >= 0) {
		hole = lseek(base->fd, data, SEEK_HOLE);
		for (; data < hole; data += PAGE)
			restore_page(base, (size_t)data);
	}
}
