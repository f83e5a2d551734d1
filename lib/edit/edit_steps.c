// SPDX-License-Identifier: GPL-2.0-or-later
// Handles, and the steps in which a map is changed: an operation that fails goes back over them to
// what was there before it, without the map having been copied.
#include "edit/edit.h"

#include "base/invariant.h"
#include "txn/txn.h"
#include <errno.h>

static uint64_t slot_block(const struct edit_file *f)
{
	uint64_t block;

	inode_place(f->img, f->inode.ino, &block, &(uint32_t){0});
	return block;
}

/* ---- invariants ---- */

errcode_t edit_check(const struct edit_file *f)
{
	errcode_t err = INVARIANT("E1", !f->list ? !f->tree && !f->map : !f->tree != !f->map);

	return err ? err : INVARIANT("E2", capture_has(f->img->view, slot_block(f)));
}

errcode_t edit_check_done(const struct edit_file *f)
{
	return INVARIANT("E4", !cache_dirty(f->blocks) && !f->changed && !f->stamp && !f->sectors &&
				       !f->unmapped.count);
}

/* ---- handles ---- */

errcode_t edit_no_handle(const struct edit_file *f, const char *what)
{
	if (!f->session->handle)
		return 0;
	return image_fail_file(f->img, f->inode.ino, E4Z_ET_HANDLE, "%s it", what);
}

errcode_t edit_open_handle(struct edit_file *f)
{
	errcode_t err = edit_no_handle(f, "changing");

	if (!err)
		f->session->handle = true;
	return err;
}

void edit_close_handle(struct edit_file *f)
{
	f->session->handle = false;
}

errcode_t edit_in_handle(const struct edit_file *f)
{
	if (f->session->handle)
		return 0;
	return image_refuse_file(f->img, f->inode.ino, E4Z_ET_STATE,
				 "changing it without a handle");
}

/* ---- steps ---- */

static struct edit_step *step_at(const struct edit_steps *steps, size_t i)
{
	return &steps->pieces.items[i / STEPS_PIECE][i % STEPS_PIECE];
}

/* Room for one more. */
static errcode_t steps_grow(struct edit_steps *steps)
{
	struct edit_step *piece;

	if (steps->count < steps->pieces.count * STEPS_PIECE)
		return 0;
	piece = slab_take(&steps->slab, STEPS_PIECE * sizeof(*piece));
	return !piece || vec_push(&steps->pieces, piece) ? ENOMEM : 0;
}

errcode_t edit_note_step(struct edit_file *f, enum edit_kind kind, const struct run *run)
{
	const struct edit_step step = {
		.pblk = run->pblk,
		.kind = kind,
		.unwritten = run->unwritten,
		.lblk = (uint32_t)run->lblk,
		.len = (uint32_t)run->len,
	};

	errcode_t err = INVARIANT("E3", f->has_mark || !f->steps.count);

	if (err)
		return err;
	f->changed = true;
	if (!f->has_mark)
		return 0;
	if (steps_grow(&f->steps))
		return ENOMEM;
	*step_at(&f->steps, f->steps.count++) = step;
	return 0;
}

/* ---- what edit_finish() takes away ---- */

/* KEEP: there is a mark, and what comes can be taken back. */
static void forget_kept(struct edit_file *f, bool keep)
{
	vec_free(&f->kept.changes);
	vec_free(&f->kept.unmapped);
	f->kept.any = false;
	tree_mark(f->tree, keep);
	indirect_mark(f->map, keep);
}

errcode_t edit_keep(struct edit_file *f)
{
	const struct e4z_span *spans;
	size_t count;
	errcode_t err;

	if (!f->has_mark || f->kept.any || !f->list)
		return 0;
	err = extents_dirty(f->list, &spans, &count);
	for (size_t i = 0; i < count && !err; i++)
		err = vec_push(&f->kept.changes, spans[i]);
	for (size_t i = 0; i < f->mark.unmapped && !err; i++)
		err = vec_push(&f->kept.unmapped, f->unmapped.items[i]);
	f->kept.any = !err;
	if (err)
		forget_kept(f, true);
	return err;
}

/* The map is as it was at the mark: now what is due for it is, too. */
static errcode_t unfinish(struct edit_file *f)
{
	errcode_t err = 0;

	tree_back(f->tree);
	indirect_back(f->map);
	for (size_t i = 0; i < f->kept.changes.count && !err; i++)
		err = extents_touch(f->list, f->kept.changes.items[i].start,
				    f->kept.changes.items[i].len);
	for (size_t i = 0; i < f->kept.unmapped.count; i++)
		f->unmapped.items[i] = f->kept.unmapped.items[i];
	forget_kept(f, true);
	return err;
}

/* ---- marks ---- */

void edit_unmark(struct edit_file *f)
{
	vec_free(&f->steps.pieces);
	slab_free(&f->steps.slab);
	f->steps.count = 0;
	forget_kept(f, false);
	f->has_mark = false;
}

errcode_t edit_mark(struct edit_file *f)
{
	uint8_t *data;
	errcode_t err = edit_check(f);

	if (err)
		return err;
	f->steps.count = 0;
	f->has_mark = true;
	forget_kept(f, true);
	f->mark = (struct edit_mark){
		.sectors = f->sectors,
		.taken = f->taken,
		.placed = f->placed,
		.given = f->given,
		.converted = f->converted,
		.unmapped = f->unmapped.count,
		.changed = f->changed,
		.stamp = f->stamp,
		.eof = f->eof,
		.stays = f->stays,
		.strict = f->strict,
		.was_inline = !f->list,
	};
	/* the slot is changed in place: the transaction has to know that it will be */
	return txn_edit(f->img, slot_block(f), &data);
}

static errcode_t step_back(struct edit_file *f, const struct edit_step *step)
{
	const struct run run = {step->pblk, step->lblk, step->len, step->unwritten};

	switch ((enum edit_kind)step->kind) {
	case EDIT_MAPPED: return extents_remove(f->list, run.lblk, run.len, NULL, NULL);
	case EDIT_UNMAPPED: return extents_map(f->list, &run);
	case EDIT_STATE: return extents_set_state(f->list, run.lblk, run.len, run.unwritten);
	case EDIT_COLLAPSED: return extents_insert(f->list, run.lblk, run.len);
	case EDIT_INSERTED: return extents_collapse(f->list, run.lblk, run.len, NULL, NULL);
	}
	return 0;
}

static void become_inline(struct edit_file *f)
{
	tree_free(f->tree);
	indirect_free(f->map);
	extents_free(f->list);
	f->tree = NULL;
	f->map = NULL;
	f->list = NULL;
}

errcode_t edit_back(struct edit_file *f)
{
	errcode_t err = INVARIANT("E3", f->has_mark);

	if (err)
		return err;
	if (f->mark.was_inline)
		become_inline(f);
	while (f->list && f->steps.count && !err)
		err = step_back(f, step_at(&f->steps, --f->steps.count));
	f->steps.count = 0;
	if (!err && f->list && f->kept.any)
		err = unfinish(f);
	f->sectors = f->mark.sectors;
	f->taken = f->mark.taken;
	f->placed = f->mark.placed;
	f->given = f->mark.given;
	f->converted = f->mark.converted;
	f->unmapped.count = f->mark.unmapped;
	f->changed = f->mark.changed;
	f->stamp = f->mark.stamp;
	f->eof = f->mark.eof;
	f->stays = f->mark.stays;
	f->strict = f->mark.strict;
	inode_decode(f->img, f->inode.ino, f->inode.raw, &f->inode);
	return err;
}
