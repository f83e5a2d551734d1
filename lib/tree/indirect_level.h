/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the halves of the indirect map share: three rows of pointer blocks, each kept in the order
 * of the ranges they stand for.
 *
 * The blocks of a level are numbered by their place: block 0 hangs in i_block, block 1 + i at place
 * i % P of block i / P of the level above, with P pointers a block. So block q of level 1 maps P
 * logical blocks from 12 + q * P on.
 */
#ifndef E4Z_TREE_INDIRECT_LEVEL_H
#define E4Z_TREE_INDIRECT_LEVEL_H

#include "base/vec.h"
#include "tree/indirect.h"

#define LEVELS 3

struct pointers {
	uint32_t index;
	uint32_t pblk; /* 0: taken when the plan is carried out */
	bool write;
};

VEC(pointer_row, struct pointers);

struct indirect {
	uint32_t block_size;
	uint32_t per_block;
	struct pointer_row now[LEVELS], next[LEVELS]; /* level 1 is [0] */
	struct pointer_row was[LEVELS];		      /* before the first emit since the mark */
	bool keeps, has_was;
	VEC(, uint32_t) spare;
	uint64_t planned;
	bool has_plan;
};

void indirect_rows_free(struct pointer_row *rows);

/*
 * Where the children of block UP begin in ROW, the row of the level below it, at or after *AT, and
 * how many they are.
 */
size_t indirect_children(const struct indirect *map, const struct pointer_row *row, size_t *at,
			 uint32_t up);

#endif
