// SPDX-License-Identifier: GPL-2.0-or-later
// What the committed state shows of a file's blocks: what may be put there before the next commit.
#include "edit/edit.h"

#include "base/bytes.h"
#include "txn/txn.h"
#include <errno.h>

/* What is written past EOF shows nothing, but it is no place for new bytes either. */
static errcode_t note_past_eof(struct edit_file *f, uint64_t from)
{
	struct edit_session *s = f->session;
	struct extents_walk walk;
	struct run run;

	extents_walk_start(f->list, &walk, from, EXTENTS_END, false);
	while (extents_walk_next(f->list, &walk, &run))
		if (!run.unwritten && (rangeset_add(s->hidden, run.pblk, run.len, NULL) ||
				       rangeset_add(s->past_eof, run.pblk, run.len, NULL)))
			return ENOMEM;
	return 0;
}

static const struct origin *origin_of(const struct edit_file *f)
{
	uint32_t i;

	return numbermap_find(&f->session->origin_of, f->inode.ino, &i)
		       ? &f->session->origins.items[i]
		       : NULL;
}

errcode_t edit_note_origin(struct edit_file *f)
{
	uint32_t bs = f->img->block_size;
	struct origin origin = {.ino = f->inode.ino, .size = f->inode.size};
	uint64_t last = origin.size / bs;
	struct run run;

	if (origin_of(f))
		return 0;
	if (f->list && origin.size % bs && last < EXTENTS_END &&
	    extents_find(f->list, last, &run) && !run.unwritten)
		origin.eof_pblk = run.pblk + last - run.lblk;
	if (vec_push(&f->session->origins, origin))
		return ENOMEM;
	/* its number leads to it, or to nothing */
	if (numbermap_add(&f->session->origin_of, origin.ino,
			  (uint32_t)f->session->origins.count - 1))
		return ENOMEM;
	return f->list ? note_past_eof(f, last + (origin.size % bs != 0)) : 0;
}

static bool is_seen(const struct edit_file *f, uint64_t pblk, bool unwritten)
{
	if (unwritten)
		return rangeset_has(f->session->seen, pblk);
	return !rangeset_has(f->session->hidden, pblk);
}

uint32_t edit_seen_bytes(const struct edit_file *f, uint64_t pblk, bool unwritten)
{
	const struct origin *origin;

	if (!is_seen(f, pblk, unwritten))
		return 0;
	origin = origin_of(f);
	if (origin && origin->eof_pblk == pblk)
		return (uint32_t)(origin->size & (f->img->block_size - 1));
	return f->img->block_size;
}

bool edit_waits(const struct edit_file *f, uint64_t pblk, bool unwritten, const uint8_t *data)
{
	return edit_seen_bytes(f, pblk, unwritten) ||
	       (txn_tails_wait(f->img) && rangeset_has(f->session->past_eof, pblk) &&
		!bytes_are_zero(data, f->img->block_size));
}

errcode_t edit_note_seen(struct edit_file *f, const struct run *run)
{
	struct edit_session *s = f->session;

	if (run->unwritten)
		return 0;
	if (!rangeset_meets(s->hidden, run->pblk, run->len))
		return rangeset_add(s->seen, run->pblk, run->len, NULL);
	for (uint64_t i = 0; i < run->len; i++)
		if (!rangeset_has(s->hidden, run->pblk + i) &&
		    rangeset_add(s->seen, run->pblk + i, 1, NULL))
			return ENOMEM;
	return 0;
}

errcode_t edit_note_hidden(struct edit_file *f, const struct run *run)
{
	struct edit_session *s = f->session;

	if (!rangeset_meets(s->seen, run->pblk, run->len))
		return rangeset_add(s->hidden, run->pblk, run->len, NULL);
	for (uint64_t i = 0; i < run->len; i++)
		if (!rangeset_has(s->seen, run->pblk + i) &&
		    rangeset_add(s->hidden, run->pblk + i, 1, NULL))
			return ENOMEM;
	return 0;
}
