// SPDX-License-Identifier: GPL-2.0-or-later
// Makes a file of stripes, unwritten and written in turn, on a mounted ext4 and lists its place.
/*
 * SIZE bytes are preallocated and every second stripe of STRIPE bytes is written with zeros, the
 * last one too; then the size becomes SIZE - SHORT. TAILS gets a line "offset length" of the tail,
 * RUNS those of all other blocks, so that the caller can punch them out of the image file. Offsets
 * are those of the device.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BS 4096u
#define BATCH 4096u
#define PASSES 3u

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "stripes: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* In three passes, so that full nodes are split as in an aged file: the tree's depth of 3. */
static void write_stripes(int fd, uint64_t size, uint64_t stripe)
{
	void *zeros = calloc(1, stripe);

	if (!zeros)
		die("memory");
	for (unsigned int pass = 0; pass < PASSES; pass++) {
		for (uint64_t off = (1 + 2 * pass) * stripe; off < size; off += 2 * PASSES * stripe)
			if (pwrite(fd, zeros, stripe, (off_t)off) != (ssize_t)stripe)
				die("write");
		if (fsync(fd))
			die("sync");
	}
	free(zeros);
}

/* Physically adjacent extents become one line; the block that holds EOF is kept out of it. */
static uint64_t list_runs(int fd, uint64_t size, FILE *runs, FILE *tails)
{
	struct fiemap *map = calloc(1, sizeof(*map) + BATCH * sizeof(struct fiemap_extent));
	uint64_t eof = size / BS * BS, extents = 0, from = 0, to = 0, at = 0;

	if (!map)
		die("memory");
	for (;;) {
		map->fm_start = at;
		map->fm_length = FIEMAP_MAX_OFFSET - at;
		map->fm_extent_count = BATCH;
		if (ioctl(fd, FS_IOC_FIEMAP, map))
			die("map");
		if (!map->fm_mapped_extents)
			break;
		for (unsigned int i = 0; i < map->fm_mapped_extents; i++) {
			const struct fiemap_extent *e = &map->fm_extents[i];
			uint64_t len = e->fe_length;

			extents++;
			at = e->fe_logical + e->fe_length;
			if (e->fe_logical <= eof && at > eof) {
				uint64_t place = e->fe_physical + eof - e->fe_logical;

				if ((e->fe_flags & FIEMAP_EXTENT_UNWRITTEN) || at != eof + BS) {
					errno = EINVAL;
					die("the last stripe");
				}
				fprintf(tails, "%llu %llu\n",
					(unsigned long long)(place + size - eof),
					(unsigned long long)(eof + BS - size));
				len -= BS;
			}
			if (e->fe_physical != to) {
				if (to > from)
					fprintf(runs, "%llu %llu\n", (unsigned long long)from,
						(unsigned long long)(to - from));
				from = e->fe_physical;
			}
			to = e->fe_physical + len;
		}
	}
	if (to > from)
		fprintf(runs, "%llu %llu\n", (unsigned long long)from,
			(unsigned long long)(to - from));
	free(map);
	return extents;
}

int main(int argc, char **argv)
{
	uint64_t size, stripe, extents;
	FILE *tails, *runs;
	int fd;

	if (argc != 7) {
		fputs("usage: stripes FILE SIZE STRIPE SHORT TAILS RUNS\n", stderr);
		return 2;
	}
	size = strtoull(argv[2], NULL, 10);
	stripe = strtoull(argv[3], NULL, 10);
	fd = open(argv[1], O_RDWR | O_CREAT | O_EXCL, 0644);
	tails = fopen(argv[5], "w");
	runs = fopen(argv[6], "w");
	if (fd < 0 || !tails || !runs)
		die("open");
	if (fallocate(fd, 0, 0, (off_t)size))
		die("fallocate");
	write_stripes(fd, size, stripe);
	size -= strtoull(argv[4], NULL, 10);
	if (ftruncate(fd, (off_t)size) || syncfs(fd))
		die("truncate");
	extents = list_runs(fd, size, runs, tails);
	if (fclose(tails) || fclose(runs))
		die("lists");
	printf("\"files\": 1, \"tails\": 1, \"stale\": 1, \"extents\": %llu\n",
	       (unsigned long long)extents);
	return fflush(stdout) ? 1 : 0;
}
