// SPDX-License-Identifier: GPL-2.0-or-later
// Walks the inode tables in the order of inode numbers.
#include "scan/inodes.h"

#include "base/bytes.h"
#include "image/groups.h"
#include <errno.h>
#include <stdlib.h>

#define PIECE_BYTES 262144

static uint32_t per_group(const struct inodes *it)
{
	return it->img->fs->super->s_inodes_per_group;
}

static uint32_t per_piece(const struct inodes *it)
{
	return PIECE_BYTES / it->img->inode_size ? PIECE_BYTES / it->img->inode_size : 1;
}

errcode_t inodes_open(struct e4z_image *img, struct inodes *it)
{
	errcode_t err;

	*it = (struct inodes){.img = img};
	err = groups_load(img);
	if (err)
		return err;
	it->table = blkdev_buffer((size_t)per_piece(it) * img->inode_size);
	it->bitmap = malloc(img->block_size);
	return it->table && it->bitmap ? 0 : ENOMEM;
}

void inodes_close(struct inodes *it)
{
	free(it->table);
	free(it->bitmap);
}

/* In use, as far as its group's bitmap can tell, and its own fields if it cannot. */
static bool in_use(const struct inodes *it, uint32_t n, const uint8_t *raw)
{
	if (it->believed)
		return it->bitmap[n / 8] >> n % 8 & 1;
	return get_le16(raw + I_MODE) && get_le16(raw + I_LINKS);
}

/* Read the piece that begins at it->next. */
static bool read_piece(struct inodes *it)
{
	const struct e4z_image *img = it->img;
	const struct group *group = &img->group[it->group];
	uint32_t left = group->used - it->next, n = per_piece(it);
	uint64_t off;

	n = n < left ? n : left;
	off = group->itable * img->block_size + (uint64_t)it->next * img->inode_size;
	it->end = it->next + n;
	return image_read(img, off, (size_t)n * img->inode_size, it->table) == 0;
}

/* Go to the group whose turn it is. False: it cannot be read. */
static bool enter_group(struct inodes *it)
{
	if (it->img->group[it->group].unreadable)
		return false;
	it->believed = groups_read_inode_bitmap(it->img, it->group, it->bitmap);
	return true;
}

static void leave_group(struct inodes *it)
{
	it->group++;
	it->next = it->end = 0;
}

enum inodes_met inodes_next(struct inodes *it, struct inode *inode)
{
	const struct e4z_image *img = it->img;

	while (it->group < img->groups) {
		uint32_t first = it->group * per_group(it) + 1, n;
		uint8_t *raw;

		if (!it->next && !it->end && !enter_group(it)) {
			leave_group(it);
			*inode = (struct inode){.ino = first};
			return INODES_LOST;
		}
		if (it->next == it->end) {
			if (it->next >= img->group[it->group].used) {
				leave_group(it);
				continue;
			}
			if (!read_piece(it)) {
				*inode = (struct inode){.ino = first + it->next};
				it->next = it->end;
				return INODES_LOST;
			}
		}
		n = it->next++;
		/* a piece is as long as any, but the last of a group: it ends at it->end */
		raw = it->table + (size_t)(n % per_piece(it)) * img->inode_size;
		if (!in_use(it, n, raw))
			continue;
		inode_decode(img, first + n, raw, inode);
		return inode_checksum_ok(img, first + n, raw) ? INODES_ONE : INODES_UNREADABLE;
	}
	return INODES_END;
}
