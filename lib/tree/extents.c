// SPDX-License-Identifier: GPL-2.0-or-later
// An ordered map of a file that is changed in ranges.
//
// A range operation cuts the list at both ends of its range first, which needs memory at most
// twice, and then cannot fail any more.
#include "tree/extents.h"

#include "tree/changes.h"
#include "tree/extents_row.h"

#define MAX_WRITTEN 32768 /* blocks of one leaf entry */
#define MAX_UNWRITTEN 32767

struct extents {
	struct row row;
	struct changes changes;
	uint64_t cookie;
};

struct extents *extents_new(void)
{
	return calloc(1, sizeof(struct extents));
}

void extents_free(struct extents *list)
{
	if (!list)
		return;
	row_free(&list->row);
	changes_clear(&list->changes);
	free(list);
}

size_t extents_count(const struct extents *list)
{
	return list->row.count;
}

uint64_t extents_cookie(const struct extents *list)
{
	return list->cookie;
}

static struct run item_run(const struct item *item)
{
	return (struct run){
		.pblk = item->where & ~ROW_UNWRITTEN,
		.lblk = item->lblk,
		.len = item->len,
		.unwritten = item->where & ROW_UNWRITTEN,
	};
}

/* Before a change, which then cannot fail for want of memory to note it. */
static errcode_t begin_change(struct extents *list)
{
	list->cookie++;
	return changes_reserve(&list->changes);
}

/*
 * [start, end) was changed; where it grew together with a neighbour, that one's entry changes
 * too.
 */
static void mark_changed(struct extents *list, uint64_t start, uint64_t end, bool left, bool right)
{
	changes_add(&list->changes, start - (left && start), end + right);
}

errcode_t extents_touch(struct extents *list, uint64_t start, uint64_t len)
{
	errcode_t err = begin_change(list);

	if (!err)
		changes_add(&list->changes, start, start + len);
	return err;
}

errcode_t extents_dirty(struct extents *list, const struct e4z_span **spans, size_t *count)
{
	changes_sort(&list->changes);
	*spans = list->changes.spans.items;
	*count = list->changes.spans.count;
	return 0;
}

size_t extents_changes(const struct extents *list)
{
	return list->changes.spans.count;
}

void extents_clean(struct extents *list)
{
	changes_clear(&list->changes);
}

/* RUN can be said in an item and lies below EXTENTS_END. */
static bool run_ok(const struct run *run)
{
	return run->len && run->lblk < EXTENTS_END && run->len <= EXTENTS_END - run->lblk &&
	       run->pblk < ROW_UNWRITTEN - run->len;
}

static struct item run_item(const struct run *run)
{
	return (struct item){
		.lblk = (uint32_t)run->lblk,
		.len = (uint32_t)run->len,
		.where = run->pblk | (run->unwritten ? ROW_UNWRITTEN : 0),
	};
}

errcode_t extents_load(struct extents *list, const struct run *run)
{
	const struct item item = run_item(run);
	struct item *last = row_last(&list->row);

	if (!run_ok(run) || (last && item_end(last) > run->lblk))
		return E4Z_ET_CORRUPT_MAP;
	if (last && item_joins(last, &item)) {
		last->len += item.len;
		return 0;
	}
	return row_append(&list->row, &item);
}

bool extents_find(const struct extents *list, uint64_t lblk, struct run *run)
{
	const struct item *item = row_at(&list->row, row_locate(&list->row, lblk));

	if (item && item->lblk <= lblk) {
		*run = item_run(item);
		return true;
	}
	*run = (struct run){.lblk = lblk, .len = (item ? item->lblk : EXTENTS_END) - lblk};
	return false;
}

/* A range of logical blocks: its end; false when it is none. */
static bool range_end(uint64_t lblk, uint64_t len, uint64_t *end)
{
	*end = lblk + len;
	return lblk <= EXTENTS_END && len <= EXTENTS_END - lblk;
}

errcode_t extents_remove(struct extents *list, uint64_t lblk, uint64_t len, extents_freed *freed,
			 void *arg)
{
	const struct item *item = row_at(&list->row, row_locate(&list->row, lblk));
	struct place p;
	uint64_t end, last = lblk;
	errcode_t err;
	size_t first, i;

	if (!range_end(lblk, len, &end))
		return E4Z_ET_USAGE;
	if (!len || !item || item->lblk >= end)
		return 0;
	err = begin_change(list);
	if (!err)
		err = row_cut_range(&list->row, lblk, end);
	if (err)
		return err;
	p = row_locate(&list->row, lblk);
	first = p.chunk;
	lblk = row_at(&list->row, p)->lblk;
	for (; p.chunk < list->row.dir.count; p.chunk++, p.item = 0) {
		struct chunk *c = list->row.dir.items[p.chunk];

		for (i = p.item; i < c->count && c->items[i].lblk < end; i++) {
			struct run run = item_run(&c->items[i]);

			last = run.lblk + run.len;
			if (freed)
				freed(arg, &run);
		}
		list->row.count -= i - p.item;
		memmove(c->items + p.item, c->items + i, (c->count - i) * sizeof(*c->items));
		c->count -= (uint32_t)(i - p.item);
		if (c->count > p.item) {
			p.chunk++;
			break;
		}
	}
	row_sweep(&list->row, first, p.chunk);
	/* between the first and the last of what went nothing is left: it is one range */
	mark_changed(list, lblk, last, false, false);
	return 0;
}

/* The first and the end of what in [start, *end) is not in STATE yet; false when all is. */
static bool narrow_to_change(const struct extents *list, uint64_t *start, uint64_t *end,
			     uint64_t state)
{
	struct extents_walk walk;
	struct run run;
	uint64_t from = 0, to = 0;

	extents_walk_start(list, &walk, *start, *end, false);
	while (extents_walk_next(list, &walk, &run)) {
		if (run.unwritten == (state != 0))
			continue;
		if (!to)
			from = run.lblk;
		to = run.lblk + run.len;
	}
	*start = from;
	*end = to;
	return to != 0;
}

/*
 * Change the items of one chunk from INDEX on, up to END and the one after it, joining them to
 * *LAST and to each other; *LAST becomes the last item kept. False when END is reached.
 */
static bool change_chunk(struct extents *list, struct chunk *c, size_t index, uint64_t end,
			 uint64_t state, struct item **last)
{
	size_t kept = index, i = index;
	bool more = true;

	for (; i < c->count && more; i++) {
		struct item item = c->items[i];
		bool changed = item.lblk < end && (item.where & ROW_UNWRITTEN) != state, joined;

		more = item.lblk < end;
		if (changed)
			item.where ^= ROW_UNWRITTEN;
		joined = *last && item_joins(*last, &item);
		if (changed || joined)
			mark_changed(list, item.lblk, item_end(&item), joined, false);
		if (joined) {
			(*last)->len += item.len;
			continue;
		}
		c->items[kept] = item;
		*last = &c->items[kept++];
	}
	memmove(c->items + kept, c->items + i, (c->count - i) * sizeof(*c->items));
	list->row.count -= i - kept;
	c->count -= (uint32_t)(i - kept);
	return more;
}

errcode_t extents_set_state(struct extents *list, uint64_t lblk, uint64_t len, bool unwritten)
{
	uint64_t state = unwritten ? ROW_UNWRITTEN : 0, end;
	struct place p, before;
	struct item *last;
	errcode_t err;
	size_t first, i;
	bool more;

	if (!range_end(lblk, len, &end))
		return E4Z_ET_USAGE;
	if (!narrow_to_change(list, &lblk, &end, state))
		return 0;
	err = begin_change(list);
	if (!err)
		err = row_cut_range(&list->row, lblk, end);
	if (err)
		return err;
	p = before = row_locate(&list->row, lblk);
	last = row_back(&list->row, &before) ? row_at(&list->row, before) : NULL;
	first = p.chunk;
	for (i = first, more = true; i < list->row.dir.count && more; i++, p.item = 0)
		more = change_chunk(list, list->row.dir.items[i], p.item, end, state, &last);
	row_sweep(&list->row, first, i);
	return 0;
}

errcode_t extents_map(struct extents *list, const struct run *run)
{
	struct place p, before;
	struct item *next, *prev, item;
	bool left, right;
	errcode_t err;

	if (!run_ok(run))
		return E4Z_ET_USAGE;
	item = run_item(run);
	p = before = row_locate(&list->row, run->lblk);
	next = row_at(&list->row, p);
	if (next && next->lblk < run->lblk + run->len)
		return E4Z_ET_USAGE;
	err = begin_change(list);
	if (err)
		return err;
	prev = row_back(&list->row, &before) ? row_at(&list->row, before) : NULL;
	left = prev && item_joins(prev, &item);
	right = next && item_joins(&item, next);
	if (left) {
		prev->len += item.len;
		if (right) {
			prev->len += next->len;
			row_remove(&list->row, p);
		}
	} else if (right) {
		next->lblk = item.lblk;
		next->len += item.len;
		next->where = item.where;
	} else {
		err = row_insert(&list->row, p, item);
		if (err)
			return err;
	}
	mark_changed(list, run->lblk, run->lblk + run->len, left, right);
	return 0;
}

/* Move every item from P on by DELTA blocks, modulo 2^32. */
static void shift(struct extents *list, struct place p, uint32_t delta)
{
	for (; p.chunk < list->row.dir.count; p.chunk++, p.item = 0) {
		struct chunk *c = list->row.dir.items[p.chunk];

		for (; p.item < c->count; p.item++)
			c->items[p.item].lblk += delta;
	}
}

errcode_t extents_collapse(struct extents *list, uint64_t lblk, uint64_t len, extents_freed *freed,
			   void *arg)
{
	errcode_t err = begin_change(list);
	struct place p;

	if (!err)
		err = extents_remove(list, lblk, len, freed, arg);
	if (err || !len)
		return err;
	p = row_locate(&list->row, lblk);
	if (!row_at(&list->row, p))
		return 0;
	shift(list, p, (uint32_t)-len);
	mark_changed(list, lblk, EXTENTS_END, row_join(&list->row, lblk), false);
	return 0;
}

errcode_t extents_insert(struct extents *list, uint64_t lblk, uint64_t len)
{
	struct place last = {list->row.dir.count, 0};
	struct item *item = row_at(&list->row, row_locate(&list->row, lblk));
	uint64_t end;
	errcode_t err;

	if (!range_end(lblk, len, &end))
		return E4Z_ET_USAGE;
	if (!item || !len)
		return 0;
	row_back(&list->row, &last);
	if (item_end(row_at(&list->row, last)) > EXTENTS_END - len)
		return EFBIG;
	err = begin_change(list);
	if (!err)
		err = row_cut(&list->row, lblk);
	if (err)
		return err;
	shift(list, row_locate(&list->row, lblk), (uint32_t)len);
	mark_changed(list, lblk, EXTENTS_END, false, false);
	return 0;
}

void extents_walk_start(const struct extents *list, struct extents_walk *walk, uint64_t start,
			uint64_t end, bool cut_pieces)
{
	struct place p = row_locate(&list->row, start);

	*walk = (struct extents_walk){p.chunk, p.item, start, end, cut_pieces};
}

bool extents_walk_next(const struct extents *list, struct extents_walk *walk, struct run *run)
{
	const struct item *item = row_at(&list->row, (struct place){walk->chunk, walk->item});
	uint64_t start, end;

	if (!item)
		return false;
	start = item->lblk > walk->at ? item->lblk : walk->at;
	end = item_end(item) < walk->end ? item_end(item) : walk->end;
	if (start >= end)
		return false;
	run->lblk = start;
	run->pblk = (item->where & ~ROW_UNWRITTEN) + (start - item->lblk);
	run->unwritten = item->where & ROW_UNWRITTEN;
	run->len = end - start;
	if (walk->cut && run->len > (run->unwritten ? MAX_UNWRITTEN : MAX_WRITTEN))
		run->len = run->unwritten ? MAX_UNWRITTEN : MAX_WRITTEN;
	walk->at = start + run->len;
	if (walk->at == item_end(item) && ++walk->item == list->row.dir.items[walk->chunk]->count) {
		walk->chunk++;
		walk->item = 0;
	}
	return true;
}
