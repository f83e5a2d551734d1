// SPDX-License-Identifier: GPL-2.0-or-later
// Blocks that nobody has: whether an inode may have them that was not met, and giving them back.
#include "ledger/leaked.h"

#include "base/cleanup.h"
#include "base/vec.h"
#include "fixed/strays.h"
#include "image/groups.h"
#include "txn/alloc.h"
#include <errno.h>

/* ---- inodes that were not met ---- */

/* Whether names lead to inodes that are in use. */
struct seeing {
	const struct e4z_image *img;
	uint8_t *bitmap; /* of this group */
	uint32_t group;
	bool believed;
	bool lost; /* one leads elsewhere */
};

static bool in_use(struct seeing *s, uint32_t ino)
{
	const struct e4z_image *img = s->img;
	uint32_t per_group = img->fs->super->s_inodes_per_group, g, n;

	if (!ino || ino > img->inodes)
		return false;
	g = (ino - 1) / per_group;
	n = (ino - 1) % per_group;
	if (img->group[g].unreadable || n >= img->group[g].used)
		return false;
	if (g != s->group)
		s->believed = groups_read_inode_bitmap(img, g, s->bitmap);
	s->group = g;
	return s->believed && s->bitmap[n / 8] >> n % 8 & 1;
}

static bool on_name(void *arg, uint32_t ino)
{
	struct seeing *s = arg;

	s->lost |= !in_use(s, ino);
	return !s->lost;
}

errcode_t leaked_look_around(struct ledger *l, const struct tables *tables)
{
	AUTO_FREE uint8_t *bitmap = malloc(l->img->block_size);
	struct seeing s = {.img = l->img, .bitmap = bitmap, .group = UINT32_MAX};
	errcode_t err;

	if (l->incomplete || !rangeset_count(l->leaked))
		return 0;
	if (!bitmap)
		return ENOMEM;
	err = strays_each_name(l->img, tables, on_name, &s, &s.lost);
	l->incomplete = s.lost;
	return err;
}

/* ---- giving them back ---- */

errcode_t ledger_free_leaked(struct ledger *l, uint32_t g)
{
	const struct e4z_image *img = l->img;
	uint64_t ratio = img->cluster_ratio, from = ext2fs_group_first_block2(img->fs, g) / ratio;
	uint64_t end = (ext2fs_group_last_block2(img->fs, g) + ratio) / ratio, start, len;
	VEC(, struct run) runs = {0};
	errcode_t err = 0;

	while (!err && rangeset_next_in(l->leaked, &from, end, &start, &len)) {
		struct run run = {.pblk = start * ratio, .len = len * ratio};

		if (run.len > img->blocks - run.pblk)
			run.len = img->blocks - run.pblk;
		err = vec_push(&runs, run) ? ENOMEM : 0;
	}
	if (!err)
		err = alloc_give_all(l->img, runs.items, runs.count);
	vec_free(&runs);
	return err;
}
