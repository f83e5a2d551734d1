// SPDX-License-Identifier: GPL-2.0-or-later
// Turns a finding into zeroes that are written in place, or a change of its inode in the
// transaction; a batch of findings is one commit.
#include "fix/fix_state.h"

#include "base/cleanup.h"
#include "edit/pieces.h"
#include "edit/session.h"
#include "file/inline.h"
#include "fixed/live.h"
#include "fixed/orphan_slots.h"
#include "image/groups.h"
#include "ledger/leaked.h"
#include "open/guard.h"
#include "ops/zero.h"
#include "slack/slack.h"
#include "txn/txn.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

static errcode_t stopped(const struct fix *fix)
{
	const volatile int *stop = fix->options->check.stop;

	return stop && *stop ? E4Z_ET_INTERRUPTED : 0;
}

errcode_t fix_leave(struct fix *fix, const struct e4z_finding *f, const char *why)
{
	struct left left = {f->ino, f->ino ? 0 : f->group, f->kind, f->lblk, f->pblk, strdup(why)};

	if (left.why && vec_push(&fix->left, left) == 0)
		return 0;
	free(left.why);
	return ENOMEM;
}

/* ---- batches ---- */

errcode_t fix_end_batch(struct fix *fix)
{
	struct e4z_fix_summary *sum = fix->summary;
	errcode_t err = stopped(fix);

	if (err || !fix->img->txn || !txn_has_changes(fix->img))
		return err;
	if (!fix->options->dry_run)
		return session_commit(fix->img, &sum->commit);
	return session_pretend(fix->img, &sum->commit, &sum->log_room);
}

/* ---- one finding ---- */

errcode_t fix_zero_run(struct fix *fix, const struct e4z_finding *f)
{
	const struct e4z_image *img = fix->img;
	uint64_t first, last;

	if (!f->nonzero)
		return 0;
	first = (f->first >> img->block_bits) - f->lblk;
	last = (f->last >> img->block_bits) - f->lblk;
	if (rangeset_has(fix->orphans.finished, f->ino))
		return fix_orphans_zero(fix->img, f, first, last - first + 1);
	return txn_home_zero(fix->img, (f->pblk + first) << img->block_bits,
			     (last - first + 1) << img->block_bits);
}

errcode_t fix_zero_tail(struct fix *fix, const struct e4z_finding *f)
{
	uint32_t bs = fix->img->block_size, skip = f->size & (bs - 1);

	return txn_home_zero(fix->img, f->pblk * bs + skip, bs - skip);
}

static errcode_t zero_inline(struct fix *fix, const struct e4z_finding *f)
{
	struct edit_file *file;
	struct inline_data data;
	struct e4z_edit ignored = {0};
	errcode_t err = session_open(fix->img, f->ino, &file);
	uint64_t size = err ? 0 : file->inode.size;

	if (!err && (!inline_find(fix->img, &file->inode, &data) || size > inline_capacity(&data)))
		err = image_refuse(fix->img, E4Z_ET_BAD_INODE, "its inline data is corrupt");
	if (!err)
		err = zero_range(file, fix->img->session, size, inline_capacity(&data) - size,
				 &ignored);
	return err ? err : session_put_files(fix->img);
}

/* What becomes of the written blocks past EOF; CUT: of all blocks there. */
enum way { HIDE, FREE, CUT };

static bool past_eof_in_doubt(const struct fix *fix, const struct edit_file *file)
{
	struct extents_walk walk;
	struct run run;

	extents_walk_start(file->list, &walk, file->eof, EXTENTS_END, false);
	while (extents_walk_next(file->list, &walk, &run))
		if (rangeset_meets(fix->doubt.blocks, run.pblk, run.len))
			return true;
	return false;
}

/* Nothing stays past EOF, as after a truncate to the same size. */
static errcode_t cut(struct fix *fix, struct edit_file *file)
{
	uint64_t len = EXTENTS_END - file->eof;
	errcode_t err;

	if (past_eof_in_doubt(fix, file))
		return image_refuse(fix->img, E4Z_ET_REFUSED,
				    "a block past EOF may belong to an inode that cannot be read");
	err = edit_unmap(file, file->eof, len);
	return err ? err : edit_prune(file, file->eof, len);
}

/*
 * Runs of zeroes that were not asked for go with those that were: alone, in a smaller tree, they
 * may be what e2fsck cuts off.
 */
static errcode_t hide_zeroes(struct fix *fix, struct edit_file *file, bool may_keep)
{
	uint64_t kinds = fix->options->check.kinds;
	bool wanted = !kinds || kinds & E4Z_KIND_BIT(E4Z_POST_EOF_ZERO);

	if (wanted || !(kinds & E4Z_KIND_BIT(E4Z_POST_EOF_DATA)) || past_eof_in_doubt(fix, file))
		return 0;
	return edit_hide(file, file->eof, EXTENTS_END - file->eof, may_keep);
}

/* Zeroes first, so that nothing is left of what one inode has written past EOF. */
static errcode_t hide_past_eof(struct fix *fix, enum way way)
{
	const struct finding_vec *runs = &fix->past_eof;
	struct edit_file *file;
	errcode_t err = session_open(fix->img, runs->items[0].ino, &file);

	if (!err)
		err = guard_inode(fix->img, &file->inode, 0);
	if (!err)
		err = edit_open_handle(file);
	if (err)
		return err;
	/* what e2fsck would unmap was found, and would be found again */
	file->strict = true;
	for (size_t i = 0; i < runs->count && !err; i++) {
		err = fix_zero_run(fix, &runs->items[i]);
		if (!err && way != CUT)
			err = edit_hide(file, runs->items[i].lblk, runs->items[i].blocks,
					way == HIDE);
	}
	if (!err)
		err = way == CUT ? cut(fix, file) : hide_zeroes(fix, file, way == HIDE);
	edit_close_handle(file);
	return err ? err : session_put_files(fix->img);
}

/* ---- one inode's change of metadata, within what a batch may hold ---- */

typedef errcode_t change_fn(struct fix *fix, const struct e4z_finding *f);

/*
 * A split of the map may find no block for the tree, and what stays past EOF may be what e2fsck
 * takes for damage in a deep one: then more of it is freed.
 */
static errcode_t change_past_eof(struct fix *fix, const struct e4z_finding *f)
{
	enum way first = HIDE;
	errcode_t err = 0;

	for (size_t i = 0; i < fix->past_eof.count; i++)
		if (fix->past_eof.items[i].kind == E4Z_POST_EOF_UNWRITTEN)
			first = CUT;
	(void)f;
	for (enum way way = first; way <= CUT; way++) {
		if (way != first)
			err = session_back(fix->img);
		if (!err)
			err = hide_past_eof(fix, way);
		if (err != E4Z_ET_NO_SPACE && err != E4Z_ET_QUOTA && err != E4Z_ET_REFUSED)
			break;
	}
	return err;
}

/* Does all that was staged fit into the log? */
static errcode_t check_size(struct fix *fix)
{
	uint64_t need, room;
	errcode_t err;

	if (txn_blocks(fix->img) <= fix->held_max)
		return 0;
	err = txn_log_need(fix->img, &need, &room);
	if (err || need <= room)
		return err;
	return image_refuse(fix->img, E4Z_ET_LOG_FULL,
			    "it needs %" PRIu64 " journal blocks, and there are %" PRIu64, need,
			    room);
}

static errcode_t try_change(struct fix *fix, change_fn *change, const struct e4z_finding *f)
{
	errcode_t err = session_mark(fix->img), back;

	if (err)
		return err;
	image_forget(fix->img);
	err = change(fix, f);
	if (!err)
		err = check_size(fix);
	if (!err)
		return 0;
	back = session_back(fix->img);
	return back ? back : err;
}

/*
 * Change the metadata of F's inode. *DONE: it is staged; else the reason is in fix->why. What is
 * too much for this batch is tried again as the only change of the next.
 */
static errcode_t change_inode(struct fix *fix, change_fn *change, const struct e4z_finding *f,
			      bool *done)
{
	errcode_t err = try_change(fix, change, f);

	if (err == E4Z_ET_LOG_FULL && txn_has_changes(fix->img)) {
		err = fix_end_batch(fix);
		if (err)
			return err;
		err = try_change(fix, change, f);
	}
	*done = !err;
	if (!err && txn_blocks(fix->img) > fix->held_max)
		return fix_end_batch(fix);
	if (!is_of_one_inode(err))
		return err;
	image_sentence(fix->img, err, fix->why, sizeof(fix->why));
	return 0;
}

/* The block of F, found before its inode's truncate was finished, is still in its tree. */
static bool is_still_there(const struct fix *fix, const struct e4z_finding *f)
{
	bool there = true;

	if (rangeset_has(fix->orphans.finished, f->ino) &&
	    fix_orphans_has_node(fix->img, f, &there))
		return false;
	return there;
}

static errcode_t zero_slack(struct fix *fix, const struct e4z_finding *f)
{
	struct e4z_image *img = fix->img;
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	struct unit unit = {.img = img, .pblk = f->pblk, .len = img->block_size};
	struct inode inode;
	uint8_t *data;
	errcode_t err = raw ? groups_load(img) : ENOMEM;

	slack_type(f, &unit.type);
	if (!err)
		err = inode_read(img, f->ino, raw, &inode);
	if (!err && unit.type == UNIT_INODE) {
		inode_place(img, f->ino, &unit.pblk, &unit.off);
		unit.len = img->inode_size;
	} else if (!err && unit.type == UNIT_TREE && !is_still_there(fix, f)) {
		return 0;
	}
	if (!err)
		err = txn_edit(img, unit.pblk, &data);
	if (err)
		return err;
	unit.inode = &inode;
	unit.bytes = data + unit.off;
	slack_zero(&unit, f->kind, data + unit.off);
	return 0;
}

errcode_t fix_end_past_eof(struct fix *fix)
{
	struct finding_vec *runs = &fix->past_eof;
	bool done = false;
	errcode_t err = 0;

	if (!runs->count)
		return 0;
	err = change_inode(fix, change_past_eof, runs->items, &done);
	for (size_t i = 0; i < runs->count && !err && !done; i++) {
		/* the blocks stay, but what they hold goes */
		err = fix_leave(fix, &runs->items[i], fix->why);
		if (!err)
			err = fix_zero_run(fix, &runs->items[i]);
	}
	runs->count = 0;
	return err;
}

errcode_t fix_zero_inline(struct fix *fix, const struct e4z_finding *f)
{
	bool done;
	errcode_t err = change_inode(fix, zero_inline, f, &done);

	return err || done ? err : fix_leave(fix, f, fix->why);
}

static errcode_t free_leaked(struct fix *fix, const struct e4z_finding *f)
{
	return ledger_free_leaked(fix->ledger, f->group);
}

errcode_t fix_free_leaked(struct fix *fix, const struct e4z_finding *f)
{
	bool done;
	errcode_t err = change_inode(fix, free_leaked, f, &done);

	return err || done ? err : fix_leave(fix, f, fix->why);
}

errcode_t fix_zero_slack(struct fix *fix, const struct e4z_finding *f)
{
	bool done;
	errcode_t err = change_inode(fix, zero_slack, f, &done);

	return err || done ? err : fix_leave(fix, f, fix->why);
}

/* ---- of a group, or of the file system ---- */

static errcode_t set_live(struct fix *fix, const struct e4z_finding *f)
{
	errcode_t err = groups_load(fix->img);

	return err ? err : live_set(fix->img, f->group, f->kind, fix->ledger->disputed);
}

errcode_t fix_set_live(struct fix *fix, const struct e4z_finding *f)
{
	bool done;
	errcode_t err = change_inode(fix, set_live, f, &done);

	return err || done ? err : fix_leave(fix, f, fix->why);
}

static errcode_t zero_orphan_slots(struct fix *fix, const struct e4z_finding *f)
{
	(void)f;
	return orphan_slots_zero(fix->img);
}

errcode_t fix_zero_orphan_slots(struct fix *fix, const struct e4z_finding *f)
{
	bool done;
	errcode_t err = change_inode(fix, zero_orphan_slots, f, &done);

	return err || done ? err : fix_leave(fix, f, fix->why);
}
