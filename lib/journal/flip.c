// SPDX-License-Identifier: GPL-2.0-or-later
// Turns flags in the first sector of a superblock under the checksum that is in the second.
#include "journal/flip.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/fields.h"

/* crc32c is linear: what turning these bits does to the checksum of a sector, starting from 0. */
static uint32_t delta(size_t at, uint32_t bits)
{
	uint8_t sector[SECTOR] = {0};

	for (unsigned i = 0; i < 4; i++)
		sector[at + i] = (uint8_t)(bits >> 8 * i);
	return crc32c(0, sector, SECTOR);
}

/*
 * The bits of s_snapshot_list that undo what turning BITS at AT does to the checksum of the first
 * sector, by elimination over the 32 deltas of its single bits.
 */
static uint32_t balance(size_t at, uint32_t bits)
{
	uint32_t rows[32], masks[32], want = delta(at, bits), mask = 0;

	for (unsigned i = 0; i < 32; i++) {
		masks[i] = 1u << i;
		rows[i] = delta(S_SNAPSHOT_LIST, masks[i]);
	}
	for (unsigned bit = 0; bit < 32; bit++) {
		uint32_t row, m;
		unsigned pivot = bit;

		/* a polynomial of degree 32 keeps 32 neighbouring bits apart: there is a pivot */
		while (!(rows[pivot] >> bit & 1))
			pivot++;
		row = rows[pivot];
		m = masks[pivot];
		rows[pivot] = rows[bit];
		masks[pivot] = masks[bit];
		rows[bit] = row;
		masks[bit] = m;
		for (unsigned i = 0; i < 32; i++) {
			if (i == bit || !(rows[i] >> bit & 1))
				continue;
			rows[i] ^= row;
			masks[i] ^= m;
		}
	}
	for (unsigned bit = 0; bit < 32; bit++)
		if (want >> bit & 1)
			mask ^= masks[bit];
	return mask;
}

static void turn(uint8_t *raw, size_t at, uint32_t bits, bool metadata_csum)
{
	uint32_t mask = metadata_csum ? balance(at, bits) : 0;

	for (unsigned i = 0; i < 4; i++) {
		raw[at + i] ^= (uint8_t)(bits >> 8 * i);
		raw[S_SNAPSHOT_LIST + i] ^= (uint8_t)(mask >> 8 * i);
	}
}

bool flip_recover_is_on(const uint8_t *raw)
{
	return get_le32(raw + S_FEATURE_INCOMPAT) & EXT3_FEATURE_INCOMPAT_RECOVER;
}

void flip_recover(uint8_t *raw, bool metadata_csum)
{
	turn(raw, S_FEATURE_INCOMPAT, EXT3_FEATURE_INCOMPAT_RECOVER, metadata_csum);
}

void flip_valid(uint8_t *raw, bool metadata_csum)
{
	turn(raw, S_STATE, EXT2_VALID_FS, metadata_csum);
}
