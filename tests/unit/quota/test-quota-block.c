// SPDX-License-Identifier: GPL-2.0-or-later
// The header, the tree and the entries of a quota file, sound and damaged.
#include "../check.h"
#include "base/bytes.h"
#include "quota/quota_block.h"
#include <string.h>

static uint8_t block[QUOTA_BLOCK];

/* The entry of ID at place N of the block. */
static uint8_t *entry(unsigned n, uint32_t id, uint32_t inodes, uint32_t space)
{
	uint8_t *at = block + 16 + QUOTA_ENTRY * n;

	put_le32(at, id);
	put_le32(at + 24, inodes);
	put_le32(at + 48, space);
	return at;
}

static void headers(void)
{
	static const uint32_t magic[QUOTA_TYPES] = {0xd9c01f11, 0xd9c01927, 0xd9c03f14};
	uint32_t blocks;

	for (unsigned t = 0; t < QUOTA_TYPES; t++) {
		memset(block, 0, sizeof(block));
		put_le32(block, magic[t]);
		CHECK(quota_head(block, t, &blocks));
		put_le32(block + 4, 1);
		CHECK(quota_head(block, t, &blocks));
		put_le32(block + 20, 1);
		CHECK(quota_head(block, t, &blocks));
		put_le32(block + 20, 2);
		CHECK(!quota_head(block, t, &blocks) && blocks == 2);
		CHECK(quota_head(block, (t + 1) % QUOTA_TYPES, &blocks));
		put_le32(block + 4, 2);
		CHECK(quota_head(block, t, &blocks));
	}
}

/* The highest byte of an id leads from the root. */
static void indexes(void)
{
	for (uint32_t i = 0; i < 256; i++)
		put_le32(block + 4 * i, i + 1000);
	CHECK(quota_next(block, 0, 0x01020304) == 1001);
	CHECK(quota_next(block, 1, 0x01020304) == 1002);
	CHECK(quota_next(block, 2, 0x01020304) == 1003);
	CHECK(quota_next(block, 3, 0x01020304) == 1004);
	CHECK(quota_next(block, 0, 0xff000000) == 1255 && quota_next(block, 3, 0xff000000) == 1000);
}

static void leaves(void)
{
	uint32_t off;

	memset(block, 0, sizeof(block));
	entry(0, 0, 1, 1024);
	entry(5, 7, 1, 0);
	entry(13, 0xfffffffe, 0, 0);
	block[8] = 3;
	CHECK(!quota_find(block, 10, 0, &off) && off == 16);
	CHECK(!quota_find(block, 10, 7, &off) && off == 16 + 5 * 72);
	CHECK(!quota_find(block, 10, 0xfffffffe, &off) && off == 16 + 13 * 72);
	CHECK(quota_find(block, 10, 8, &off));
	/* a place that is free is not the entry of id 0 */
	memset(block + 16, 0, QUOTA_ENTRY);
	CHECK(quota_find(block, 10, 0, &off));
	block[8] = 14;
	CHECK(!quota_find(block, 10, 7, &off));
	block[8] = 15;
	CHECK(quota_find(block, 10, 7, &off));
	block[8] = 0;
	CHECK(quota_find(block, 10, 7, &off));
	block[8] = 1;
	put_le32(block, 9);
	put_le32(block + 4, 9);
	CHECK(!quota_find(block, 10, 7, &off));
	CHECK(quota_find(block, 9, 7, &off));
	put_le32(block, 0);
	CHECK(quota_find(block, 9, 7, &off));
	put_le32(block + 4, 0);
	entry(9, 7, 0, 0);
	CHECK(quota_find(block, 10, 7, &off));
}

static void charges(void)
{
	uint8_t *e;

	memset(block, 0, sizeof(block));
	e = entry(0, 5, 3, 4096);
	put_le32(e + 16, 2); /* inodes, soft */
	put_le32(e + 40, 4); /* space, soft */
	put_le32(e + 56, 111);
	put_le32(e + 64, 222);
	quota_charge(e, 1, 0);
	CHECK(get_le64(e + 48) == 4097 && get_le64(e + 56) == 111 && get_le64(e + 64) == 222);
	quota_charge(e, 1023, 0);
	quota_charge(e, -1023, 0);
	CHECK(get_le64(e + 48) == 4097 && get_le64(e + 56) == 111);
	quota_charge(e, -1, 0);
	CHECK(get_le64(e + 48) == 4096 && get_le64(e + 56) == 0 && get_le64(e + 64) == 222);
	/* the limit of the one says nothing about the other */
	put_le32(e + 56, 111);
	quota_charge(e, 0, -1);
	CHECK(get_le64(e + 24) == 2 && get_le64(e + 56) == 111 && get_le64(e + 64) == 0);
	quota_charge(e, (int64_t)1 << 40, 1);
	CHECK(get_le64(e + 48) == 4096 + (1ull << 40) && get_le64(e + 24) == 3);
	quota_charge(e, INT64_MIN, -4);
	CHECK(get_le64(e + 48) == 0 && get_le64(e + 24) == 0);
	memset(e + 48, 0xff, 8);
	quota_charge(e, 2, 0);
	CHECK(get_le64(e + 48) == UINT64_MAX);
}

/* The entry of id 0 is never all zero: its place would be free. */
static void zero(void)
{
	uint8_t *e;

	memset(block, 0, sizeof(block));
	e = entry(3, 0, 1, 1024);
	quota_charge(e, -1024, -1);
	CHECK(quota_is_of(e, 0) && get_le64(e + 64) == 1 && !get_le64(e + 48));
	quota_charge(e, 0, 0);
	CHECK(quota_is_of(e, 0) && get_le64(e + 64) == 1);
	quota_charge(e, 1024, 0);
	CHECK(get_le64(e + 64) == 0 && get_le64(e + 48) == 1024);
	/* of another id it is a time */
	e = entry(4, 1, 0, 0);
	put_le32(e + 64, 1);
	quota_charge(e, 1024, 0);
	CHECK(get_le64(e + 64) == 1);
	CHECK(quota_is_of(e, 1) && !quota_is_of(e, 0));
}

int main(void)
{
	headers();
	indexes();
	leaves();
	charges();
	zero();
	return 0;
}
