/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes revoke blocks, which the library only reads. */
#ifndef TESTS_REVOKES_H
#define TESTS_REVOKES_H

#include "journal/jbd2.h"

/* The number of records that one block takes. */
uint32_t revokes_room(const struct jbd2_shape *shape);

/*
 * Begin a block, add records, end it; the checksum comes after the end. An add that does not fit
 * changes nothing and says ENOSPC; a block number past 2^32 without 64BIT is EOVERFLOW.
 */
void revokes_begin(struct jbd2_builder *b, const struct jbd2_shape *shape, void *block,
		   uint32_t tid);
int revokes_add(struct jbd2_builder *b, uint64_t block);
void revokes_end(struct jbd2_builder *b);

#endif
