// SPDX-License-Identifier: GPL-2.0-or-later
// dir-slack: what entries of a directory have beside their names, in a block or in the inode.
#include "slack/places.h"

#include "file/inline.h"
#include "format/dirent.h"

static const char corrupt[] = "an entry of the directory is corrupt";

static bool is_dot(const uint8_t *e)
{
	unsigned len = dirent_name_len(e);

	return (len == 1 || len == 2) && e[DIRENT_HEADER] == '.' &&
	       (len == 1 || e[DIRENT_HEADER + 1] == '.');
}

/* Bytes that follow the name of E: its hash, where nobody without the key can make it. */
static size_t hash_len(const struct inode *dir, const uint8_t *e)
{
	bool hashed = dir->flags & EXT4_ENCRYPT_FL && dir->flags & EXT4_CASEFOLD_FL;

	return hashed && !is_dot(e) ? DIRENT_HASH : 0;
}

/* Of E, which has LEN bytes. False: it cannot be an entry. */
static bool entry_ok(const struct unit *unit, const uint8_t *e, size_t len)
{
	if (len < DIRENT_MIN || len % 4)
		return false;
	if (!dirent_ino(e))
		return true;
	return dirent_ino(e) <= unit->img->inodes && dirent_name_len(e) &&
	       dirent_end(dirent_name_len(e)) + hash_len(unit->inode, e) <= len;
}

/* The entry at AT has LEN bytes. One that is not in use has its header. */
static void add_entry(struct slack *slack, size_t at, size_t len)
{
	const uint8_t *e = slack->unit->bytes + at;
	size_t name = dirent_ino(e) ? dirent_name_len(e) : 0;
	size_t end = dirent_ino(e) ? dirent_end(name) : DIRENT_HEADER;
	size_t hash = dirent_ino(e) ? hash_len(slack->unit->inode, e) : 0;

	slack_add(slack, at + DIRENT_HEADER + name, at + end);
	slack_add(slack, at + end + hash, at + len);
}

/* Entries fill [at, end) of the unit; then what is to be zero of them is added, unless NULL. */
static bool walk(const struct unit *unit, size_t at, size_t end, struct slack *slack)
{
	size_t len;

	for (; at < end; at += len) {
		if (end - at < DIRENT_MIN)
			return false;
		len = dirent_len(unit->bytes + at, unit->img->block_size);
		if (len > end - at || !entry_ok(unit, unit->bytes + at, len))
			return false;
		if (slack)
			add_entry(slack, at, len);
	}
	return true;
}

void slack_dir_leaf(const struct unit *unit, struct slack *slack)
{
	const uint8_t *tail = unit->bytes + unit->len - DIRENT_TAIL;
	bool sealed = unit->img->metadata_csum && dirent_is_tail(tail);
	size_t end = unit->len - (sealed ? DIRENT_TAIL : 0);

	if (sealed && dirent_tail_csum(tail) !=
			      crc32c(inode_csum_seed(unit->img, unit->inode), unit->bytes, end))
		slack->why = "the checksum of a block of the directory is wrong";
	else if (!walk(unit, 0, end, NULL))
		slack->why = corrupt;
	else
		walk(unit, 0, end, slack);
}

void slack_dir_inline(const struct unit *unit, struct slack *slack)
{
	const struct inode *inode = unit->inode;
	size_t from = INODE_I_BLOCK + DIRENT_INLINE_PARENT, end = INODE_I_BLOCK + INODE_I_BLOCK_LEN;
	size_t rest = 0, rest_end = 0;
	struct inline_data data;

	if (!inode_is(inode, LINUX_S_IFDIR) || !(inode->flags & EXT4_INLINE_DATA_FL))
		return;
	if (!inline_find(unit->img, inode, &data)) {
		slack->why = corrupt;
		return;
	}
	if (data.rest) {
		rest = (size_t)(data.rest - inode->raw);
		rest_end = rest + data.rest_len;
	}
	if (!walk(unit, from, end, NULL) || !walk(unit, rest, rest_end, NULL)) {
		slack->why = corrupt;
		return;
	}
	if (data.hashed && slack->to)
		return;
	walk(unit, from, end, slack);
	walk(unit, rest, rest_end, slack);
	if (data.hashed && slack->examined.nonzero)
		slack->why = "a hash covers the entries of the directory";
}
