/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of memory of one size, for what may grow large: they lie in areas, which grow, and from
 * some size on are whole huge pages, so that not every 4 KiB of them is a page fault. Those cost
 * more than what is written into the page (20 times as much in a virtual machine).
 */
#ifndef E4Z_SETS_SLAB_H
#define E4Z_SETS_SLAB_H

#include "base/vec.h"

/* All zero is empty. */
struct slab {
	VEC(, void *) areas;
	uint8_t *next; /* in the last area, of which LEFT pieces were never taken */
	size_t left, pieces;
	void *given; /* a list of those given back */
};

/* A piece of SIZE bytes, always the same and a multiple of 8; NULL when memory runs out. */
void *slab_take(struct slab *slab, size_t size);
void slab_give(struct slab *slab, void *piece);

/* Free all pieces. */
void slab_free(struct slab *slab);

#endif
