// SPDX-License-Identifier: GPL-2.0-or-later
// Writes dirty blocks back: home when nobody can see them, else into the transaction.
#include "edit/writeback.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "txn/txn.h"
#include <errno.h>
#include <string.h>

struct writeback {
	struct edit_file *f;
	bool all;			 /* what can be seen, too */
	bool wrote;			 /* something went home */
	VEC(, struct e4z_span) converts; /* what becomes written */
};

/* ---- what nobody sees ---- */

static errcode_t go_home(struct writeback *w, uint64_t pblk, const uint8_t *data)
{
	uint32_t bs = w->f->img->block_size;

	w->wrote = true;
	return txn_home(w->f->img, pblk * bs, bs, data);
}

/* ---- what can be seen ---- */

/*
 * The visible block at PBLK becomes DATA, which differs in [from, end). If ordered data changes
 * again, the whole block is written in place, for both changes: after a crash it must have the old
 * bytes or the last ones.
 */
static errcode_t change_seen(struct edit_file *f, uint64_t pblk, uint32_t from, uint32_t end,
			     const uint8_t *data)
{
	struct e4z_image *img = f->img;
	uint64_t bs = img->block_size;
	uint8_t *block;
	errcode_t err;

	if (txn_data_mode(img) == E4Z_DATA_ORDERED && capture_has(img->view, pblk))
		return txn_home_again(img, pblk, data);
	if (txn_data_mode(img) == E4Z_DATA_ORDERED)
		return txn_home(img, pblk * bs + from, end - from, data + from);
	err = txn_edit(img, pblk, &block);
	/* what became zero at home may not show in the view: all of it counts */
	if (!err)
		memcpy(block, data, bs);
	return err;
}

/* What is past SEEN may be at home before the commit. */
static bool tail_goes_home(const struct e4z_image *img, uint32_t seen, const uint8_t *data)
{
	return !txn_tails_wait(img) || bytes_are_zero(data + seen, img->block_size - seen);
}

/*
 * The block at PBLK, of which SEEN bytes can be seen, becomes DATA: what is past them first, at
 * home and not in the log, if it may.
 */
static errcode_t put_seen(struct writeback *w, uint64_t pblk, uint32_t seen, const uint8_t *data)
{
	struct e4z_image *img = w->f->img;
	uint32_t bs = img->block_size, from, end;
	AUTO_FREE uint8_t *now = malloc(bs);
	errcode_t err = now ? edit_read(w->f, pblk, now) : ENOMEM;

	if (!err && !tail_goes_home(img, seen, data)) {
		seen = bs;
	} else if (!err && memcmp(now + seen, data + seen, bs - seen) != 0) {
		w->wrote = true;
		err = txn_home(img, pblk * bs + seen, bs - seen, data + seen);
	}
	/* of the rest only what changes: a crash must not meet other bytes */
	for (from = 0; !err && from < seen && now[from] == data[from]; from++)
		;
	for (end = seen; !err && end > from && now[end - 1] == data[end - 1]; end--)
		;
	return err || from == end ? err : change_seen(w->f, pblk, from, end, data);
}

/* ---- blocks ---- */

/* LBLK is to become written once its data are at home. */
static errcode_t convert_later(struct writeback *w, uint64_t lblk)
{
	struct e4z_span *last = w->converts.count ? &w->converts.items[w->converts.count - 1]
						  : NULL;

	if (last && last->start + last->len == lblk) {
		last->len++;
		return 0;
	}
	return vec_push(&w->converts, ((struct e4z_span){lblk, 1})) ? ENOMEM : 0;
}

/* The dirty block B, which RUN maps; *LEFT: it stays dirty. */
static errcode_t put_block(struct writeback *w, const struct cache_block *b, const struct run *run,
			   bool *left)
{
	uint64_t pblk = run->pblk + b->lblk - run->lblk;
	bool waits = edit_waits(w->f, pblk, run->unwritten, b->data);
	uint32_t seen;
	errcode_t err;

	*left = waits && !w->all;
	if (*left)
		return 0;
	seen = edit_seen_bytes(w->f, pblk, run->unwritten);
	err = waits ? put_seen(w, pblk, seen, b->data) : go_home(w, pblk, b->data);
	if (!err && run->unwritten)
		err = convert_later(w, b->lblk);
	return err ? err : cache_clean(w->f->blocks, b->lblk);
}

/* Give the dirty blocks that follow each other from LBLK on in the hole up to END a place. */
static errcode_t place(struct writeback *w, uint64_t lblk, uint64_t end)
{
	struct edit_file *f = w->f;
	const struct cache_block *b;
	uint64_t count = 1, taken = f->taken;
	errcode_t err;

	while (lblk + count < end && (b = cache_find(f->blocks, lblk + count)) && b->dirty)
		count++;
	err = edit_open_handle(f);
	/* without extents there is no unwritten state: the data are home before the map is */
	if (!err)
		err = edit_allocate(f, lblk, count, f->tree != NULL);
	f->placed += f->taken - taken;
	edit_close_handle(f);
	return err;
}

/* ---- ranges ---- */

static errcode_t put_range(struct writeback *w, uint64_t lblk, uint64_t end)
{
	struct edit_file *f = w->f;
	const struct cache_block *b;
	errcode_t err = 0;

	while (!err && (b = cache_next_dirty(f->blocks, lblk, end))) {
		struct run run;
		bool left = false;

		lblk = b->lblk;
		if (!extents_find(f->list, lblk, &run)) {
			err = place(w, lblk, run.lblk + run.len < end ? run.lblk + run.len : end);
			continue;
		}
		err = put_block(w, b, &run, &left);
		lblk++;
	}
	return err;
}

/* What went home is durable from here on: now it may become written. */
static errcode_t convert(struct writeback *w)
{
	errcode_t err = w->converts.count ? edit_open_handle(w->f) : 0;

	for (size_t i = 0; i < w->converts.count && !err; i++)
		err = edit_set_state(w->f, w->converts.items[i].start, w->converts.items[i].len,
				     false);
	edit_close_handle(w->f);
	return err;
}

static errcode_t run_writeback(struct writeback *w, uint64_t lblk, uint64_t end)
{
	errcode_t err = edit_no_handle(w->f, "flushing");

	if (!err && w->f->list)
		err = put_range(w, lblk, end);
	if (!err && w->wrote && !w->all)
		txn_barrier(w->f->img);
	if (!err)
		err = convert(w);
	vec_free(&w->converts);
	return err;
}

errcode_t writeback_flush(struct edit_file *f, uint64_t lblk, uint64_t end, bool *wrote)
{
	struct writeback w = {.f = f};
	errcode_t err = run_writeback(&w, lblk, end);

	*wrote = w.wrote;
	return err;
}

errcode_t writeback_all(struct edit_file *f)
{
	struct writeback w = {.f = f, .all = true};

	return run_writeback(&w, 0, EXTENTS_END);
}

errcode_t writeback_settle(struct edit_file *f)
{
	errcode_t err = writeback_all(f);

	if (err || !(f->changed || f->stamp || f->sectors))
		return err;
	return edit_finish(f, f->stamp);
}

uint64_t writeback_owed(const struct edit_file *f)
{
	uint64_t ratio = f->img->cluster_ratio, owed = 0, at = 0;
	const struct cache_block *b;

	while (f->list && (b = cache_next_dirty(f->blocks, at, EXTENTS_END))) {
		struct run hole;

		/* a cluster that serves another block of the file serves this one, too */
		at = b->lblk - b->lblk % ratio;
		owed += !extents_find(f->list, at, &hole) && hole.len >= ratio;
		at += ratio;
	}
	return owed;
}
