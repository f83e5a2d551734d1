// SPDX-License-Identifier: GPL-2.0-or-later
// The log's checksums: set and judged, against values worked out bit by bit, and every bit counts.
#include "../check.h"
#include "../random.h"
#include "journal/csum.h"
#include <string.h>

#define SIZE 1024

static struct jbd2_shape shape_with(uint32_t compat, uint32_t incompat)
{
	struct jbd2_sb sb = {
		.version = 2, .block_size = SIZE, .compat = compat, .incompat = incompat};

	return jbd2_shape(&sb);
}

/* Both polynomials by their definition. */
static uint32_t slow_crc32c(uint32_t crc, const uint8_t *p, size_t len)
{
	while (len--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return crc;
}

static uint32_t slow_crc32_be(uint32_t crc, const uint8_t *p, size_t len)
{
	while (len--) {
		crc ^= (uint32_t)*p++ << 24;
		for (int i = 0; i < 8; i++)
			crc = crc & 0x80000000 ? crc << 1 ^ 0x04c11db7 : crc << 1;
	}
	return crc;
}

static void fill(uint8_t *block, uint32_t seed)
{
	for (int i = 0; i < SIZE; i++)
		block[i] = (uint8_t)(next_random(&seed) >> 24);
}

static void test_tail(const struct jbd2_shape *shape, uint32_t seed)
{
	uint8_t block[SIZE];
	struct be32 stored;
	uint32_t crc;

	fill(block, 1);
	CHECK(!csum_tail_ok(shape, seed, block));
	csum_tail_set(shape, seed, block);
	CHECK(csum_tail_ok(shape, seed, block));
	memcpy(&stored, block + SIZE - 4, sizeof(stored));
	memset(block + SIZE - 4, 0, 4);
	crc = slow_crc32c(seed, block, SIZE);
	CHECK(be32_get(stored) == crc);
	memcpy(block + SIZE - 4, &stored, sizeof(stored));
	for (int bit = 0; bit < SIZE * 8; bit++) {
		block[bit / 8] ^= 1 << bit % 8;
		CHECK(!csum_tail_ok(shape, seed, block));
		block[bit / 8] ^= 1 << bit % 8;
	}
	CHECK(!csum_tail_ok(shape, seed + 1, block));
}

static void test_commit(const struct jbd2_shape *shape, uint32_t seed)
{
	struct jbd2_commit *commit;
	uint8_t block[SIZE], copy[SIZE];

	jbd2_commit_encode(shape, block, 9, 1700000000, 5);
	csum_commit_set(shape, seed, block);
	memcpy(copy, block, SIZE);
	commit = (void *)copy;
	commit->chksum[0] = be32_of(0);
	CHECK(be32_get(((struct jbd2_commit *)(void *)block)->chksum[0]) ==
	      slow_crc32c(seed, copy, SIZE));
	CHECK(csum_commit_ok(shape, seed, block));
	for (size_t bit = 0; bit < sizeof(*commit) * 8; bit++) {
		block[bit / 8] ^= 1 << bit % 8;
		CHECK(!csum_commit_ok(shape, seed, block));
		block[bit / 8] ^= 1 << bit % 8;
	}
	/* torn after the first sector: the structure says it all */
	memset(block + 512, 0xee, SIZE - 512);
	CHECK(csum_commit_ok(shape, seed, block));
	block[20] ^= 1;
	CHECK(!csum_commit_ok(shape, seed, block));
}

static void test_data(const struct jbd2_shape *v2, const struct jbd2_shape *v3, uint32_t seed)
{
	static const uint8_t tid[] = {0x11, 0x22, 0x33, 0x44};
	struct jbd2_shape none = shape_with(0, 0), v1 = shape_with(JBD2_COMPAT_CHECKSUM, 0);
	uint8_t block[SIZE];
	uint32_t crc;

	fill(block, 2);
	crc = slow_crc32c(slow_crc32c(seed, tid, sizeof(tid)), block, SIZE);
	CHECK(csum_data(v3, seed, 0x11223344, block) == crc);
	CHECK(csum_data(v2, seed, 0x11223344, block) == (crc & 0xffff));
	CHECK(csum_data(&none, seed, 1, block) == 0 && csum_data(&v1, seed, 1, block) == 0);
	CHECK(csum_data(v3, seed, 0x11223345, block) != crc);
}

static void test_v1(void)
{
	struct jbd2_shape shape = shape_with(JBD2_COMPAT_CHECKSUM, 0);
	uint8_t a[SIZE], b[SIZE], commit[SIZE];
	uint32_t crc;

	fill(a, 3);
	fill(b, 4);
	crc = csum_v1(csum_v1(CSUM_V1_START, a, SIZE), b, SIZE);
	CHECK(crc == slow_crc32_be(slow_crc32_be(~0u, a, SIZE), b, SIZE));
	jbd2_commit_encode(&shape, commit, 1, 2, 3);
	CHECK(csum_v1_ok(crc, commit)); /* a commit without one */
	csum_v1_set(crc, commit);
	CHECK(csum_v1_ok(crc, commit) && !csum_v1_ok(crc ^ 1, commit));
	CHECK(commit[12] == 1 && commit[13] == 4);
	commit[13] = 8;
	CHECK(!csum_v1_ok(crc, commit));
}

static void test_super(void)
{
	struct jbd2_super raw;
	uint8_t *bytes = (uint8_t *)&raw;

	for (size_t i = 0; i < sizeof(raw); i++)
		bytes[i] = (uint8_t)(i * 7);
	CHECK(!csum_super_ok(&raw));
	csum_super_set(&raw);
	CHECK(csum_super_ok(&raw));
	for (size_t bit = 0; bit < sizeof(raw) * 8; bit++) {
		bytes[bit / 8] ^= 1 << bit % 8;
		CHECK(!csum_super_ok(&raw));
		bytes[bit / 8] ^= 1 << bit % 8;
	}
}

int main(void)
{
	static const uint8_t uuid[JBD2_UUID_BYTES] = "an uuid of bytes";
	struct jbd2_shape v2 = shape_with(0, JBD2_INCOMPAT_CSUM_V2);
	struct jbd2_shape v3 = shape_with(0, JBD2_INCOMPAT_CSUM_V3 | JBD2_INCOMPAT_64BIT);
	uint32_t seed = csum_seed(uuid);

	CHECK(seed == slow_crc32c(~0u, uuid, sizeof(uuid)));
	test_tail(&v2, seed);
	test_tail(&v3, seed);
	test_commit(&v2, seed);
	test_commit(&v3, seed);
	test_data(&v2, &v3, seed);
	test_v1();
	test_super();
	return 0;
}
