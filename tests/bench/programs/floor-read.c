// SPDX-License-Identifier: GPL-2.0-or-later
// Reads once all that the host has allocated of a file, by some threads, and does nothing with it.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE 262144
#define THREADS_MAX 64

static struct piece {
	off_t off;
	size_t len;
} * pieces;
static size_t count;
static atomic_size_t next;
static atomic_int failed;
static int fd;

static void *reader(void *arg)
{
	unsigned char *buf = aligned_alloc(4096, PIECE);

	for (size_t i; buf && (i = atomic_fetch_add(&next, 1)) < count;)
		if (pread(fd, buf, pieces[i].len, pieces[i].off) != (ssize_t)pieces[i].len)
			atomic_store(&failed, 1);
	if (!buf)
		atomic_store(&failed, 1);
	free(buf);
	return arg;
}

/* What is allocated in pieces; its bytes. */
static uint64_t list_pieces(void)
{
	off_t at = 0, stop, size = lseek(fd, 0, SEEK_END);
	uint64_t bytes = 0;
	size_t room = 0;

	while (at < size && (at = lseek(fd, at, SEEK_DATA)) >= 0) {
		for (stop = lseek(fd, at, SEEK_HOLE); at < stop; count++) {
			off_t end = (at / PIECE + 1) * PIECE;

			if (count == room) {
				room = room ? room * 2 : 1024;
				pieces = realloc(pieces, room * sizeof(*pieces));
				if (!pieces)
					exit(1);
			}
			end = end < stop ? end : stop;
			pieces[count] = (struct piece){at, (size_t)(end - at)};
			bytes += (uint64_t)(end - at);
			at = end;
		}
	}
	return bytes;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS_MAX];
	int jobs = argc == 3 ? atoi(argv[1]) : 0, started = 1;
	uint64_t bytes;

	if (jobs < 1 || jobs > THREADS_MAX) {
		fputs("usage: floor-read THREADS FILE\n", stderr);
		return 2;
	}
	fd = open(argv[2], O_RDONLY);
	if (fd < 0) {
		perror(argv[2]);
		return 1;
	}
	bytes = list_pieces();
	for (; started < jobs; started++)
		if (pthread_create(&threads[started], NULL, reader, NULL))
			return 1;
	reader(NULL);
	while (--started)
		pthread_join(threads[started], NULL);
	printf("%" PRIu64 " bytes read\n", bytes);
	return atomic_load(&failed) || close(fd) ? 1 : 0;
}
