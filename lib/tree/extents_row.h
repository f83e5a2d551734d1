/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a list of extents keeps them: a row of items in chunks, searched by halving. Only
 * extents.c uses it.
 */
#ifndef E4Z_TREE_EXTENTS_ROW_H
#define E4Z_TREE_EXTENTS_ROW_H

#include "sets/slab.h"
#include <et/com_err.h>
#include <stdbool.h>

#define ROW_CHUNK 511
#define ROW_UNWRITTEN (1ull << 63)

struct item {
	uint32_t lblk, len;
	uint64_t where; /* physical block, and ROW_UNWRITTEN */
};

struct chunk {
	uint32_t count; /* never 0 in the directory */
	struct item items[ROW_CHUNK];
};

struct row {
	VEC(, struct chunk *) dir;
	struct slab slab; /* the chunks */
	size_t count;	  /* items */
};

/* One item; after the last one it is { dir.count, 0 }. */
struct place {
	size_t chunk, item;
};

static inline uint64_t item_end(const struct item *item)
{
	return (uint64_t)item->lblk + item->len;
}

/* B continues A. */
static inline bool item_joins(const struct item *a, const struct item *b)
{
	return item_end(a) == b->lblk && a->where + a->len == b->where;
}

void row_free(struct row *row);

/* The item at P; NULL after the last one. */
struct item *row_at(const struct row *row, struct place p);

/* The place of the first item that ends after LBLK. */
struct place row_locate(const struct row *row, uint64_t lblk);

/* The last item, or NULL. */
static inline struct item *row_last(const struct row *row)
{
	struct chunk *c = row->dir.count ? row->dir.items[row->dir.count - 1] : NULL;

	return c ? &c->items[c->count - 1] : NULL;
}

/* Move P to the item before it; false when there is none. */
bool row_back(const struct row *row, struct place *p);

/* Put ITEM before P. 0 or ENOMEM. */
errcode_t row_insert(struct row *row, struct place p, struct item item);
/* The same after the last one. */
errcode_t row_append(struct row *row, const struct item *item);
void row_remove(struct row *row, struct place p);

/* Drop the empty ones of the chunks [first, end). */
void row_sweep(struct row *row, size_t first, size_t end);

/* No item crosses LBLK any more. 0 or ENOMEM. */
errcode_t row_cut(struct row *row, uint64_t lblk);

/* The same at both ends of a range, or nothing is changed. */
errcode_t row_cut_range(struct row *row, uint64_t start, uint64_t end);

/* Join the items that meet at LBLK, if they do: true. */
bool row_join(struct row *row, uint64_t lblk);

#endif
