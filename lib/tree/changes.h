/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ranges of logical blocks that were changed. They are appended as they come, and put in order when
 * they have doubled, or when they are asked for.
 */
#ifndef E4Z_TREE_CHANGES_H
#define E4Z_TREE_CHANGES_H

#include "base/bytes.h"
#include "base/vec.h"
#include <et/com_err.h>

/* All zero is empty. */
struct changes {
	VEC(, struct e4z_span) spans;
	size_t sort_at; /* their number at which they are put in order next */
};

/* Space for at least one more range. 0 or ENOMEM. */
errcode_t changes_reserve(struct changes *changes);

/* Add [start, end), after changes_reserve(); a wider range where memory runs out. */
void changes_add(struct changes *changes, uint64_t start, uint64_t end);

/* Disjoint ranges in ascending order. */
void changes_sort(struct changes *changes);

void changes_clear(struct changes *changes);

#endif
