/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One name of a directory by way of its hash tree, as ext4_dx_find_entry() of the kernel.
 *
 * The tree only says in which block a name should be. What it leads to is an entry of the directory
 * that dir_walk() would come across too, whatever the tree's bytes are: a corrupt tree can miss a
 * name but never invent one. So a hit counts, and after a miss the caller walks the directory. That
 * holds with checksums too: they prove what was written, not that the name was hashed as we do it
 * (signed or unsigned, the Unicode version of a casefolded directory).
 */
#ifndef E4Z_PATH_HTREE_H
#define E4Z_PATH_HTREE_H

#include "path/dir.h"

/*
 * Look for FIND->name in the directory INODE; true: FIND->ino is set. False says nothing: there is
 * no tree, it is corrupt, its hash is one that needs a key, or the name is not where it should be.
 * Of *BUDGET every block read is taken. Only the calling thread (libext2fs makes the hash).
 */
bool htree_find(const struct e4z_image *img, struct map_work *work, const struct inode *inode,
		uint64_t *budget, struct dir_find *find);

#endif
