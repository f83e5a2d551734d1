// SPDX-License-Identifier: GPL-2.0-or-later
// Goes through an inode's blocks once more for those that were claimed twice.
#include "exam/blame.h"

static bool blame_node(void *arg, uint64_t pblk)
{
	struct exam *exam = arg;

	exam->blamed |= claims_conflict(exam->claims, pblk, 1);
	return !exam->blamed;
}

static void blame_run(void *arg, const struct run *run)
{
	struct exam *exam = arg;

	if (!exam->img->shared_blocks)
		exam->blamed |= claims_conflict(exam->claims, run->pblk, run->len);
}

/* A block that an inode has beside its map, 0: it has none. */
static bool is_claimed_twice(const struct exam *exam, uint64_t block)
{
	return block && block < exam->img->blocks && !exam->img->shared_blocks &&
	       claims_conflict(exam->claims, block, 1);
}

errcode_t blame_inode(struct exam *exam, const struct inode *inode)
{
	const struct map_sink sink = {.arg = exam, .node = blame_node, .run = blame_run};
	const char *damage = NULL;

	if (exam_leaves_out(inode->ino) || !inode->links)
		return 0;
	exam->blamed = is_claimed_twice(exam, inode->acl_block) ||
		       is_claimed_twice(exam, inode->translator);
	exam->map.err = 0;
	if (!exam->blamed && inode_has_map(inode))
		damage = map_walk(exam->img, &exam->map, inode, &sink);
	/* if it was readable before, its claims are now unknown */
	if (!exam->blamed && exam->map.err)
		return findings_unreadable(exam->findings, inode->ino, inode->size, damage);
	if (!exam->blamed)
		return 0;
	exam->blamed_dir |= inode_is(inode, LINUX_S_IFDIR);
	return findings_unreadable(exam->findings, inode->ino, inode->size, findings_claimed_twice);
}
