// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The primary GPT of a truncated image, by the UEFI specification, 5.3: the header in the second
 * sector and its array of entries, each with a CRC32. libblkid requires everything that the header
 * describes to be inside the device. An image that was cut after its last partition fails.
 */
#include "probe/gpt.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

#define MBR_MAGIC_AT 510
#define MBR_MAGIC 0xaa55
#define HEADER_MIN 92
#define ENTRY_MIN 128
#define ENTRIES_BYTES_MAX (1u << 20)
#define NAME_UNITS 36 /* of UTF-16 */

/* Offsets in the header. */
enum {
	H_SIZE = 12,
	H_CRC = 16,
	H_MY_LBA = 24,
	H_BACKUP_LBA = 32,
	H_ENTRIES_LBA = 72,
	H_COUNT = 80,
	H_ENTRY_SIZE = 84,
	H_ENTRIES_CRC = 88,
};
/* Offsets in an entry; E_LAST is its last block, inclusive. */
enum { E_TYPE = 0, E_GUID = 16, E_FIRST = 32, E_LAST = 40, E_NAME = 56 };

static uint32_t crc32(const uint8_t *data, size_t len)
{
	uint32_t crc = UINT32_MAX;

	while (len--) {
		crc ^= *data++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* H is a valid header of a disk with sectors of SECTOR bytes. */
static bool header_ok(uint8_t *h, uint32_t sector)
{
	uint32_t size = get_le32(h + H_SIZE), crc = get_le32(h + H_CRC);
	uint64_t bytes = (uint64_t)get_le32(h + H_COUNT) * get_le32(h + H_ENTRY_SIZE);

	if (memcmp(h, "EFI PART", 8) || size < HEADER_MIN || size > sector ||
	    get_le64(h + H_MY_LBA) != 1 || get_le32(h + H_ENTRY_SIZE) < ENTRY_MIN || !bytes ||
	    bytes > ENTRIES_BYTES_MAX)
		return false;
	put_le32(h + H_CRC, 0);
	return crc32(h, size) == crc;
}

/* The first three numbers of a GUID are little-endian, no number of a UUID is. */
static char *guid_text(const uint8_t *g)
{
	const uuid_t uuid = {g[3], g[2], g[1],	g[0],  g[5],  g[4],  g[7],  g[6],
			     g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]};
	char *text = malloc(UUID_STR_LEN);

	if (text)
		uuid_unparse_lower(uuid, text);
	return text;
}

static char *put_utf8(char *to, uint32_t code)
{
	if (code < 0x80) {
		*to++ = (char)code;
	} else if (code < 0x800) {
		*to++ = (char)(0xc0 | code >> 6);
		*to++ = (char)(0x80 | (code & 0x3f));
	} else {
		*to++ = (char)(0xe0 | code >> 12);
		*to++ = (char)(0x80 | (code >> 6 & 0x3f));
		*to++ = (char)(0x80 | (code & 0x3f));
	}
	return to;
}

/* The name as libblkid gives it: each unit of UTF-16 is encoded separately. */
static char *name_text(const uint8_t *name)
{
	char *text = malloc(3 * NAME_UNITS + 1), *to = text;

	for (size_t i = 0; text && i < NAME_UNITS && get_le16(name + 2 * i); i++)
		to = put_utf8(to, get_le16(name + 2 * i));
	if (text)
		*to = '\0';
	return text;
}

/* Entry E, number N: false if it is unused or not a valid place. */
static bool take_entry(const uint8_t *e, uint32_t n, uint32_t sector, struct gpt_entry *entry)
{
	uint64_t first = get_le64(e + E_FIRST), last = get_le64(e + E_LAST), end;

	if (bytes_are_zero(e + E_TYPE, 16) || last < first || last == UINT64_MAX ||
	    !bytes_mul(first, sector, &entry->start) ||
	    !bytes_mul(last - first + 1, sector, &entry->len) ||
	    !bytes_add(entry->start, entry->len, &end))
		return false;
	entry->number = (int)n;
	return true;
}

static bool take_texts(const uint8_t *e, struct gpt_entry *entry)
{
	entry->uuid = guid_text(e + E_GUID);
	entry->name = name_text(e + E_NAME);
	return entry->uuid && entry->name;
}

static errcode_t take_entries(const uint8_t *h, const uint8_t *table, uint32_t sector,
			      struct gpt_entry_vec *entries)
{
	uint32_t count = get_le32(h + H_COUNT), size = get_le32(h + H_ENTRY_SIZE);

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *e = table + (size_t)i * size;
		struct gpt_entry entry = {.number = 0};

		if (!take_entry(e, i + 1, sector, &entry))
			continue;
		if (!take_texts(e, &entry) || vec_push(entries, entry)) {
			free(entry.uuid);
			free(entry.name);
			return ENOMEM;
		}
	}
	return 0;
}

/* A disk with a GPT has an MBR with an entry of type 0xee, for systems without support for GPT. */
static bool has_protective_mbr(struct blkdev *dev)
{
	uint8_t mbr[SECTOR];

	if (blkdev_read(dev, 0, sizeof(mbr), mbr) || get_le16(mbr + MBR_MAGIC_AT) != MBR_MAGIC)
		return false;
	return mbr[450] == 0xee || mbr[466] == 0xee || mbr[482] == 0xee || mbr[498] == 0xee;
}

/* Read the table of a disk with sectors of SECTOR bytes. */
static errcode_t read_with(struct blkdev *dev, uint32_t sector, struct gpt_entry_vec *entries,
			   uint64_t *missing)
{
	AUTO_FREE uint8_t *table = NULL;
	uint8_t h[4096];
	uint64_t at, backup, end;
	size_t bytes;

	if (blkdev_read(dev, sector, sector, h) || !header_ok(h, sector))
		return 0;
	bytes = (size_t)get_le32(h + H_COUNT) * get_le32(h + H_ENTRY_SIZE);
	backup = get_le64(h + H_BACKUP_LBA);
	if (!bytes_mul(get_le64(h + H_ENTRIES_LBA), sector, &at) || backup == UINT64_MAX ||
	    !bytes_mul(backup + 1, sector, &end) || end <= dev->size)
		return 0;
	table = malloc(bytes);
	if (!table)
		return ENOMEM;
	if (blkdev_read(dev, at, bytes, table) ||
	    crc32(table, bytes) != get_le32(h + H_ENTRIES_CRC))
		return 0;
	*missing = end - dev->size;
	return take_entries(h, table, sector, entries);
}

errcode_t gpt_read_cut(struct blkdev *dev, struct gpt_entry_vec *entries, uint64_t *missing)
{
	errcode_t err;

	*missing = 0;
	if (!has_protective_mbr(dev))
		return 0;
	err = read_with(dev, SECTOR, entries, missing);
	if (!err && !entries->count)
		err = read_with(dev, 4096, entries, missing);
	return err;
}
