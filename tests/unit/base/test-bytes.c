// SPDX-License-Identifier: GPL-2.0-or-later
// base/bytes: every position in small buffers, many bytes counted, and fields.
#include "../check.h"
#include "base/bytes.h"

/*
 * One and two non-zero bytes at every position of every length up to 130, at every alignment to 8.
 */
static void test_zero(void)
{
	static uint8_t buf[160];

	for (size_t shift = 0; shift < 8; shift++) {
		for (size_t len = 0; len <= 130; len++) {
			uint8_t *p = buf + shift;

			/* what surrounds the buffer does not count */
			memset(buf, 0xff, sizeof(buf));
			memset(p, 0, len);
			CHECK(bytes_are_zero(p, len));
			CHECK(bytes_stat(p, len).nonzero == 0);
			for (size_t i = 0; i < len; i++) {
				struct bytes_stat stat;

				p[i] = 1;
				CHECK(!bytes_are_zero(p, len));
				p[len - 1] = 0x80;
				stat = bytes_stat(p, len);
				CHECK(stat.first == i && stat.last == len - 1);
				CHECK(stat.nonzero == (i == len - 1 ? 1 : 2));
				p[i] = p[len - 1] = 0;
			}
		}
	}
}

/* Every number of non-zero bytes, more than a counter of a byte holds; they have all values. */
static void test_count(void)
{
	static uint8_t buf[2 * 255 * 32 + 70];
	uint64_t nonzero = 0;

	for (size_t i = 0; i < sizeof(buf); i++) {
		buf[i] = (uint8_t)(i * 7);
		nonzero += buf[i] != 0;
		if (buf[i]) {
			struct bytes_stat stat = bytes_stat(buf, sizeof(buf));

			CHECK(stat.first == 1 && stat.last == i && stat.nonzero == nonzero);
		}
	}
	memset(buf, 0x80, sizeof(buf));
	CHECK(bytes_stat(buf, sizeof(buf)).nonzero == sizeof(buf));
}

static void test_fields(void)
{
	static const uint8_t b[] = {0x01, 0x82, 0x03, 0x84, 0x05, 0x86, 0x07, 0x88};
	uint64_t n;

	CHECK(get_le16(b) == 0x8201);
	CHECK(get_le32(b) == 0x84038201u);
	CHECK(get_le64(b) == 0x8807860584038201ull);
	CHECK(bytes_add(UINT64_MAX, 0, &n) && n == UINT64_MAX);
	CHECK(!bytes_add(UINT64_MAX, 1, &n));
	CHECK(bytes_mul(1ull << 32, (1ull << 32) - 1, &n));
	CHECK(!bytes_mul(1ull << 32, 1ull << 32, &n));
}

int main(void)
{
	test_zero();
	test_count();
	test_fields();
	return 0;
}
