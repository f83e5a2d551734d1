// SPDX-License-Identifier: GPL-2.0-or-later
// Bounds what the open files take of the log, counts where that is too much, and moves data then.
#include "edit/fit.h"

#include "base/invariant.h"
#include "edit/relocate.h"
#include "edit/writeback.h"
#include "quota/quota.h"
#include "txn/txn.h"
#include <errno.h>

/* ---- the bound ---- */

/* What may change of a file besides: its inode, the superblock, and what is next to them. */
#define FIXED 8

/*
 * Blocks of the map. A dirty block splits an extent in three at most, or takes a new one; each new
 * item adds a leaf at most, two leaves an index block, and the root may go down five levels. Of
 * pointers each item has three blocks that it alone needs, at both ends, and the rest is full.
 */
static uint64_t map_bound(const struct edit_file *f)
{
	uint64_t changes = extents_changes(f->list) + 2 * cache_dirty(f->blocks);
	uint64_t pointers = f->img->block_size / 4;

	if (f->tree)
		return tree_blocks(f->tree) + 2 * changes + f->taken / 32768 + 5;
	return indirect_blocks(f->map) + 6 * changes + 2 * (f->taken / pointers) + 4;
}

/* Groups that get blocks back, or give some. */
static uint64_t groups_bound(const struct edit_file *f, uint64_t taken)
{
	uint64_t per_group = f->img->fs->super->s_blocks_per_group, bound = taken;

	for (size_t i = 0; i < f->unmapped.count && bound < f->img->groups; i++)
		bound += f->unmapped.items[i].len / per_group + 2;
	return bound < f->img->groups ? bound : f->img->groups;
}

static uint64_t file_bound(const struct edit_file *f)
{
	uint64_t dirty = cache_dirty(f->blocks), map = 0;

	if (f->list && (f->changed || dirty))
		map = map_bound(f);
	/* of a group the bitmap and a block of descriptors */
	return dirty + map + 2 * groups_bound(f, dirty + map) + FIXED + quota_bound(f->img);
}

uint64_t fit_bound(struct e4z_image *img)
{
	struct session *s = img->session;

	/* of the others nothing has changed */
	for (size_t i = 0; s && i < s->touched.count; i++) {
		struct edit_file *f = s->touched.items[i];

		s->bound -= f->bound;
		f->bound = file_bound(f);
		s->bound += f->bound;
		s->giving -= f->gives;
		f->gives = f->unmapped.count != 0;
		s->giving += f->gives;
	}
	return txn_log_bound(img, s ? s->bound : 0);
}

errcode_t fit_check(struct e4z_image *img, uint64_t bound)
{
	bool fits = true;
	errcode_t err = bound <= txn_log_room(img) ? txn_fits(img, &fits) : 0;

	return err ? err : INVARIANT("F1", fits);
}

/* ---- moving ---- */

static uint64_t seen_blocks(const struct session *s)
{
	uint64_t count = 0;

	for (const struct edit_file *f = s->newest; f; f = f->older)
		count += relocate_blocks(f);
	return count;
}

struct candidate {
	struct edit_file *f;
	uint64_t blocks; /* that can be seen */
};

static int by_blocks(const void *pa, const void *pb)
{
	const struct candidate *a = pa, *b = pb;

	if (a->blocks != b->blocks)
		return a->blocks < b->blocks ? 1 : -1;
	return (a->f->place > b->f->place) - (a->f->place < b->f->place);
}

/*
 * Move EXCESS blocks or more: files with the most of them first, and each as a whole, so that it
 * stays in one piece. *ANY: some were moved.
 */
static errcode_t move(struct session *s, uint64_t excess, bool *any)
{
	VEC(, struct candidate) list = {.items = NULL};
	errcode_t err = 0;

	for (struct edit_file *f = s->newest; f && !err; f = f->older) {
		struct candidate c = {f, relocate_blocks(f)};

		if (c.blocks && vec_push(&list, c))
			err = ENOMEM;
	}
	if (list.count)
		qsort(list.items, list.count, sizeof(list.items[0]), by_blocks);
	for (size_t i = 0; i < list.count && excess && !err; i++) {
		uint64_t moved = 0;

		err = session_touch(s, list.items[i].f);
		if (!err)
			err = relocate(list.items[i].f, &moved);
		*any |= moved != 0;
		excess -= moved < excess ? moved : excess;
	}
	vec_free(&list);
	return err;
}

/* Put into the transaction what of the files cannot move any more: all but what can be seen. */
static errcode_t put_maps(struct session *s)
{
	errcode_t err = 0;
	bool wrote;

	for (size_t i = 0; i < s->files.count && !err; i++) {
		struct edit_file *f = s->files.items[i];

		err = session_touch(s, f);
		if (!err)
			err = writeback_flush(f, 0, EXTENTS_END, &wrote);
		if (!err && f->changed)
			err = edit_finish(f, false);
	}
	return err;
}

errcode_t fit_move(struct e4z_image *img)
{
	struct session *s = img->session;
	uint64_t most = txn_log_most(img);
	bool any = true;
	errcode_t err = 0;

	if (!img->log || fit_bound(img) <= txn_log_room(img))
		return 0;
	while (any && !err) {
		uint64_t seen = txn_data_mode(img) == E4Z_DATA_ORDERED ? 0 : seen_blocks(s);
		size_t count = 0;

		any = false;
		if (!seen)
			break;
		err = put_maps(s);
		if (!err)
			err = txn_count(img, &count);
		if (!err && count + seen > most)
			err = move(s, count + seen - most, &any);
	}
	return err;
}

errcode_t fit_shrink(struct e4z_image *img, uint64_t room)
{
	struct session *s = img->session;
	uint64_t held = txn_logged(img);
	bool any = false;

	if (!img->log || txn_data_mode(img) == E4Z_DATA_ORDERED)
		return 0;
	held += seen_blocks(s);
	return held > room ? move(s, held - room, &any) : 0;
}
