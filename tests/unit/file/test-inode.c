// SPDX-License-Identifier: GPL-2.0-or-later
// file/inode: checksums of slots of any size, alone and several at a time, against the definition.
#include "file/inode.h"

#include "../check.h"
#include "../random.h"
#include "base/bytes.h"

#define SLOT_MAX 1024
#define LO 0x7c
#define EXTRA 0x80
#define HI 0x82

/* ext4_inode_csum(): the number, the generation, the slot with its checksum zero. */
static uint32_t slow_csum(const struct e4z_image *img, uint32_t ino, const uint8_t *slot, bool high)
{
	uint8_t raw[SLOT_MAX], number[4];
	uint32_t csum;

	memcpy(raw, slot, img->inode_size);
	put_le32(number, ino);
	put_le16(raw + LO, 0);
	if (high)
		put_le16(raw + HI, 0);
	csum = crc32c_table(img->csum_seed, number, 4);
	csum = crc32c_table(csum, raw + 0x64, 4);
	return crc32c_table(csum, raw, img->inode_size);
}

/* Random bytes with a checksum that is right, or wrong in one bit of either half. */
static bool fill(const struct e4z_image *img, uint32_t ino, uint8_t *raw, uint32_t *seed)
{
	static const uint16_t extras[] = {0, 2, 3, 4, 28, 32, 0xffff};
	uint32_t spoil = next_random(seed) % 4, csum;
	bool high;

	for (size_t i = 0; i < img->inode_size; i++)
		raw[i] = (uint8_t)next_random(seed);
	if (img->inode_size > 128)
		put_le16(raw + EXTRA, extras[next_random(seed) % 7]);
	high = img->inode_size > 128 && get_le16(raw + EXTRA) >= 4;
	csum = slow_csum(img, ino, raw, high);
	put_le16(raw + LO, csum);
	if (high)
		put_le16(raw + HI, csum >> 16);
	CHECK(inode_checksum_ok(img, ino, raw));
	CHECK(!inode_checksum_ok(img, ino ^ 1, raw));
	if (spoil == 1)
		raw[LO + next_random(seed) % 2] ^= 0x10;
	else if (spoil == 2)
		raw[HI + next_random(seed) % 2 * high] ^= 0x10;
	else if (spoil == 3)
		raw[next_random(seed) % LO] ^= 1;
	/* without a high half its place is content like any other; slots of 128 bytes end before */
	return spoil == 0 || (spoil == 2 && img->inode_size == 128);
}

static void try_size(uint32_t size, uint32_t *seed)
{
	struct e4z_image img = {.inode_size = size, .csum_seed = 0x1234567, .inode_csum = true};
	uint8_t slots[INODE_LANES][SLOT_MAX];
	const uint8_t *raw[INODE_LANES];
	uint32_t ino[INODE_LANES];

	for (int turn = 0; turn < 2000; turn++) {
		unsigned count = 1 + next_random(seed) % INODE_LANES, want = 0;

		for (unsigned i = 0; i < count; i++) {
			raw[i] = slots[i];
			ino[i] = next_random(seed);
			want |= (unsigned)fill(&img, ino[i], slots[i], seed) << i;
		}
		CHECK(inode_checksums_ok(&img, ino, raw, count) == want);
		for (unsigned i = 0; i < count; i++) {
			CHECK(inode_checksum_ok(&img, ino[i], raw[i]) == (want >> i & 1));
			inode_set_checksum(&img, ino[i], slots[i]);
			CHECK(inode_checksum_ok(&img, ino[i], raw[i]));
		}
		/* where there are none all are right */
		slots[0][0] ^= 1;
		img.inode_csum = false;
		CHECK(inode_checksums_ok(&img, ino, raw, count) == (1u << count) - 1);
		img.inode_csum = true;
		CHECK(!(inode_checksums_ok(&img, ino, raw, count) & 1));
	}
}

int main(void)
{
	uint32_t seed = 7;

	for (uint32_t size = 128; size <= SLOT_MAX; size *= 2)
		try_size(size, &seed);
	return 0;
}
