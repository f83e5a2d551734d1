/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tree blocks that several maps, or one map several times, lead to.
 *
 * Only the first who meets a block reads it, and whether the block is valid depends on who that is:
 * of the inode, by the checksum; of its place in the map, by depth and range. So what is below a
 * contested block is not taken from any walk. It is all that the block lists, whoever has it, and
 * the blocks below it are contested, too. This does not depend on who came first, and each block is
 * read once more at most for each way to read it.
 */
#ifndef E4Z_FINDINGS_CONTESTED_H
#define E4Z_FINDINGS_CONTESTED_H

#include "file/map.h"
#include "sets/rangeset.h"

struct contested {
	struct rangeset *met[MAP_POINTERS + 1]; /* tree blocks, by their pointers */
	struct rangeset *again;			/* those met more than once */
};

/* All zero before. ENOMEM. */
errcode_t contested_init(struct contested *c, uint64_t blocks);
void contested_free(struct contested *c);

/* The tree block PBLK with POINTERS is met. *FIRST: as such it was not met before. */
errcode_t contested_meet(struct contested *c, uint64_t pblk, unsigned pointers, bool *first);

/* Any block was met more than once. */
bool contested_any(const struct contested *c);

/* Is, or is below a block that is; the latter from contested_spread() on. */
static inline bool contested_has(const struct contested *c, uint64_t pblk)
{
	return rangeset_has(c->again, pblk);
}

/*
 * No more are met: all that is below contested blocks becomes contested, and RUN is called for what
 * the leaves list.
 */
errcode_t contested_spread(struct contested *c, const struct e4z_image *img, struct map_work *work,
			   void (*run)(void *arg, const struct run *run), void *arg);

#endif
