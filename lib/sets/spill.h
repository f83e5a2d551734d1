/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sorting more records than memory should hold: records of one size are collected, sorted runs go
 * to an unlinked temporary file, and are merged on the way out.
 */
#ifndef E4Z_SETS_SPILL_H
#define E4Z_SETS_SPILL_H

#include "sets/tmpfiles.h"
#include <et/com_err.h>
#include <stddef.h>
#include <stdint.h>

struct spill;

/* Total order over two records; must not return 0 for records that differ. */
typedef int (*spill_compare)(const void *a, const void *b);

/* Keep at most MAX_ITEMS records of ITEM_SIZE bytes in memory. FILES may be NULL. */
errcode_t spill_new(size_t item_size, size_t max_items, spill_compare compare,
		    struct tmpfiles *files, struct spill **spill);
void spill_free(struct spill *spill);

errcode_t spill_add(struct spill *spill, const void *item);

/* No more spill_add; start, or start again, at the smallest record. */
errcode_t spill_rewind(struct spill *spill);

/* The next record, valid until the next call, or NULL in *ITEM at the end. */
errcode_t spill_next(struct spill *spill, const void **item);

#endif
