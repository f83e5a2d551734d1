// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random maps against an array of bytes: every kind of piece, cut anywhere, read by one thread and
 * by several; what is said about data, and what is opened when.
 */
#include "../check.h"
#include "../random.h"
#include "device/hostfile.h"
#include "device/mapped.h"
#include "errors.h"
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECES 40
#define PIECE_MAX 9000u
#define IMAGE_MAX (PIECES * PIECE_MAX)
#define FILE_SIZE (1u << 20)
#define ROUNDS 300
#define THREADS 4

static uint8_t model[IMAGE_MAX], contents[FILE_SIZE], rest_bytes[IMAGE_MAX];
static uint64_t size;
static uint32_t state = 20260101;

static uint32_t below(uint32_t limit)
{
	return next_random(&state) % limit;
}

static int memory_file(const void *bytes, size_t len)
{
	int fd = memfd_create("mapped", MFD_CLOEXEC);

	if (fd < 0) {
		fprintf(stderr, "test-mapped: SKIP: no memory file: %s\n", strerror(errno));
		exit(77);
	}
	CHECK(pwrite(fd, bytes, len, 0) == (ssize_t)len);
	return fd;
}

/* ---- the rest: a memory file that has the bytes of the model there ---- */

struct rest {
	uint64_t size;
	unsigned opened, freed;
	errcode_t fails;
};

static errcode_t open_rest(void *arg, struct blkdev **dev, char *why, size_t why_size)
{
	struct rest *rest = arg;
	char path[64];
	int fd;
	errcode_t err;

	rest->opened++;
	*dev = NULL;
	snprintf(why, why_size, "no server");
	if (rest->fails)
		return rest->fails;
	fd = memory_file(rest_bytes, (size_t)rest->size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = hostfile_open(path, dev);
	close(fd);
	return err;
}

static void free_rest(void *arg)
{
	((struct rest *)arg)->freed++;
}

/* ---- maps ---- */

static void model_piece(enum mapped_kind kind, uint64_t len, uint64_t off, uint32_t fill)
{
	uint8_t *to = model + size;

	memset(rest_bytes + size, 0xee, (size_t)len);
	if (kind == MAPPED_ZERO)
		memset(to, 0, (size_t)len);
	else if (kind == MAPPED_FILE)
		memcpy(to, contents + off, (size_t)len);
	else
		for (size_t i = 0; i < len; i++)
			to[i] = kind == MAPPED_FILL ? ((const uint8_t *)&fill)[i % 4]
						    : (uint8_t)next_random(&state);
	if (kind == MAPPED_REST)
		memcpy(rest_bytes + size, to, (size_t)len);
	size += len;
}

/* KINDS: of the first so many kinds. */
static struct mapped_list make_map(unsigned kinds)
{
	struct mapped_list list = {.items = NULL};

	size = 0;
	for (unsigned n = 1 + below(PIECES); n; n--) {
		enum mapped_kind kind = (enum mapped_kind)below(kinds);
		uint64_t len = 1 + below(PIECE_MAX), off = below(FILE_SIZE - PIECE_MAX);
		uint32_t fill = next_random(&state);

		CHECK(mapped_add(&list, kind, len, off, fill) == 0);
		model_piece(kind, len, off, fill);
	}
	return list;
}

static struct blkdev *open_map(unsigned kinds, struct rest *rest)
{
	const struct mapped_rest how = {open_rest, free_rest, rest};
	struct mapped_list list = make_map(kinds);
	struct blkdev *dev;

	rest->size = size;
	CHECK(mapped_open("a/map", memory_file(contents, sizeof(contents)), list.items, list.count,
			  &how, &dev) == 0);
	CHECK(dev->size == size && dev->len == size && !dev->writable && !blkdev_is_host(dev));
	CHECK(dev->ino && !dev->is_block && !strcmp(dev->path, "a/map"));
	return dev;
}

/* ---- reading ---- */

static void read_somewhere(struct blkdev *dev, uint32_t *seed)
{
	uint64_t off = next_random(seed) % (size + 1);
	size_t len = (size_t)(next_random(seed) % (size - off + 1));
	uint8_t *buf = malloc(len + 1);

	CHECK(buf);
	buf[len] = 0x5a;
	CHECK(blkdev_read(dev, off, len, buf) == 0);
	CHECK(!memcmp(buf, model + off, len) && buf[len] == 0x5a);
	memset(buf, 0x11, len);
	if (blkdev_read_cached(dev, off, len, buf))
		CHECK(!memcmp(buf, model + off, len) && buf[len] == 0x5a);
	blkdev_will_need(dev, off, len);
	blkdev_forget(dev, off, len);
	free(buf);
}

struct reader {
	pthread_t thread;
	struct blkdev *dev;
	uint32_t seed;
};

static void *read_by_thread(void *arg)
{
	struct reader *reader = arg;

	for (int i = 0; i < 50; i++)
		read_somewhere(reader->dev, &reader->seed);
	return NULL;
}

/* All that is not told as data is zero, in ascending order, up to the end. */
static void walk_data(struct blkdev *dev)
{
	uint64_t off = 0, start, end;

	while (off < size) {
		blkdev_next_data(dev, off, &start, &end);
		CHECK(start >= off && end >= start && end <= size);
		CHECK(start == size || end > start);
		for (; off < start; off++)
			CHECK(!model[off]);
		off = end;
	}
}

static void test_random(unsigned kinds)
{
	struct reader reader[THREADS];
	struct rest rest = {.opened = 0};
	struct blkdev *dev = open_map(kinds, &rest);
	uint8_t byte;

	for (int i = 0; i < THREADS; i++) {
		reader[i] = (struct reader){.dev = dev, .seed = next_random(&state)};
		CHECK(pthread_create(&reader[i].thread, NULL, read_by_thread, &reader[i]) == 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(reader[i].thread, NULL);
	walk_data(dev);
	CHECK(blkdev_read(dev, size, 1, &byte) == E4Z_ET_CLIPPED);
	CHECK(blkdev_make_writable(dev) == EROFS);
	CHECK(rest.opened <= 1 && (kinds > MAPPED_REST || !rest.opened) && !rest.freed);
	blkdev_close(dev);
	CHECK(rest.freed == 1);
}

/* ---- holes ---- */

static void test_holes(void)
{
	static const uint64_t mib = 1 << 20;
	struct mapped_list list = {.items = NULL};
	int fd = memory_file("", 0);
	uint64_t start, end;
	struct blkdev *dev;

	/* the file has data from 1 MiB to 2 MiB and a hole after it */
	CHECK(ftruncate(fd, 4 << 20) == 0);
	CHECK(pwrite(fd, contents, mib, (off_t)mib) == (ssize_t)mib);
	CHECK(!mapped_add(&list, MAPPED_ZERO, 5 * mib, 0, 0));
	CHECK(!mapped_add(&list, MAPPED_FILE, 4 * mib, 0, 0));
	CHECK(!mapped_add(&list, MAPPED_FILL, 1 * mib, 0, 7));
	CHECK(!mapped_add(&list, MAPPED_ZERO, 1ULL << 50, 0, 0));
	CHECK(!mapped_open("map", fd, list.items, list.count, NULL, &dev));
	blkdev_next_data(dev, 0, &start, &end);
	CHECK(start == 6 * mib && end == 7 * mib);
	blkdev_next_data(dev, 7 * mib, &start, &end);
	CHECK(start == 9 * mib && end == 10 * mib);
	blkdev_next_data(dev, 10 * mib + 1, &start, &end);
	CHECK(start == dev->size && end == dev->size);
	/* a partition */
	CHECK(!blkdev_set_place(dev, 6 * mib + 100, 2 * mib));
	blkdev_next_data(dev, 0, &start, &end);
	CHECK(start == 0 && end == mib - 100);
	blkdev_next_data(dev, end, &start, &end);
	CHECK(start == 2 * mib && end == 2 * mib);
	blkdev_close(dev);
}

/* ---- making maps ---- */

static void test_merge(void)
{
	struct mapped_list list = {.items = NULL};

	CHECK(!mapped_add(&list, MAPPED_FILE, 10, 5, 0) &&
	      !mapped_add(&list, MAPPED_FILE, 0, 0, 0));
	CHECK(!mapped_add(&list, MAPPED_FILE, 10, 15, 0) && list.count == 1);
	CHECK(!mapped_add(&list, MAPPED_FILE, 10, 5, 0) && list.count == 2);
	CHECK(!mapped_add(&list, MAPPED_FILL, 6, 0, 7) && list.count == 3);
	CHECK(!mapped_add(&list, MAPPED_FILL, 6, 0, 7) && list.count == 4);
	CHECK(!mapped_add(&list, MAPPED_ZERO, 4, 0, 0) && !mapped_add(&list, MAPPED_ZERO, 4, 9, 9));
	CHECK(list.count == 5 && list.items[4].at == 42 && list.items[4].len == 8);
	CHECK(mapped_add(&list, MAPPED_FILE, 1, INT64_MAX, 0) == EFBIG);
	CHECK(mapped_add(&list, MAPPED_ZERO, INT64_MAX, 0, 0) == EFBIG);
	CHECK(mapped_add(&list, MAPPED_ZERO, UINT64_MAX, 0, 0) == EFBIG);
	while (list.count < MAPPED_PIECES_MAX)
		CHECK(!mapped_add(&list, MAPPED_FILL, 1, 0, (uint32_t)list.count));
	CHECK(mapped_add(&list, MAPPED_ZERO, 1, 0, 0) == E2BIG);
	vec_free(&list);
}

/* ---- failures ---- */

static struct blkdev *open_halves(struct rest *rest, int fd)
{
	const struct mapped_rest how = {open_rest, free_rest, rest};
	struct mapped_list list = {.items = NULL};
	struct blkdev *dev;

	CHECK(!mapped_add(&list, MAPPED_REST, 512, 0, 0) &&
	      !mapped_add(&list, MAPPED_FILE, 512, FILE_SIZE - 512, 0));
	CHECK(!mapped_open("map", fd, list.items, list.count, &how, &dev));
	return dev;
}

static void test_failures(void)
{
	struct rest broken = {.size = 1024, .fails = ECONNRESET}, other = {.size = 1023};
	int fd = memory_file(contents, sizeof(contents));
	struct blkdev *dev = open_halves(&broken, fd);
	uint8_t buf[1024];

	CHECK(blkdev_read(dev, 512, 512, buf) == 0 && !broken.opened);
	CHECK(blkdev_read(dev, 511, 2, buf) == ECONNRESET);
	CHECK(blkdev_read(dev, 511, 2, buf) == ECONNRESET && broken.opened == 1);
	CHECK(!blkdev_read_cached(dev, 0, 1, buf));
	CHECK(blkdev_read(dev, 512, 512, buf) == 0);
	/* the file becomes shorter */
	CHECK(ftruncate(fd, FILE_SIZE - 1) == 0);
	CHECK(blkdev_read(dev, 512, 512, buf) == E4Z_ET_SHORT_READ);
	CHECK(!blkdev_read_cached(dev, 512, 512, buf));
	blkdev_close(dev);
	CHECK(broken.freed == 1);
	dev = open_halves(&other, memory_file(contents, sizeof(contents)));
	CHECK(blkdev_read(dev, 0, 1, buf) == EIO && other.opened == 1);
	blkdev_close(dev);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(contents); i++)
		contents[i] = (uint8_t)next_random(&state);
	for (int i = 0; i < ROUNDS; i++)
		test_random(1 + (unsigned)i % (MAPPED_REST + 1));
	test_holes();
	test_merge();
	test_failures();
	return 0;
}
