// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A glimpse has nothing but bytes of the image at their places, and those that libblkid reads:
 * signatures at both ends of the range, tables, and what they point to. What cannot be read is
 * zero.
 */
#include "../memory.h"
#include "../random.h"
#include "device/glimpse.h"
#include <endian.h>
#include <unistd.h>

#define MIB (1u << 20)
#define SIZE (40 * MIB)
#define PAGE 4096u

static uint8_t image[SIZE], seen[SIZE];
static uint64_t bad_at = UINT64_MAX; /* cannot be read */

static errcode_t read_some(struct blkdev *dev, uint64_t at, size_t len, void *buf)
{
	if (at <= bad_at && bad_at - at < len)
		return EIO;
	return memory_read(dev, at, len, buf);
}

static const struct blkdev_ops ops = {.read = read_some, .close = memory_close};

/* Each byte of a page is that of the image, or zero. */
static bool is_true(size_t page)
{
	if (!memcmp(seen + page, image + page, PAGE))
		return true;
	for (size_t i = page; i < page + PAGE; i++)
		if (seen[i] && seen[i] != image[i])
			return false;
	return true;
}

static void take(uint64_t at, uint64_t len, unsigned what)
{
	struct blkdev *dev = memory_open(image, SIZE, &ops);
	int fd = glimpse_take(dev, at, len, what);

	if (fd < 0) {
		fprintf(stderr, "test-glimpse: SKIP: no memory file\n");
		exit(77);
	}
	CHECK(lseek(fd, 0, SEEK_END) == SIZE);
	for (size_t i = 0; i < SIZE; i += MIB)
		CHECK(pread(fd, seen + i, MIB, (off_t)i) == MIB);
	glimpse_drop(dev, fd);
	blkdev_close(dev);
	for (size_t i = 0; i < SIZE; i += PAGE)
		CHECK(is_true(i));
}

/* LEN bytes at AT are there as they are, and they are not all zero. */
static bool has(uint64_t at, size_t len)
{
	return !memcmp(seen + at, image + at, len) && image[at + len / 2];
}

static bool is_blank(uint64_t at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (seen[at + i])
			return false;
	return true;
}

static void put32(uint64_t at, uint32_t n)
{
	n = htole32(n);
	memcpy(image + at, &n, sizeof(n));
}

/* No byte is zero, and none is by chance part of a table. */
static void fill(void)
{
	uint32_t state = 20260401;

	for (size_t i = 0; i < SIZE; i++)
		image[i] = (uint8_t)(next_random(&state) | 1);
}

/* A table at AT with an entry of TYPE for the partition at START, in sectors. */
static void put_table(uint64_t at, uint8_t type, uint32_t start)
{
	memset(image + at + 446, 0, 64);
	image[at + 446 + 16 + 4] = type;
	put32(at + 446 + 16 + 8, start);
	image[at + 510] = 0x55;
	image[at + 511] = 0xaa;
}

static void test_content(void)
{
	fill();
	take(8 * MIB, 16 * MIB, GLIMPSE_CONTENT);
	CHECK(has(8 * MIB, 4 * MIB + 65536) && has(20 * MIB, 4 * MIB));
	CHECK(is_blank(0, 8 * MIB) && is_blank(24 * MIB, 16 * MIB));
	/* all of it where it is short */
	take(8 * MIB, 5 * MIB, GLIMPSE_CONTENT);
	CHECK(has(8 * MIB, 5 * MIB));
	/* a range that goes past the end of the image */
	take(30 * MIB, UINT64_MAX, GLIMPSE_CONTENT);
	CHECK(has(36 * MIB, 4 * MIB));
	/* the files of NTFS are somewhere */
	memcpy(image + 8 * MIB + 3, "NTFS    ", 8);
	image[8 * MIB + 11] = 0;
	image[8 * MIB + 12] = 2;
	image[8 * MIB + 13] = 8;
	put32(8 * MIB + 48, 10 * MIB / 4096);
	put32(8 * MIB + 52, 0);
	take(8 * MIB, 32 * MIB, GLIMPSE_CONTENT);
	CHECK(has(18 * MIB, 65536) && is_blank(19 * MIB, MIB));
	put32(8 * MIB + 52, UINT32_MAX);
	take(8 * MIB, 32 * MIB, GLIMPSE_CONTENT);
	CHECK(is_blank(18 * MIB, 65536));
}

static void test_tables(void)
{
	fill();
	/* logical partitions: one refers to the next, the last one to itself */
	put_table(0, 0x0f, 4 * MIB / 512);
	put_table(4 * MIB, 0x85, 6 * MIB / 512);
	put_table(10 * MIB, 0x05, 6 * MIB / 512);
	take(0, SIZE, GLIMPSE_TABLES);
	CHECK(has(4 * MIB, 512) && has(10 * MIB, 512) && is_blank(12 * MIB, MIB));
	/* the start of a partition, in which there can be another table */
	put_table(0, 0x83, 6 * MIB / 512);
	take(0, SIZE, GLIMPSE_TABLES);
	CHECK(has(6 * MIB, 65536) && is_blank(4 * MIB, 512));
	/* past the end */
	put_table(0, 0x0f, UINT32_MAX);
	take(0, SIZE, GLIMPSE_TABLES);
	CHECK(has(0, MIB) && has(SIZE - MIB, MIB));
	/* the entries of a GPT; too many of them are cut off */
	memcpy(image + 512, "EFI PART", 8);
	put32(512 + 72, 20 * MIB / 512);
	put32(512 + 76, 0);
	put32(512 + 80, 128);
	put32(512 + 84, 128);
	take(0, SIZE, GLIMPSE_TABLES);
	CHECK(has(20 * MIB, 16384) && is_blank(21 * MIB, MIB));
	put32(512 + 80, UINT32_MAX);
	take(0, SIZE, GLIMPSE_TABLES);
	CHECK(has(20 * MIB, 4 * MIB) && is_blank(25 * MIB, MIB));
}

static void test_errors(void)
{
	fill();
	bad_at = 100;
	take(0, SIZE, GLIMPSE_CONTENT | GLIMPSE_TABLES);
	CHECK(is_blank(0, 4096) && has(MIB, 65536));
	bad_at = UINT64_MAX;
}

int main(void)
{
	test_content();
	test_tables();
	test_errors();
	return 0;
}
