// SPDX-License-Identifier: GPL-2.0-or-later
// Finds inline data in an inode's slot: i_block, and system.data among the attributes behind the
// extra fields.
#include "file/inline.h"

#include "base/bytes.h"

#define GOOD_OLD_SIZE 128
#define I_EXTRA_ISIZE 0x80
#define XATTR_MAGIC 0xea020000u
#define XATTR_ENTRY 16 /* bytes of an entry before its name */
#define XATTR_INDEX_SYSTEM 7
#define XATTR_LAST 4 /* a zero word ends the entries */

/* The entry E names system.data. */
static bool is_system_data(const uint8_t *e)
{
	return e[0] == 4 && e[1] == XATTR_INDEX_SYSTEM && memcmp(e + XATTR_ENTRY, "data", 4) == 0;
}

/* Look through the entries in [first, end); value offsets count from FIRST. */
static bool find_in(uint8_t *first, const uint8_t *end, struct inline_data *data)
{
	size_t room = (size_t)(end - first);

	for (uint8_t *e = first; (size_t)(end - e) >= XATTR_LAST && get_le32(e);) {
		size_t step = XATTR_ENTRY + ((e[0] + 3u) & ~3u);
		size_t value_off, value_len;

		if (step > (size_t)(end - e))
			return false;
		value_off = get_le16(e + 2);
		value_len = get_le32(e + 8);
		if (is_system_data(e)) {
			if (get_le32(e + 4) || value_off > room || value_len > room - value_off)
				return false;
			data->rest = value_len ? first + value_off : NULL;
			data->rest_len = value_len;
			return true;
		}
		e += step;
	}
	return true;
}

bool inline_find(const struct e4z_image *img, const struct inode *inode, struct inline_data *data)
{
	uint8_t *raw = inode->raw, *end = raw + img->inode_size;
	size_t body;

	*data = (struct inline_data){.head = raw + INODE_I_BLOCK};
	if (img->inode_size <= GOOD_OLD_SIZE + 4)
		return true;
	body = GOOD_OLD_SIZE + (size_t)get_le16(raw + I_EXTRA_ISIZE);
	if (body % 4 || body + 4 > img->inode_size)
		return false;
	if (get_le32(raw + body) != XATTR_MAGIC)
		return true;
	return find_in(raw + body + 4, end, data);
}

/* Copy the entries of [first, end) but system.data to TO, and their values to its end. */
static bool copy_others(const uint8_t *first, size_t room, uint8_t *to)
{
	const uint8_t *e = first;
	size_t at = 0, values = room;

	while (room - (size_t)(e - first) >= XATTR_LAST && get_le32(e)) {
		size_t step = XATTR_ENTRY + ((e[0] + 3u) & ~3u);
		size_t off = get_le16(e + 2), len = get_le32(e + 8),
		       padded = (len + 3) & ~(size_t)3;

		if (step > room - (size_t)(e - first))
			return false;
		/* a value in an inode of its own has no place here */
		if (get_le32(e + 4))
			padded = len = off = 0;
		if (off > room || len > room - off)
			return false;
		if (!is_system_data(e)) {
			if (at + step + XATTR_LAST + padded > values)
				return false;
			memcpy(to + at, e, step);
			values -= padded;
			memcpy(to + values, first + off, len);
			to[at + 2] = len ? (uint8_t)values : e[2];
			to[at + 3] = len ? (uint8_t)(values >> 8) : e[3];
			at += step;
		}
		e += step;
	}
	return true;
}

bool inline_remove(const struct e4z_image *img, const struct inode *inode)
{
	uint8_t others[65536] = {0}, *raw = inode->raw;
	struct inline_data data;
	size_t body, room;

	if (!inline_find(img, inode, &data))
		return false;
	body = GOOD_OLD_SIZE + (size_t)get_le16(raw + I_EXTRA_ISIZE) + 4;
	if (img->inode_size <= GOOD_OLD_SIZE + 4 || get_le32(raw + body - 4) != XATTR_MAGIC)
		return true;
	room = img->inode_size - body;
	if (!copy_others(raw + body, room, others))
		return false;
	memcpy(raw + body, others, room);
	/* no attribute is left: no header either */
	if (!get_le32(raw + body))
		memset(raw + body - 4, 0, 4);
	return true;
}
