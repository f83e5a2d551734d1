// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A VHDX: a flag in its metadata marks a differencing image. Regions and metadata are found by
 * tables of GUIDs.
 */
#include "header/chain.h"

#include "base/bytes.h"
#include <string.h>

#define REGIONS_AT (192u << 10)
#define REGIONS_MAX 2047
#define METADATA_MAX 2047
#define ENTRY 32
#define HAS_PARENT 2

static const uint8_t metadata_region[16] = {0x06, 0xa2, 0x7c, 0x8b, 0x90, 0x47, 0x9a, 0x4b,
					    0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e};
static const uint8_t file_parameters[16] = {0x37, 0x67, 0xa1, 0xca, 0x36, 0xfa, 0x43, 0x4d,
					    0xb3, 0xb6, 0x33, 0xf0, 0xaa, 0x44, 0xe7, 0x6b};

/* Find GUID in the table of COUNT entries at AT. ENTRY gets its entry, or zeroes. */
static errcode_t find(struct chain_reader *r, uint64_t at, unsigned count, const uint8_t *guid,
		      uint8_t *entry)
{
	for (unsigned i = 0; i < count; i++) {
		errcode_t err = chain_get(r, at + (uint64_t)i * ENTRY, ENTRY, entry);

		if (err || !memcmp(entry, guid, 16))
			return err;
	}
	memset(entry, 0, ENTRY);
	return 0;
}

errcode_t chain_vhdx(struct chain_reader *r)
{
	uint8_t head[32], entry[ENTRY], parameters[8];
	uint64_t region;
	errcode_t err = chain_get(r, REGIONS_AT, 16, head);

	if (err)
		return err;
	if (memcmp(head, "regi", 4) || get_le32(head + 8) > REGIONS_MAX)
		return chain_corrupt(r, "the region table of the VHDX image is corrupt");
	err = find(r, REGIONS_AT + 16, get_le32(head + 8), metadata_region, entry);
	region = get_le64(entry + 16);
	if (!err)
		err = chain_get(r, region, sizeof(head), head);
	if (err)
		return err;
	if (!region || memcmp(head, "metadata", 8) || get_le16(head + 10) > METADATA_MAX)
		return chain_corrupt(r, "the metadata of the VHDX image are corrupt");
	err = find(r, region + 32, get_le16(head + 10), file_parameters, entry);
	if (!err)
		err = chain_get(r, region + get_le32(entry + 16), sizeof(parameters), parameters);
	if (err || !(get_le32(parameters + 4) & HAS_PARENT))
		return err;
	r->chain->lost = true;
	chain_refer(r, "a parent", "(named in the VHDX metadata)", 28);
	return 0;
}
