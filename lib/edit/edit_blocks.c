// SPDX-License-Identifier: GPL-2.0-or-later
// Changes the map of a file that is being edited, and the blocks that it owns with it.
#include "edit/edit.h"

#include "base/bytes.h"
#include "txn/alloc.h"
#include "txn/txn.h"
#include <errno.h>
#include <string.h>

/* ---- unmapping ---- */

static void count_given(struct edit_file *f, uint64_t len)
{
	f->sectors -= (int64_t)(len * f->img->block_size / SECTOR);
	f->given += len;
}

/* Something of the logical cluster that holds LBLK is still mapped. */
static bool cluster_is_used(const struct edit_file *f, uint64_t lblk)
{
	uint32_t ratio = f->img->cluster_ratio;
	uint64_t start = lblk - lblk % ratio;
	struct run run;

	return extents_find(f->list, start, &run) || run.len < ratio;
}

/*
 * RUN was unmapped. With bigalloc it is freed when all of them are known, and its logical place
 * counts; without it the blocks are given back at the end, neighbours as one run.
 */
static void on_freed(void *arg, const struct run *run)
{
	struct edit_file *f = arg;
	bool alone = f->img->cluster_ratio == 1;

	if (f->err)
		return;
	f->err = edit_note_step(f, EDIT_UNMAPPED, run);
	/* the rest of a cluster stays where it is, and may be mapped again before the commit */
	if (!f->err && !alone)
		f->err = edit_note_seen(f, run);
	if (f->err)
		return;
	if (alone)
		count_given(f, run->len);
	if (alone && f->unmapped.count > f->mark.unmapped) {
		struct run *last = &f->unmapped.items[f->unmapped.count - 1];

		if (last->pblk + last->len == run->pblk) {
			last->len += run->len;
			return;
		}
	}
	if (vec_push(&f->unmapped, *run))
		f->err = ENOMEM;
}

errcode_t edit_give_back(struct edit_file *f)
{
	errcode_t err = alloc_give_all(f->img, f->unmapped.items, f->unmapped.count);

	f->unmapped.count = 0;
	return err;
}

/* With bigalloc: cluster by cluster, after all of them were unmapped. */
static errcode_t give_clusters(struct edit_file *f)
{
	uint64_t ratio = f->img->cluster_ratio, done = UINT64_MAX;
	errcode_t err = 0;

	for (size_t i = 0; i < f->unmapped.count && !err; i++) {
		const struct run *run = &f->unmapped.items[i];
		uint64_t end = run->lblk + run->len;

		for (uint64_t at = run->lblk - run->lblk % ratio; at < end && !err; at += ratio) {
			uint64_t pblk = run->pblk + at - run->lblk;

			if (at == done || cluster_is_used(f, at))
				continue;
			done = at;
			count_given(f, ratio);
			err = alloc_give(f->img, pblk, ratio);
		}
	}
	f->unmapped.count = 0;
	return err;
}

errcode_t edit_unmap(struct edit_file *f, uint64_t lblk, uint64_t len)
{
	errcode_t err = edit_in_handle(f);

	f->err = 0;
	if (!err)
		err = extents_remove(f->list, lblk, len, on_freed, f);
	if (!err)
		err = f->err;
	if (err || f->img->cluster_ratio == 1)
		return err;
	return give_clusters(f);
}

errcode_t edit_prune(struct edit_file *f, uint64_t lblk, uint64_t len)
{
	errcode_t err = edit_in_handle(f);

	if (err || !f->map || !indirect_idle(f->map, f->list, lblk, lblk + len))
		return err;
	f->changed = true;
	return extents_touch(f->list, lblk, len);
}

/* ---- states ---- */

/* One piece of a file in the other state. */
static errcode_t turn_run(struct edit_file *f, const struct run *run, bool unwritten)
{
	errcode_t err = edit_note_step(f, EDIT_STATE, run);

	if (!err)
		err = unwritten ? edit_note_seen(f, run) : edit_note_hidden(f, run);
	f->converted += run->len;
	return err;
}

errcode_t edit_set_state(struct edit_file *f, uint64_t lblk, uint64_t len, bool unwritten)
{
	struct extents_walk walk;
	struct run run;
	errcode_t err = edit_in_handle(f);

	extents_walk_start(f->list, &walk, lblk, lblk + len, false);
	while (!err && extents_walk_next(f->list, &walk, &run))
		if (run.unwritten != unwritten)
			err = turn_run(f, &run, unwritten);
	return err ? err : extents_set_state(f->list, lblk, len, unwritten);
}

/*
 * e2fsck takes the last index of a root for ending at EOF, and complains about indexes below it
 * that begin past it: in a deep tree unwritten blocks cannot stay there.
 */
static errcode_t is_deep(struct edit_file *f, bool *deep)
{
	struct tree_plan plan;
	errcode_t err = tree_plan(f->tree, f->list, &plan);

	*deep = !err && plan.depth > 1;
	return err;
}

/* The first written run in [*lblk, end): false when there is none. */
static bool next_written(const struct edit_file *f, uint64_t lblk, uint64_t end, struct run *run)
{
	struct extents_walk walk;

	extents_walk_start(f->list, &walk, lblk, end, false);
	while (extents_walk_next(f->list, &walk, run))
		if (!run->unwritten)
			return true;
	return false;
}

errcode_t edit_hide(struct edit_file *f, uint64_t lblk, uint64_t len, bool may_keep)
{
	bool deep = false;
	struct run run;
	errcode_t err = edit_in_handle(f);

	if (err || !next_written(f, lblk, lblk + len, &run))
		return err;
	if (f->tree && may_keep)
		err = is_deep(f, &deep);
	if (!err && f->tree && may_keep && !deep)
		return edit_set_state(f, lblk, len, true);
	/* what is unwritten stays */
	while (!err && next_written(f, lblk, lblk + len, &run))
		err = edit_unmap(f, run.lblk, run.len);
	return err;
}

/* ---- mapping ---- */

errcode_t edit_take(struct edit_file *f, uint64_t near, uint64_t count, bool reserved,
		    uint64_t *pblk, uint64_t *got)
{
	uint64_t ratio = f->img->cluster_ratio;
	errcode_t err = alloc_take_run(f->img, near, count, reserved, pblk, got);

	if (err)
		return err;
	f->sectors += (int64_t)(*got * ratio * f->img->block_size / SECTOR);
	f->taken += *got * ratio;
	return 0;
}

/* Where the block at LBLK would best be: after its predecessor, or near its inode. */
static uint64_t goal(const struct edit_file *f, uint64_t lblk)
{
	uint64_t slot;
	struct run run;

	if (lblk && extents_find(f->list, lblk - 1, &run))
		return run.pblk + (lblk - run.lblk);
	inode_place(f->img, f->inode.ino, &slot, &(uint32_t){0});
	return slot;
}

/* The block that LBLK has where its cluster is the file's already: false if it is not. */
static bool implied(const struct edit_file *f, uint64_t lblk, uint64_t *pblk)
{
	uint64_t ratio = f->img->cluster_ratio, start = lblk - lblk % ratio;
	struct run run;

	if (!extents_find(f->list, start, &run)) {
		if (run.len >= ratio || !extents_find(f->list, start + run.len, &run))
			return false;
	}
	*pblk = run.pblk + lblk - run.lblk;
	return true;
}

/* Map RUN, whose place is settled. */
static errcode_t map_run(struct edit_file *f, const struct run *run)
{
	errcode_t err = extents_map(f->list, run);

	if (!err)
		err = edit_note_step(f, EDIT_MAPPED, run);
	if (!err && !run->unwritten)
		err = edit_note_hidden(f, run);
	return err;
}

/* Map the first piece of the hole [lblk, end); *LBLK moves past it. */
static errcode_t map_piece(struct edit_file *f, uint64_t *lblk, uint64_t end, bool unwritten)
{
	uint64_t ratio = f->img->cluster_ratio, off = *lblk % ratio, got, stop;
	struct run run = {.lblk = *lblk, .unwritten = unwritten};
	errcode_t err;

	if (ratio > 1 && implied(f, *lblk, &run.pblk)) {
		stop = *lblk - off + ratio;
	} else {
		uint64_t count = (off + end - *lblk + ratio - 1) / ratio;

		/* of the last cluster another part may be mapped after this hole */
		if (count > 1 && end % ratio && implied(f, end, &(uint64_t){0}))
			count--;
		err = edit_take(f, goal(f, *lblk), count, false, &run.pblk, &got);
		if (err)
			return err;
		run.pblk += off;
		stop = *lblk - off + got * ratio;
	}
	run.len = (stop < end ? stop : end) - *lblk;
	*lblk += run.len;
	return map_run(f, &run);
}

errcode_t edit_allocate(struct edit_file *f, uint64_t lblk, uint64_t len, bool unwritten)
{
	uint64_t end = lblk + len;
	errcode_t err = edit_in_handle(f);

	while (!err && lblk < end) {
		struct run run;
		bool mapped = extents_find(f->list, lblk, &run);
		uint64_t stop = run.lblk + run.len < end ? run.lblk + run.len : end;

		if (mapped)
			lblk = stop;
		while (!err && lblk < stop)
			err = map_piece(f, &lblk, stop, unwritten);
	}
	return err;
}

errcode_t edit_map_new(struct edit_file *f, uint64_t lblk, const void *content)
{
	uint64_t bs = f->img->block_size;
	struct run run;
	errcode_t err = edit_allocate(f, lblk, 1, false);

	if (err)
		return err;
	if (!extents_find(f->list, lblk, &run))
		return E4Z_ET_STATE;
	return txn_home(f->img, (run.pblk + lblk - run.lblk) * bs, bs, content);
}

/* ---- content ---- */

errcode_t edit_home_zero(struct edit_file *f, uint64_t pblk, uint64_t len)
{
	uint64_t bs = f->img->block_size;

	return txn_home_zero(f->img, pblk * bs, len * bs);
}

errcode_t edit_zero(struct edit_file *f, uint64_t pblk, uint64_t len)
{
	const struct edit_session *s = f->session;
	uint64_t start = pblk, end = pblk + len;
	bool any = rangeset_meets(s->seen, pblk, len);
	uint8_t *data;
	errcode_t err = 0;

	for (; any && pblk < end && !err; pblk++) {
		if (!rangeset_has(s->seen, pblk))
			continue;
		if (start < pblk)
			err = edit_home_zero(f, start, pblk - start);
		if (!err)
			err = txn_create(f->img, pblk, &data);
		start = pblk + 1;
	}
	return err || start == end ? err : edit_home_zero(f, start, end - start);
}

errcode_t edit_read(const struct edit_file *f, uint64_t pblk, uint8_t *data)
{
	struct e4z_image *img = f->img;
	errcode_t err;

	if (capture_goes_zero(img->view, pblk)) {
		memset(data, 0, img->block_size);
		return 0;
	}
	err = image_read(img, pblk * img->block_size, img->block_size, data);
	return err ? image_fail_file(img, f->inode.ino, err, "reading a block of it") : 0;
}

/* ---- shifting ---- */

errcode_t edit_collapse(struct edit_file *f, uint64_t lblk, uint64_t len)
{
	const struct run run = {.lblk = lblk, .len = len};
	errcode_t err = edit_unmap(f, lblk, len);

	if (!err)
		err = extents_collapse(f->list, lblk, len, NULL, NULL);
	return err ? err : edit_note_step(f, EDIT_COLLAPSED, &run);
}

errcode_t edit_insert(struct edit_file *f, uint64_t lblk, uint64_t len)
{
	const struct run run = {.lblk = lblk, .len = len};
	errcode_t err = edit_in_handle(f);

	if (!err)
		err = extents_insert(f->list, lblk, len);
	return err ? err : edit_note_step(f, EDIT_INSERTED, &run);
}
