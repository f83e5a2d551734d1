// SPDX-License-Identifier: GPL-2.0-or-later
// Sets each field in turn to each value at which a bound may be.
#include "fields.h"

#include "base/bytes.h"

/* COUNT fields of LEN bytes, from OFF on. */
struct row {
	uint16_t off, len, count;
};

/* A kind has 15 rows at most; a length of 0 ends them. */
#define ROWS 16
static const struct row rows[TARGET_KINDS][ROWS] = {
	[TARGET_SUPER] = {{0x00, 4, 2},
			  {0x14, 4, 6},
			  {0x38, 2, 2},
			  {0x48, 4, 2},
			  {0x54, 4, 1},
			  {0x58, 2, 1},
			  {0x5c, 4, 3},
			  {0xce, 2, 1},
			  {0xe0, 4, 3},
			  {0xfe, 2, 1},
			  {0x104, 4, 1},
			  {0x150, 4, 1},
			  {0x168, 4, 2},
			  {0x174, 2, 1},
			  {0x240, 4, 2}},
	[TARGET_DESC] = {{0x00, 4, 3}, {0x0c, 2, 4}, {0x18, 2, 2}, {0x1c, 2, 1}, {0x20, 4, 3}},
	[TARGET_BLOCKS] = {{0, 1, 1}},
	[TARGET_BITMAP] = {{0, 1, 1}},
	[TARGET_INODE] = {{0x00, 2, 1},
			  {0x04, 4, 1},
			  {0x14, 4, 1},
			  {0x1a, 2, 1},
			  {0x1c, 4, 2},
			  {0x28, 2, 4},
			  {0x34, 4, 1},
			  {0x38, 2, 2},
			  {0x3c, 4, 2},
			  {0x44, 2, 2},
			  {0x48, 4, 1},
			  {0x54, 4, 4},
			  {0x68, 4, 2},
			  {0x74, 2, 2},
			  {0x80, 2, 1}},
	[TARGET_EXTENTS] = {{0x00, 2, 4},
			    {0x0c, 4, 1},
			    {0x10, 2, 2},
			    {0x14, 4, 1},
			    {0x18, 4, 1},
			    {0x1c, 2, 2},
			    {0x20, 4, 1}},
	[TARGET_INDIRECT] = {{0x00, 4, 3}},
	[TARGET_DIR] = {{0x00, 4, 1},
			{0x04, 2, 2},
			{0x08, 4, 1},
			{0x0c, 4, 1},
			{0x10, 2, 2},
			{0x18, 4, 1},
			{0x1c, 2, 4},
			{0x24, 4, 2}},
	[TARGET_ORPHANS] = {{0x00, 4, 2}},
	[TARGET_JOURNAL] = {{0x00, 4, 10}, {0x28, 4, 4}, {0x50, 4, 2}},
	[TARGET_XATTR] = {{0x00, 4, 4}, {0x20, 2, 2}, {0x24, 4, 3}, {0x30, 2, 1}, {0x34, 2, 2}},
};

/*
 * Attributes in an inode; offsets count from the magic number at their beginning. The second one
 * follows system.data.
 */
static const struct row body[] = {{0, 4, 1},  {4, 2, 2},  {8, 4, 3},
				  {20, 4, 1}, {24, 2, 2}, {28, 4, 3}};
/* The last twelve bytes of a directory block. */
static const struct row tail[] = {{0, 4, 1}, {4, 2, 2}, {8, 4, 1}};
static const struct row no_more[] = {{0x280, 4, 1}, {0x26c, 4, 2}};

static uint32_t get(const uint8_t *p, unsigned len)
{
	return len == 1 ? *p : len == 2 ? get_le16(p) : get_le32(p);
}

static void put(uint8_t *p, unsigned len, uint32_t value)
{
	if (len == 1)
		*p = (uint8_t)value;
	else if (len == 2)
		put_le16(p, value);
	else
		put_le32(p, value);
}

#define VALUES 7

static uint32_t value_of(const struct fuzz_image *img, uint32_t now, unsigned n, unsigned len)
{
	const uint32_t values[VALUES] = {
		0,
		~0u,
		now + 1,
		now - 1,
		now ^ 1u << (len * 8 - 1),
		now << 1,
		(uint32_t)img->blocks - 1,
	};

	return n < VALUES ? values[n] : now ^ 1u << (n - VALUES);
}

/* Make change *N in COUNT rows of fields of the LEN bytes at P, or subtract their number. */
static bool set(const struct fuzz_image *img, uint8_t *p, size_t len, const struct row *row,
		size_t count, unsigned *n, bool fine)
{
	for (size_t i = 0; i < count && row[i].len; i++) {
		unsigned values = VALUES + (fine ? row[i].len * 8u : 0);
		size_t at = row[i].off + (size_t)(*n / values) * row[i].len;
		unsigned all = values * row[i].count;

		if (*n >= all) {
			*n -= all;
			continue;
		}
		if (at + row[i].len <= len)
			put(p + at, row[i].len,
			    value_of(img, get(p + at, row[i].len), *n % values, row[i].len));
		return true;
	}
	return false;
}

#define SET(p, len, list) set(img, p, len, list, sizeof(list) / sizeof(list[0]), &n, fine)

bool fields_set(const struct fuzz_image *img, const struct target *t, unsigned n, bool fine)
{
	uint8_t *p = img->data + t->off;
	size_t at;

	if (SET(p, t->len, rows[t->kind]))
		return true;
	if (t->kind == TARGET_SUPER)
		return SET(p, t->len, no_more);
	if (t->kind == TARGET_DIR)
		return SET(p + t->len - 12, 12, tail);
	if (t->kind != TARGET_INODE || t->len <= 132)
		return false;
	at = 128u + get_le16(p + 128);
	return at + 24 <= t->len && get_le32(p + at) && SET(p + at, t->len - at, body);
}
