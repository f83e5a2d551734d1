// SPDX-License-Identifier: GPL-2.0-or-later
// Goes through an inode's blocks once more for those that were claimed twice.
#include "scan/blame.h"

static bool blame_node(void *arg, uint64_t pblk)
{
	struct look *look = arg;

	look->blamed |= claims_conflict(look->claims, pblk, 1);
	return !look->blamed;
}

static void blame_run(void *arg, const struct run *run)
{
	struct look *look = arg;

	if (!look->img->shared_blocks)
		look->blamed |= claims_conflict(look->claims, run->pblk, run->len);
}

/* A block that an inode has beside its map, 0: it has none. */
static bool is_claimed_twice(const struct look *look, uint64_t block)
{
	return block && block < look->img->blocks && !look->img->shared_blocks &&
	       claims_conflict(look->claims, block, 1);
}

errcode_t blame_inode(struct look *look, const struct inode *inode)
{
	const struct map_sink sink = {.arg = look, .node = blame_node, .run = blame_run};

	if (look_leaves_out(inode->ino) || !inode->links)
		return 0;
	look->blamed = is_claimed_twice(look, inode->acl_block) ||
		       is_claimed_twice(look, inode->translator);
	if (!look->blamed && inode_has_map(inode))
		map_walk(look->img, &look->map, inode, &sink);
	if (!look->blamed)
		return 0;
	return findings_unreadable(look->findings, inode->ino, inode->size,
				   "blocks are claimed more than once");
}
