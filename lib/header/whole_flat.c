// SPDX-License-Identifier: GPL-2.0-or-later
// VMDK, VDI and Parallels: one or several tables hold the numbers of the blocks. VHD and VHDX.
#include "header/whole.h"

#include "base/bytes.h"
#include <string.h>

struct blocks {
	uint64_t size, block; /* of the disk, and of each block of it; bytes */
	uint64_t base, unit;  /* block N of the file is at BASE + N * UNIT */
	uint32_t free_from;   /* entries from this number on are not blocks */
	uint64_t table_len;   /* VMDK: entries of a grain table */
	uint64_t first;	      /* the first block of the current table */
	bool compressed, marked;
};

#define MARKER 12

/* The bytes of block I that are part of the disk; the last block may be incomplete. */
static uint64_t used_of(const struct blocks *b, uint64_t i)
{
	uint64_t at;

	if (!bytes_mul(i, b->block, &at) || at >= b->size)
		return 0;
	return b->size - at < b->block ? b->size - at : b->block;
}

/* The length of a compressed grain is stored in front of it. */
static errcode_t need_compressed(struct whole *w, const struct blocks *b, uint64_t at)
{
	uint8_t marker[MARKER];
	errcode_t err;

	if (!b->marked)
		return whole_need(w, at, 1);
	err = whole_get(w, at, sizeof(marker), marker);
	return err ? err : whole_need(w, at, MARKER + (uint64_t)get_le32(marker + 8));
}

static errcode_t take_block(struct whole *w, void *arg, uint64_t i, const uint8_t *raw)
{
	const struct blocks *b = arg;
	uint32_t n = get_le32(raw);
	uint64_t at, len = used_of(b, b->first + i);

	if (n >= b->free_from || !len)
		return 0;
	if (!bytes_mul(n, b->unit, &at) || !bytes_add(at, b->base, &at))
		return whole_corrupt(w);
	return b->compressed ? need_compressed(w, b, at) : whole_need(w, at, len);
}

/* ---- VMDK ---- */

#define FLAG_COMPRESSED (1u << 16)
#define FLAG_MARKERS (1u << 17)
#define AT_END UINT64_MAX
#define FOOTER (2 * SECTOR) /* from the end of the file */
#define GRAIN_MAX (128u << 10)
#define TABLE_MAX 512u

/* 1 is a grain of zeros. */
static errcode_t take_grain(struct whole *w, void *arg, uint64_t i, const uint8_t *raw)
{
	return get_le32(raw) == 1 ? 0 : take_block(w, arg, i, raw);
}

static errcode_t take_grains(struct whole *w, void *arg, uint64_t i, const uint8_t *raw)
{
	struct blocks *b = arg;
	const struct whole_table table = {(uint64_t)get_le32(raw) * SECTOR, b->table_len, 4, false};

	b->first = i * b->table_len;
	return whole_walk(w, &table, take_grain, b);
}

static errcode_t vmdk_header(struct whole *w, uint8_t *h)
{
	errcode_t err;

	/* a descriptor file may be shorter */
	memset(h, 0, SECTOR);
	if (w->dev->size < SECTOR)
		return 0;
	err = whole_get(w, 0, SECTOR, h);
	if (err || memcmp(h, "KDMV", 4) || get_le64(h + 56) != AT_END)
		return err;
	if (w->dev->size < FOOTER + SECTOR)
		return whole_need(w, w->dev->size, FOOTER);
	err = whole_get(w, w->dev->size - FOOTER, SECTOR, h);
	/* a truncated file has lost its footer */
	return err || !memcmp(h, "KDMV", 4) ? err : whole_need(w, w->dev->size, FOOTER);
}

errcode_t whole_vmdk(struct whole *w)
{
	uint8_t h[SECTOR];
	errcode_t err = vmdk_header(w, h);
	struct blocks b = {.unit = SECTOR, .free_from = UINT32_MAX};
	struct whole_table directory = {.width = 4};
	uint64_t sectors;

	if (err || memcmp(h, "KDMV", 4) || !get_le64(h + 12))
		return err;
	sectors = get_le64(h + 20);
	b.table_len = get_le32(h + 44);
	if (!sectors || sectors > GRAIN_MAX || !b.table_len || b.table_len > TABLE_MAX ||
	    !bytes_mul(get_le64(h + 12), SECTOR, &b.size) ||
	    !bytes_mul(get_le64(h + 56), SECTOR, &directory.at))
		return whole_corrupt(w);
	b.block = sectors * SECTOR;
	b.compressed = get_le16(h + 77) || get_le32(h + 8) & FLAG_COMPRESSED;
	b.marked = get_le32(h + 8) & FLAG_MARKERS;
	sectors *= b.table_len;
	directory.count = get_le64(h + 12) / sectors + !!(get_le64(h + 12) % sectors);
	return whole_walk(w, &directory, take_grains, &b);
}

/* ---- VDI ---- */

#define VDI_FREE 0xfffffffeu

errcode_t whole_vdi(struct whole *w)
{
	uint8_t h[SECTOR];
	errcode_t err = whole_get(w, 0, sizeof(h), h);
	struct blocks b = {.size = get_le64(h + 0x170),
			   .block = get_le32(h + 0x178),
			   .base = get_le32(h + 0x158),
			   .unit = get_le32(h + 0x178),
			   .free_from = VDI_FREE};
	const struct whole_table table = {get_le32(h + 0x154), get_le32(h + 0x180), 4, true};

	return err ? err : whole_walk(w, &table, take_block, &b);
}

/* ---- Parallels ---- */

errcode_t whole_parallels(struct whole *w)
{
	uint8_t h[64];
	errcode_t err = whole_get(w, 0, sizeof(h), h);
	struct blocks b = {.block = (uint64_t)get_le32(h + 28) * SECTOR,
			   .unit = SECTOR,
			   .free_from = UINT32_MAX};
	const struct whole_table table = {sizeof(h), get_le32(h + 32), 4, false};
	bool extended = !err && !memcmp(h, "WithouFreSpacExt", 16);
	uint64_t sectors = extended ? get_le64(h + 36) : get_le32(h + 36);

	if (err)
		return err;
	if (!b.block || !bytes_mul(sectors, SECTOR, &b.size))
		return whole_corrupt(w);
	if (extended)
		b.unit = b.block;
	return whole_walk(w, &table, take_block, &b);
}

/* ---- VHD and VHDX ---- */

/* QEMU itself checks against the end of the file, but rounds that up to a sector. */
errcode_t whole_sectors(struct whole *w)
{
	uint64_t over = w->dev->size % SECTOR;

	return over ? whole_need(w, w->dev->size - over, SECTOR) : 0;
}
