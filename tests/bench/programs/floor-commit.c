// SPDX-License-Identifier: GPL-2.0-or-later
// The floor of a commit: the same bytes at the same places with the same barriers, nothing else.
/*
 *   floor-commit IMAGE PLACES
 *
 * PLACES is what "metadata places" prints. Places next to each other are written at once. The image
 * is no file system any more afterwards.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PIECE (1u << 20)

static uint64_t written, barriers;

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "floor-commit: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void put(int fd, const char *bytes, uint64_t off, uint64_t len)
{
	if (len && pwrite(fd, bytes, len, (off_t)off) != (ssize_t)len)
		die("write");
	written += len;
}

static void barrier(int fd)
{
	if (fdatasync(fd))
		die("barrier");
	barriers++;
}

int main(int argc, char **argv)
{
	unsigned long long off, len;
	uint64_t from = 0, to = 0;
	double begin;
	char line[80], *bytes = malloc(PIECE);
	FILE *places = argc == 3 ? fopen(argv[2], "r") : NULL;
	int fd = argc == 3 ? open(argv[1], O_RDWR) : -1;

	if (!places || fd < 0 || !bytes)
		die("usage: floor-commit IMAGE PLACES");
	memset(bytes, 0x5a, PIECE);
	begin = now();
	while (fgets(line, sizeof(line), places)) {
		bool place = sscanf(line, "%llu %llu", &off, &len) == 2;

		if (place && len <= PIECE && off == to && to - from + len <= PIECE) {
			to += len;
			continue;
		}
		put(fd, bytes, from, to - from);
		from = to = 0;
		if (place && len <= PIECE) {
			from = off;
			to = off + len;
		} else if (line[0] == '|') {
			barrier(fd);
		} else {
			die("no place");
		}
	}
	if (to > from || fclose(places) || close(fd))
		die("the end");
	printf("wrote %llu bytes in %llu barriers, took %.6f s\n", (unsigned long long)written,
	       (unsigned long long)barriers, now() - begin);
	free(bytes);
	return fflush(stdout) ? 1 : 0;
}
