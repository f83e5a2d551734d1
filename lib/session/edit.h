/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One file that is being edited: its inode's slot in the transaction, its map in memory, and the
 * blocks that come and go with it.
 */
#ifndef E4Z_SESSION_EDIT_H
#define E4Z_SESSION_EDIT_H

#include "base/vec.h"
#include "file/extents.h"
#include "file/indirect.h"
#include "file/inode.h"
#include "file/tree.h"
#include "image/image.h"

VEC(unmapped_vec, struct run);

struct edit_file {
	struct e4z_image *img;
	struct inode inode;	      /* raw is in the transaction */
	struct extents *list;	      /* NULL: inline data */
	struct tree *tree;	      /* extents, or */
	struct indirect *map;	      /* indirect blocks */
	int64_t sectors;	      /* to be added to i_blocks, in 512 bytes */
	uint64_t taken, given;	      /* blocks */
	struct unmapped_vec unmapped; /* to be freed */
	bool changed;		      /* the map */
	errcode_t err;
};

/*
 * Open the inode INO for editing: its checksum and its mapping hold every rule of
 * doc/findings.md, no block is in it twice. Give it to edit_close() in any case.
 */
errcode_t edit_open(struct e4z_image *img, uint32_t ino, struct edit_file *f);
void edit_close(struct edit_file *f);

/* Unmap [lblk, lblk + len) and free what no other block of the file shares a cluster with. */
errcode_t edit_unmap(struct edit_file *f, uint64_t lblk, uint64_t len);

/*
 * Have what is written in [lblk, lblk + len), behind EOF, not come into sight when the size grows:
 * it becomes unwritten, or is freed where there is no such state, without MAY_KEEP, and in deep
 * trees, where e2fsck takes unwritten blocks behind EOF for damage.
 */
errcode_t edit_hide(struct edit_file *f, uint64_t lblk, uint64_t len, bool may_keep);

/*
 * Map the hole at LBLK, whose cluster has no other block of the file, to a new block with CONTENT,
 * which is at home before the commit.
 */
errcode_t edit_map_new(struct edit_file *f, uint64_t lblk, const void *content);

/* Put the map and the inode into the transaction: tree blocks, i_blocks, size, times, checksum. */
errcode_t edit_finish(struct edit_file *f, bool stamp);

/* Under LARGE_FILE where that is needed. */
errcode_t edit_set_size(struct edit_file *f, uint64_t size);

/* Give up inline data for an empty map of the kind that the file system makes. */
errcode_t edit_leave_inline(struct edit_file *f);

#endif
