// SPDX-License-Identifier: GPL-2.0-or-later
// Examines one inode without links: why it must not be freed, and which blocks it has.
#include "unlinked/unlinked.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "file/inline.h"
#include "file/map.h"
#include "format/system.h"
#include "image/groups.h"
#include "unlinked/held.h"
#include <errno.h>
#include <stdlib.h>

/* ---- blocks ---- */

struct walk {
	struct rangeset *blocks;
	bool twice;
	errcode_t err;
};

static void take(struct walk *w, uint64_t pblk, uint64_t len, bool *again)
{
	if (!w->err)
		w->err = rangeset_add(w->blocks, pblk, len, again);
}

static bool on_node(void *arg, uint64_t pblk)
{
	struct walk *w = arg;
	bool again = false;

	take(w, pblk, 1, &again);
	w->twice |= again;
	return !again && !w->err;
}

static void on_run(void *arg, const struct run *run)
{
	struct walk *w = arg;

	take(w, run->pblk, run->len, &w->twice);
}

/* INODE has no inline data, or space for as much as its size says. */
static bool has_room(const struct e4z_image *img, const struct inode *inode)
{
	struct inline_data data;

	return !(inode->flags & EXT4_INLINE_DATA_FL) ||
	       (inline_find(img, inode, &data) && inode->size <= inline_capacity(&data));
}

/* What INODE maps, and its tree, go to BLOCKS. *WHY: as map_walk(), or a block is met twice.
 */
static errcode_t collect(const struct e4z_image *img, const struct inode *inode,
			 struct rangeset *blocks, const char **why)
{
	struct walk w = {.blocks = blocks};
	const struct map_sink sink = {.arg = &w, .node = on_node, .run = on_run};
	struct map_work work = {.stop = NULL};
	errcode_t err = map_work_init(img, &work);

	*why = NULL;
	if (!err && inode_has_map(inode))
		*why = map_walk(img, &work, inode, &sink);
	map_work_free(&work);
	if (!*why && w.twice)
		*why = "a block is mapped twice";
	if (!*why && !has_room(img, inode))
		*why = "inline data is corrupt or smaller than the file size";
	return err ? err : w.err;
}

/* Why BLOCKS are not certain to be one inode's, or NULL. */
static const char *fault_of_blocks(const struct unlinked_facts *facts,
				   const struct rangeset *blocks)
{
	const struct e4z_image *img = facts->img;
	uint64_t ratio = img->cluster_ratio, from = 0, start, len;

	while (rangeset_next(blocks, &from, &start, &len)) {
		uint64_t first = start / ratio, count = (start + len - 1) / ratio + 1 - first;

		if (rangeset_meets(facts->disputed, first, count))
			return "its blocks are claimed more than once, or free in the block "
			       "bitmap";
		if (doubt_meets(facts->doubt, start, len))
			return "a block may belong to an inode that cannot be read";
		for (uint32_t g = ext2fs_group_of_blk2(img->fs, start);
		     g <= ext2fs_group_of_blk2(img->fs, start + len - 1); g++)
			if (rangeset_has(facts->unbelieved, g))
				return "the block bitmap of a group is not valid";
	}
	return NULL;
}

/* ---- what is shared ---- */

static errcode_t examine_value(const struct unlinked_facts *facts, const struct inode *parent,
			       uint32_t value, struct rangeset *shared, const char **why)
{
	AUTO_FREE uint8_t *raw = malloc(facts->img->inode_size);
	struct inode inode;
	errcode_t err;

	if (!raw)
		return ENOMEM;
	err = held_read_value(facts->img, parent, value, raw, &inode, why);
	if (!err && !*why && rangeset_has(facts->unreadable, value))
		*why = "an extended attribute is in an inode that cannot be read";
	/* the list would go on with it where it is free */
	if (!err && !*why && rangeset_has(facts->orphans, value))
		*why = "an extended attribute is in an inode that is an orphan";
	return err || *why ? err : collect(facts->img, &inode, shared, why);
}

static errcode_t examine_held(const struct unlinked_facts *facts, const struct inode *inode,
			      struct unlinked *u)
{
	struct rangeset *shared = rangeset_new(facts->img->blocks);
	struct held held = {.block = 0};
	errcode_t err = shared ? held_read(facts->img, inode, &held, &u->why) : ENOMEM;

	u->shares = held.block || held.values.count || inode->flags & EXT4_EA_INODE_FL;
	if (!err && !u->why && held.block)
		err = rangeset_add(shared, held.block, 1, NULL);
	for (size_t i = 0; i < held.values.count && !err && !u->why; i++)
		err = examine_value(facts, inode, held.values.items[i].ino, shared, &u->why);
	held_free(&held);
	if (!err && !u->why)
		u->why = fault_of_blocks(facts, shared);
	rangeset_free(shared);
	return err;
}

/* ---- the inode ---- */

/* Why INODE is left for what it is itself, or NULL; BITMAP is that of its group. */
static const char *fault_of_inode(const struct unlinked_facts *facts, const struct inode *inode,
				  const uint8_t *bitmap, bool believed)
{
	const struct e4z_image *img = facts->img;
	uint32_t n = (inode->ino - 1) % img->fs->super->s_inodes_per_group;
	uint32_t g = (inode->ino - 1) / img->fs->super->s_inodes_per_group;

	if (!believed)
		return "the inode bitmap of its group is not valid";
	if (n >= img->group[g].used || !(bitmap[n / 8] >> n % 8 & 1))
		return "the inode is free in the inode bitmap";
	if (!inode_checksum_ok(img, inode->ino, inode->raw))
		return "the inode's checksum is wrong";
	if (!rangeset_has(facts->orphans, inode->ino))
		return "neither the orphan list nor the orphan file names the inode";
	if (is_system_inode(img->fs->super, inode->ino))
		return "the inode is a system inode";
	if (img->shared_blocks)
		return "files share blocks";
	if (inode->translator)
		return "the inode has a translator";
	if (inode->flags & EXT4_EA_INODE_FL && held_references(inode->raw))
		return "the inode holds an extended attribute of other inodes";
	return NULL;
}

/* The slot of INO into RAW: false where it cannot be read. */
static bool read_slot(const struct e4z_image *img, uint32_t ino, uint8_t *raw, struct inode *inode)
{
	uint64_t block;
	uint32_t off;

	if (img->group[(ino - 1) / img->fs->super->s_inodes_per_group].unreadable)
		return false;
	inode_place(img, ino, &block, &off);
	if (image_read(img, (block << img->block_bits) + off, img->inode_size, raw))
		return false;
	inode_decode(img, ino, raw, inode);
	return true;
}

static errcode_t examine(const struct unlinked_facts *facts, const struct inode *inode,
			 struct unlinked *u, struct rangeset *own)
{
	const char *why = NULL;
	errcode_t err = 0;

	if (inode_checksum_ok(facts->img, inode->ino, inode->raw))
		err = collect(facts->img, inode, own, &why);
	if (!u->why)
		u->why = why;
	if (!u->why)
		u->why = fault_of_blocks(facts, own);
	return err || u->why ? err : examine_held(facts, inode, u);
}

errcode_t unlinked_examine(const struct unlinked_facts *facts, uint32_t ino, struct unlinked *u,
			   struct rangeset *own)
{
	struct e4z_image *img = facts->img;
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	AUTO_FREE uint8_t *bitmap = NULL;
	struct inode inode;
	bool believed;

	*u = (struct unlinked){.ino = ino};
	if (!raw)
		return ENOMEM;
	/* what cannot be read is a finding already; with links it is no orphan of ours */
	if (!read_slot(img, ino, raw, &inode) || inode.links)
		return 0;
	bitmap = malloc(img->block_size);
	if (!bitmap)
		return ENOMEM;
	believed = groups_read_inode_bitmap(img, (ino - 1) / img->fs->super->s_inodes_per_group,
					    bitmap);
	u->why = fault_of_inode(facts, &inode, bitmap, believed);
	u->size = inode.size;
	u->exists = !bytes_are_zero(raw, img->inode_size);
	return u->exists ? examine(facts, &inode, u, own) : 0;
}
