// SPDX-License-Identifier: GPL-2.0-or-later
// file/nearby: whatever the places of the leaves, each is the block that was asked for.
#include "device/hostfile.h"
#include "file/nearby.h"

#include "../check.h"
#include "../random.h"
#include "format/node.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BS 1024
#define BLOCKS 4096
#define CHILDREN 84

static uint8_t disk[BLOCKS][BS];
static struct e4z_image img;

/* Fill every block with its number and STAMP, and write them out. */
static void fill(uint32_t stamp)
{
	for (uint32_t i = 0; i < BLOCKS; i++)
		for (size_t at = 0; at < BS; at += 8) {
			put_le32(disk[i] + at, i);
			put_le32(disk[i] + at + 4, stamp);
		}
	CHECK(pwrite(img.dev->fd, disk, sizeof(disk), 0) == (ssize_t)sizeof(disk));
}

static void make_index(uint8_t *index, const uint32_t *places)
{
	node_header(index, CHILDREN, CHILDREN, 1);
	for (uint32_t i = 0; i < CHILDREN; i++)
		node_index(node_entry(index, i), i * 10, places[i]);
}

/* Read all children of INDEX; those from END on cannot be read. The blocks that this took. */
static uint64_t read_all(struct nearby *nearby, const uint8_t *index, uint64_t end)
{
	uint64_t before = img.dev->bytes_read;
	uint8_t buf[BS];

	nearby_begin(nearby, index);
	for (unsigned i = 0; i < CHILDREN; i++) {
		uint64_t pblk = node_child(index, i);
		const uint8_t *got = nearby_child(&img, nearby, index, i, buf);

		CHECK(!got == (pblk >= end));
		CHECK(!got || !memcmp(got, disk[pblk], BS));
	}
	return (img.dev->bytes_read - before) / BS;
}

/* Three rows side by side, as an allocator leaves them. */
static void rows(uint32_t *places)
{
	for (uint32_t i = 0; i < CHILDREN; i++)
		places[i] = 1000 + i % 3 * (CHILDREN / 3) + i / 3;
}

static void scattered(uint32_t *places, uint32_t *state)
{
	uint32_t range = 1 + next_random(state) % (BLOCKS - 1);

	for (uint32_t i = 0; i < CHILDREN; i++)
		places[i] = BLOCKS - 1 - next_random(state) % range;
}

static void test_rows(void)
{
	uint8_t index[BS];
	uint32_t places[CHILDREN];
	struct nearby nearby = {0};

	rows(places);
	make_index(index, places);
	/* not a block is read twice, nor one too many */
	CHECK(read_all(&nearby, index, BLOCKS) == CHILDREN);
	CHECK(nearby.stretch[0].len > 1);
	CHECK(read_all(&nearby, index, BLOCKS) == 0);
	fill(7);
	nearby_forget(&nearby);
	CHECK(read_all(&nearby, index, BLOCKS) == CHILDREN);
	nearby_free(&nearby);
}

static void test_scattered(void)
{
	uint8_t index[BS];
	uint32_t places[CHILDREN], state = 5;
	struct nearby nearby = {0};

	for (unsigned round = 0; round < 500; round++) {
		scattered(places, &state);
		make_index(index, places);
		CHECK(read_all(&nearby, index, BLOCKS) <= 4 * CHILDREN);
	}
	nearby_free(&nearby);
}

/* The end of the image is missing: what is there is read anyway. */
static void test_unreadable(void)
{
	uint8_t index[BS];
	uint32_t places[CHILDREN], state = 9;
	struct nearby nearby = {0};

	for (uint32_t end = 1100; end > 990; end--) {
		CHECK(ftruncate(img.dev->fd, (off_t)end * BS) == 0);
		nearby_forget(&nearby);
		rows(places);
		make_index(index, places);
		read_all(&nearby, index, end);
		nearby_forget(&nearby);
		scattered(places, &state);
		make_index(index, places);
		read_all(&nearby, index, end);
	}
	nearby_free(&nearby);
}

int main(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	CHECK(snprintf(path, sizeof(path), "%s/e4zero-test-nearby-XXXXXX", dir ? dir : "/tmp") <
	      (int)sizeof(path));
	fd = mkstemp(path);
	CHECK(fd >= 0 && ftruncate(fd, sizeof(disk)) == 0);
	CHECK(hostfile_open(path, &img.dev) == 0);
	unlink(path);
	/* the library opens for reading only; the test writes through the same number */
	CHECK(dup2(fd, img.dev->fd) >= 0 && close(fd) == 0);
	CHECK(capture_new(img.dev, BS, &img.view) == 0);
	img.block_size = BS;
	img.blocks = BLOCKS;
	fill(1);
	test_rows();
	test_scattered();
	test_unreadable();
	capture_free(img.view);
	blkdev_close(img.dev);
	return 0;
}
