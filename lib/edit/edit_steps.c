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

void edit_unmark(struct edit_file *f)
{
	vec_free(&f->steps.pieces);
	slab_free(&f->steps.slab);
	f->steps.count = 0;
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
	f->mark = (struct edit_mark){
		.sectors = f->sectors,
		.taken = f->taken,
		.placed = f->placed,
		.given = f->given,
		.converted = f->converted,
		.unmapped = f->unmapped.count,
		.changed = f->changed,
		.stamp = f->stamp,
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
	f->sectors = f->mark.sectors;
	f->taken = f->mark.taken;
	f->placed = f->mark.placed;
	f->given = f->mark.given;
	f->converted = f->mark.converted;
	f->unmapped.count = f->mark.unmapped;
	f->changed = f->mark.changed;
	f->stamp = f->mark.stamp;
	inode_decode(f->img, f->inode.ino, f->inode.raw, &f->inode);
	return err;
}
