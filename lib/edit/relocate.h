/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moves dirty blocks to new places, where nobody sees them until the commit: what can be seen and
 * is too much for the log is then a switch of the map, as atomic as the log would have made it.
 */
#ifndef E4Z_EDIT_RELOCATE_H
#define E4Z_EDIT_RELOCATE_H

#include "edit/edit.h"

/* Dirty blocks of F that can be seen: each takes a block of the log. */
uint64_t relocate_blocks(const struct edit_file *f);

/*
 * Give the clusters of those blocks new places; they are dirty over unwritten blocks afterwards.
 * *MOVED: how many blocks. None is moved without extents, or when there is no room for all of them.
 * Not under an open handle.
 */
errcode_t relocate(struct edit_file *f, uint64_t *moved);

#endif
