// SPDX-License-Identifier: GPL-2.0-or-later
// base/crc32c: published vectors, and the instruction against the table.
#include "../check.h"
#include "base/crc32c.h"
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>
#include <string.h>

/* crc16 bit by bit, as its definition has it. */
static uint16_t slow_crc16(uint16_t crc, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len * 8; i++) {
		unsigned bit = (crc ^ p[i / 8] >> i % 8) & 1;

		crc = (uint16_t)(crc >> 1 ^ (bit ? 0xa001 : 0));
	}
	return crc;
}

/* Each lane is what it is alone, in two parts as in one. */
static void lanes(const uint8_t *buf)
{
	for (size_t len = 0; len < 300; len += 8) {
		for (size_t first = 0; first <= len; first += 8) {
			struct crc32c_part part[2] = {{.len = first}, {.len = len - first}};
			uint32_t crc[CRC32C_LANES];

			for (unsigned i = 0; i < CRC32C_LANES; i++) {
				crc[i] = ~i;
				part[0].p[i] = buf + i * 301 + len % 9;
				part[1].p[i] = part[0].p[i] + first;
			}
			crc32c_lanes(crc, part, 2);
			for (unsigned i = 0; i < CRC32C_LANES; i++)
				CHECK(crc[i] == crc32c_table(~i, part[0].p[i], len));
		}
	}
}

int main(void)
{
	uint8_t buf[5000];

	/* RFC 3720, B.4; ext4 leaves out the final inversion */
	memset(buf, 0, 32);
	CHECK(~crc32c(~0u, buf, 32) == 0x8a9136aau);
	memset(buf, 0xff, 32);
	CHECK(~crc32c(~0u, buf, 32) == 0x62a8ab43u);
	CHECK(~crc32c(~0u, "123456789", 9) == 0xe3069283u);
	/* CRC-16/ARC starts at 0 */
	CHECK(crc16(0, "123456789", 9) == 0xbb3d);
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i * i * 7 + i / 3);
	for (size_t off = 0; off < 9; off++) {
		for (size_t len = 0; len + off <= sizeof(buf); len += 1 + len / 40) {
			uint32_t want = ext2fs_crc32c_le(~0u, buf + off, len);

			CHECK(crc32c(~0u, buf + off, len) == want);
			CHECK(crc32c_table(~0u, buf + off, len) == want);
			CHECK(crc16(0xffff, buf + off, len) == slow_crc16(0xffff, buf + off, len));
		}
	}
	lanes(buf);
	return 0;
}
