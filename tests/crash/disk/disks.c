// SPDX-License-Identifier: GPL-2.0-or-later
// Disks in memory, their undo stack and their hash.
#include "disks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void die(const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "crash-states: ");
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit(2);
}

static uint8_t *map_memory(int fd, uint64_t size)
{
	uint8_t *mem;

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		die("no memory file: %s", strerror(errno));
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (mem == MAP_FAILED)
		die("no memory: %s", strerror(errno));
	return mem;
}

void disks_load(struct disks *disks, unsigned n, const char *path)
{
	struct disk *disk = &disks->disk[n];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		die("%s: %s", path, strerror(errno));
	disk->size = (uint64_t)st.st_size;
	disk->fd = memfd_create("disk", MFD_CLOEXEC);
	disk->mem = map_memory(disk->fd, disk->size);
	for (uint64_t at = 0; at < disk->size;) {
		ssize_t got = pread(fd, disk->mem + at, disk->size - at, (off_t)at);

		if (got <= 0)
			die("%s: %s", path, got ? strerror(errno) : "shorter than it was");
		at += (uint64_t)got;
	}
	close(fd);
	disk->ignored = calloc(disk->size / SECTOR + 1, 1);
	if (!disk->ignored)
		die("no memory");
	snprintf(disk->path, sizeof(disk->path), "/proc/self/fd/%d", disk->fd);
}

void disks_free(struct disks *disks)
{
	for (unsigned n = 0; n < DISKS; n++) {
		struct disk *disk = &disks->disk[n];

		if (!disk->mem)
			continue;
		munmap(disk->mem, disk->size);
		close(disk->fd);
		free(disk->ignored);
	}
	free(disks->undos);
	free(disks->saved);
	*disks = (struct disks){.hash = 0};
}

void disks_store(const struct disks *disks, unsigned n, const char *path)
{
	const struct disk *disk = &disks->disk[n];
	FILE *f = fopen(path, "we");

	if (!f || fwrite(disk->mem, 1, disk->size, f) != disk->size || fclose(f))
		die("%s: %s", path, strerror(errno));
}

int disks_copy(const struct disk *disk, uint8_t **mem)
{
	int fd = memfd_create("copy", 0); /* the tools that judge it inherit it */

	*mem = map_memory(fd, disk->size);
	memcpy(*mem, disk->mem, disk->size);
	return fd;
}

void disks_ignore(struct disks *disks, unsigned n, uint64_t off, uint64_t len)
{
	memset(disks->disk[n].ignored + off / SECTOR, 1, len / SECTOR);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t low, cross, high;

	/* both halves of the product of 128 bits, which not every compiler has a type for */
	a ^= 0x9e3779b97f4a7c15u;
	b ^= 0xd1b54a32d192ed03u;
	low = (a & UINT32_MAX) * (b & UINT32_MAX);
	cross = (a >> 32) * (b & UINT32_MAX) + (low >> 32);
	high = (a >> 32) * (b >> 32) + (cross >> 32);
	cross = (cross & UINT32_MAX) + (a & UINT32_MAX) * (b >> 32);
	high += cross >> 32;
	return (a * b) ^ high;
}

static uint64_t sector_hash(const struct disks *disks, unsigned n, uint64_t sector)
{
	const uint8_t *p = disks->disk[n].mem + sector * SECTOR;
	uint64_t hash = mix(sector + 1, n + 1), word, other;

	for (unsigned i = 0; i < SECTOR; i += 16) {
		memcpy(&word, p + i, 8);
		memcpy(&other, p + i + 8, 8);
		hash = mix(hash ^ word, other + i);
	}
	return hash;
}

/* Take the sectors of a range into the hash, or out of it: the same thing. */
static void toggle(struct disks *disks, unsigned n, uint64_t off, size_t len)
{
	for (uint64_t s = off / SECTOR; s * SECTOR < off + len; s++) {
		uint64_t hash = sector_hash(disks, n, s);

		disks->hash ^= hash;
		if (!disks->disk[n].ignored[s])
			disks->content ^= hash;
	}
}

static void *grown(void *p, size_t want, size_t *room, size_t size)
{
	if (want <= *room)
		return p;
	*room = want * 2;
	p = realloc(p, *room * size);
	if (!p)
		die("no memory");
	return p;
}

static void save(struct disks *disks, unsigned n, uint64_t off, size_t len)
{
	const struct disk *disk = &disks->disk[n];

	if (n >= DISKS || !disk->mem || off > disk->size || len > disk->size - off)
		die("a write outside disk %u: %zu bytes at %llu", n, len, (unsigned long long)off);
	disks->undos = grown(disks->undos, disks->undo_count + 1, &disks->undo_room,
			     sizeof(*disks->undos));
	disks->saved = grown(disks->saved, disks->saved_len + len, &disks->saved_room, 1);
	disks->undos[disks->undo_count++] = (struct undo){
		n, off, len, disks->saved_len, disks->hash, disks->content,
	};
	memcpy(disks->saved + disks->saved_len, disk->mem + off, len);
	disks->saved_len += len;
}

void disks_write(struct disks *disks, unsigned n, uint64_t off, size_t len, const void *data)
{
	save(disks, n, off, len);
	toggle(disks, n, off, len);
	if (data)
		memcpy(disks->disk[n].mem + off, data, len);
	else
		memset(disks->disk[n].mem + off, 0, len);
	toggle(disks, n, off, len);
}

void disks_will_write(struct disks *disks, unsigned n, uint64_t off, size_t len, const void *data)
{
	/* that it is written twice does no harm */
	disks_write(disks, n, off, len, data);
}

size_t disks_mark(const struct disks *disks)
{
	return disks->undo_count;
}

void disks_rewind(struct disks *disks, size_t mark)
{
	while (disks->undo_count > mark) {
		const struct undo *undo = &disks->undos[--disks->undo_count];

		memcpy(disks->disk[undo->disk].mem + undo->off, disks->saved + undo->at, undo->len);
		disks->hash = undo->hash;
		disks->content = undo->content;
		disks->saved_len = undo->at;
	}
}

void disks_settle(struct disks *disks)
{
	disks->undo_count = disks->saved_len = 0;
}
