// SPDX-License-Identifier: GPL-2.0-or-later
// Finds inline data in an inode's slot: i_block, and system.data among the attributes after the
// extra fields.
#include "file/inline.h"

#include "format/xattr.h"

/* Find system.data among the entries in [first, end); value offsets count from FIRST. */
static bool find_in(uint8_t *first, const uint8_t *end, struct inline_data *data)
{
	size_t room = (size_t)(end - first);

	for (uint8_t *e = first; (size_t)(end - e) >= XATTR_LAST && get_le32(e);) {
		size_t step = xattr_entry_len(e);
		size_t value_off, value_len;

		if (step > (size_t)(end - e))
			return false;
		value_off = xattr_value_off(e);
		value_len = xattr_value_len(e);
		if (xattr_is_system_data(e)) {
			if (xattr_value_inode(e) || value_off > room ||
			    value_len > room - value_off)
				return false;
			data->rest = value_len ? first + value_off : NULL;
			data->rest_len = value_len;
			data->hashed = xattr_hash(e);
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
	if (img->inode_size <= EXT2_GOOD_OLD_INODE_SIZE + XATTR_MAGIC_LEN)
		return true;
	body = EXT2_GOOD_OLD_INODE_SIZE + (size_t)get_le16(raw + I_EXTRA_ISIZE);
	if (body % 4 || body + XATTR_MAGIC_LEN > img->inode_size)
		return false;
	if (get_le32(raw + body) != XATTR_MAGIC)
		return true;
	return find_in(raw + body + XATTR_MAGIC_LEN, end, data);
}

/* Copy the entries of [first, end) but system.data to TO, and their values to its end. */
static bool copy_others(const uint8_t *first, size_t room, uint8_t *to)
{
	const uint8_t *e = first;
	size_t at = 0, values = room;

	while (room - (size_t)(e - first) >= XATTR_LAST && get_le32(e)) {
		size_t step = xattr_entry_len(e);
		size_t off = xattr_value_off(e), len = xattr_value_len(e),
		       padded = (len + 3) & ~(size_t)3;

		if (step > room - (size_t)(e - first))
			return false;
		/* a value in an inode of its own has no place here */
		if (xattr_value_inode(e))
			padded = len = off = 0;
		if (off > room || len > room - off)
			return false;
		if (!xattr_is_system_data(e)) {
			if (at + step + XATTR_LAST + padded > values)
				return false;
			memcpy(to + at, e, step);
			values -= padded;
			memcpy(to + values, first + off, len);
			if (len)
				xattr_set_value_off(to + at, values);
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
	body = EXT2_GOOD_OLD_INODE_SIZE + (size_t)get_le16(raw + I_EXTRA_ISIZE) + XATTR_MAGIC_LEN;
	if (img->inode_size <= EXT2_GOOD_OLD_INODE_SIZE + XATTR_MAGIC_LEN ||
	    get_le32(raw + body - XATTR_MAGIC_LEN) != XATTR_MAGIC)
		return true;
	room = img->inode_size - body;
	if (!copy_others(raw + body, room, others))
		return false;
	memcpy(raw + body, others, room);
	/* no attribute is left: no header either */
	if (!get_le32(raw + body))
		memset(raw + body - XATTR_MAGIC_LEN, 0, XATTR_MAGIC_LEN);
	return true;
}
