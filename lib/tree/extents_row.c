// SPDX-License-Identifier: GPL-2.0-or-later
// A row of items in chunks of up to 511, with a directory of the chunks: searched by halving,
// changed by moving at most a chunk and, when one comes or goes, the directory.
#include "tree/extents_row.h"

#include <string.h>

void row_free(struct row *row)
{
	slab_free(&row->slab);
	vec_free(&row->dir);
	row->count = 0;
}

struct item *row_at(const struct row *row, struct place p)
{
	return p.chunk < row->dir.count ? &row->dir.items[p.chunk]->items[p.item] : NULL;
}

struct place row_locate(const struct row *row, uint64_t lblk)
{
	size_t low = 0, high = row->dir.count;
	struct place p = {0};
	const struct chunk *c;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (row->dir.items[mid]->items[0].lblk <= lblk)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return p;
	p.chunk = low - 1;
	c = row->dir.items[p.chunk];
	for (low = 0, high = c->count; low < high;) {
		size_t mid = (low + high) / 2;

		if (item_end(&c->items[mid]) <= lblk)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == c->count)
		return (struct place){p.chunk + 1, 0};
	p.item = low;
	return p;
}

bool row_back(const struct row *row, struct place *p)
{
	if (p->item) {
		p->item--;
		return true;
	}
	if (!p->chunk)
		return false;
	p->chunk--;
	p->item = row->dir.items[p->chunk]->count - 1;
	return true;
}

/* An empty chunk at INDEX of the directory; the caller fills it. */
static struct chunk *chunk_add(struct row *row, size_t index)
{
	struct chunk *c;

	if (vec_grow(&row->dir.items, row->dir.count, &row->dir.room, sizeof(c)))
		return NULL;
	c = slab_take(&row->slab, sizeof(*c));
	if (!c)
		return NULL;
	c->count = 0;
	memmove(row->dir.items + index + 1, row->dir.items + index,
		(row->dir.count - index) * sizeof(c));
	row->dir.items[index] = c;
	row->dir.count++;
	return c;
}

void row_sweep(struct row *row, size_t first, size_t end)
{
	size_t kept = first;

	for (size_t i = first; i < end; i++) {
		if (row->dir.items[i]->count)
			row->dir.items[kept++] = row->dir.items[i];
		else
			slab_give(&row->slab, row->dir.items[i]);
	}
	if (kept == end)
		return;
	memmove(row->dir.items + kept, row->dir.items + end,
		(row->dir.count - end) * sizeof(row->dir.items[0]));
	row->dir.count -= end - kept;
}

/* Make the chunk of P have room; P moves along. */
static errcode_t make_room(struct row *row, struct place *p)
{
	struct chunk *c, *more;

	/* before a chunk's first item is also after the last one of the chunk before it */
	if (p->chunk && !p->item) {
		p->chunk--;
		p->item = row->dir.items[p->chunk]->count;
	}
	if (!row->dir.count)
		return chunk_add(row, 0) ? 0 : ENOMEM;
	c = row->dir.items[p->chunk];
	if (c->count < ROW_CHUNK)
		return 0;
	more = chunk_add(row, p->chunk + 1);
	if (!more)
		return ENOMEM;
	if (p->item == ROW_CHUNK) {
		/* files mostly grow at their end: leave the chunk full */
		*p = (struct place){p->chunk + 1, 0};
		return 0;
	}
	more->count = ROW_CHUNK - ROW_CHUNK / 2;
	c->count = ROW_CHUNK / 2;
	memcpy(more->items, c->items + c->count, more->count * sizeof(struct item));
	if (p->item > c->count)
		*p = (struct place){p->chunk + 1, p->item - c->count};
	return 0;
}

errcode_t row_insert(struct row *row, struct place p, struct item item)
{
	errcode_t err = make_room(row, &p);
	struct chunk *c;

	if (err)
		return err;
	c = row->dir.items[p.chunk];
	memmove(c->items + p.item + 1, c->items + p.item,
		(c->count - p.item) * sizeof(struct item));
	c->items[p.item] = item;
	c->count++;
	row->count++;
	return 0;
}

errcode_t row_append(struct row *row, const struct item *item)
{
	struct chunk *c = row->dir.count ? row->dir.items[row->dir.count - 1] : NULL;

	if (!c || c->count == ROW_CHUNK)
		return row_insert(row, (struct place){row->dir.count, 0}, *item);
	c->items[c->count++] = *item;
	row->count++;
	return 0;
}

void row_remove(struct row *row, struct place p)
{
	struct chunk *c = row->dir.items[p.chunk];

	c->count--;
	memmove(c->items + p.item, c->items + p.item + 1,
		(c->count - p.item) * sizeof(struct item));
	row->count--;
	row_sweep(row, p.chunk, p.chunk + 1);
}

errcode_t row_cut(struct row *row, uint64_t lblk)
{
	struct place p = row_locate(row, lblk);
	struct item *item = row_at(row, p), tail;
	errcode_t err;

	if (!item || item->lblk >= lblk)
		return 0;
	tail = (struct item){
		.lblk = (uint32_t)lblk,
		.len = (uint32_t)(item_end(item) - lblk),
		.where = item->where + (lblk - item->lblk),
	};
	item->len -= tail.len;
	p.item++;
	err = row_insert(row, p, tail);
	if (err)
		item->len += tail.len;
	return err;
}

bool row_join(struct row *row, uint64_t lblk)
{
	struct place p = row_locate(row, lblk), before = p;
	struct item *item = row_at(row, p);

	if (!item || item->lblk != lblk || !row_back(row, &before) ||
	    !item_joins(row_at(row, before), item))
		return false;
	row_at(row, before)->len += item->len;
	row_remove(row, p);
	return true;
}

errcode_t row_cut_range(struct row *row, uint64_t start, uint64_t end)
{
	errcode_t err = row_cut(row, start);

	if (!err) {
		err = row_cut(row, end);
		if (err)
			row_join(row, start);
	}
	return err;
}
