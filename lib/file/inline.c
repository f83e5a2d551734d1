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
