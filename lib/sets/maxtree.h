/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An array of numbers that is asked for the next one that is large enough: a segment tree of the
 * maxima, so that both setting and finding take the logarithm of the length.
 */
#ifndef E4Z_SETS_MAXTREE_H
#define E4Z_SETS_MAXTREE_H

#include <stddef.h>
#include <stdint.h>

struct maxtree;

/* COUNT numbers, all 0; NULL when memory runs out. */
struct maxtree *maxtree_new(uint32_t count);
void maxtree_free(struct maxtree *tree);

void maxtree_set(struct maxtree *tree, uint32_t i, uint32_t value);
uint32_t maxtree_get(const struct maxtree *tree, uint32_t i);

/* The first index at or after FROM whose number is LEAST (> 0) or more; the length if none is. */
uint32_t maxtree_find(const struct maxtree *tree, uint32_t from, uint32_t least);

#endif
