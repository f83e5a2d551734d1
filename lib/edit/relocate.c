// SPDX-License-Identifier: GPL-2.0-or-later
// New blocks and a switch of the map, for visible data that do not fit into the log.
#include "edit/relocate.h"

#include "txn/alloc.h"
#include "txn/txn.h"
#include <errno.h>

/* The dirty block B covers what can be seen, or what is no place for it before the commit. */
static bool is_visible(const struct edit_file *f, const struct cache_block *b)
{
	struct run run;

	return extents_find(f->list, b->lblk, &run) &&
	       edit_waits(f, run.pblk + b->lblk - run.lblk, run.unwritten, b->data);
}

/* The first dirty visible block in [lblk, EXTENTS_END), or EXTENTS_END. */
static uint64_t next_visible(const struct edit_file *f, uint64_t lblk)
{
	const struct cache_block *b;

	while ((b = cache_next_dirty(f->blocks, lblk, EXTENTS_END))) {
		if (is_visible(f, b))
			return b->lblk;
		lblk = b->lblk + 1ull;
	}
	return EXTENTS_END;
}

/* The clusters at or after LBLK that are to be moved, and follow each other: false if none is. */
static bool next_span(const struct edit_file *f, uint64_t lblk, uint64_t *start, uint64_t *end)
{
	uint64_t ratio = f->img->cluster_ratio, at = next_visible(f, lblk);

	if (at == EXTENTS_END)
		return false;
	*start = at - at % ratio;
	do {
		*end = at - at % ratio + ratio;
		at = next_visible(f, *end);
	} while (at < EXTENTS_END && at < *end + ratio);
	return true;
}

uint64_t relocate_blocks(const struct edit_file *f)
{
	uint64_t count = 0;

	if (!f->list || !cache_dirty(f->blocks))
		return 0;
	for (uint64_t at = next_visible(f, 0); at < EXTENTS_END; at = next_visible(f, at + 1))
		count++;
	return count;
}

static errcode_t has_room(const struct edit_file *f, bool *has)
{
	uint64_t ratio = f->img->cluster_ratio, start, end = 0, need = 0, left = 0;
	errcode_t err = alloc_left(f->img, false, &left);

	while (next_span(f, end, &start, &end))
		need += (end - start) / ratio;
	*has = need && need < left;
	return err;
}

/* What the span holds and the cache does not: with the cluster it moves. */
static errcode_t load(struct edit_file *f, const struct run *run)
{
	errcode_t err = 0;

	for (uint64_t i = 0; i < run->len && !err && !run->unwritten; i++) {
		const struct cache_block *b = cache_find(f->blocks, run->lblk + i);
		uint8_t *data;
		bool made;

		if (b && b->dirty)
			continue;
		err = cache_change(f->blocks, run->lblk + i, &data, &made);
		if (!err && made)
			err = edit_read(f, run->pblk + i, data);
	}
	return err;
}

static errcode_t move(struct edit_file *f, uint64_t start, uint64_t end)
{
	VEC(, struct run) runs = {.items = NULL};
	struct extents_walk walk;
	struct run run;
	errcode_t err = 0;

	extents_walk_start(f->list, &walk, start, end, false);
	while (!err && extents_walk_next(f->list, &walk, &run)) {
		err = load(f, &run);
		if (!err)
			err = vec_push(&runs, run);
	}
	if (!err)
		err = edit_open_handle(f);
	if (!err)
		err = edit_unmap(f, start, end - start);
	for (size_t i = 0; i < runs.count && !err; i++)
		err = edit_allocate(f, runs.items[i].lblk, runs.items[i].len, true);
	edit_close_handle(f);
	vec_free(&runs);
	return err;
}

errcode_t relocate(struct edit_file *f, uint64_t *moved)
{
	uint64_t start, end = 0;
	bool has = false;
	errcode_t err = f->tree && !f->stays && cache_dirty(f->blocks) ? has_room(f, &has) : 0;

	*moved = 0;
	while (!err && has && next_span(f, end, &start, &end)) {
		err = move(f, start, end);
		*moved += end - start;
	}
	return err;
}
