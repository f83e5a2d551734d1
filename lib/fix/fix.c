// SPDX-License-Identifier: GPL-2.0-or-later
// Scrubs what a check finds: bytes that nobody is meant to see become zero at home, and what is
// written behind EOF becomes unwritten, or is freed, in a transaction.
//
// The findings come by inode and are worked off in batches: a batch is one commit, its zeroes go
// home in the order of the disk before one barrier. Nothing below any EOF changes, no size, no
// time.
#include "e4zero.h"

#include "base/vec.h"
#include "edit/pieces.h"
#include "edit/session.h"
#include "file/inline.h"
#include "findings/findings.h"
#include "fix/fix_orphans.h"
#include "image/groups.h"
#include "open/guard.h"
#include "ops/orphan.h"
#include "ops/zero.h"
#include "scan/check.h"
#include "scan/doubt.h"
#include "sets/rangeset.h"
#include "txn/txn.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What a batch holds at most: pieces that go home (24 bytes each), and changed blocks. */
#define BATCH_PIECES 262144
#define BATCH_BYTES (32u << 20)

/* A finding that is left, and why. */
struct left {
	uint32_t ino;
	enum e4z_finding_kind kind;
	uint64_t lblk, pblk;
	char *why;
};
VEC(left_vec, struct left);
VEC(finding_vec, struct e4z_finding);

struct fix {
	struct e4z_image *img;
	const struct e4z_fix_options *options;
	struct check *check;
	struct e4z_fix_summary *summary;
	struct rangeset *doubt; /* blocks of inodes that cannot be read */
	struct fix_orphans orphans;
	struct finding_vec behind; /* one inode's runs of written blocks behind EOF */
	struct left_vec left;
	size_t next_left; /* while they are delivered */
	size_t held_max;  /* changed blocks of a batch */
	char why[1024];	  /* the last change was not made */
};

static errcode_t stopped(const struct fix *fix)
{
	const volatile int *stop = fix->options->check.stop;

	return stop && *stop ? E4Z_ET_INTERRUPTED : 0;
}

/* F is left; WHY is copied. */
static errcode_t leave(struct fix *fix, const struct e4z_finding *f, const char *why)
{
	struct left left = {f->ino, f->kind, f->lblk, f->pblk, strdup(why)};

	if (left.why && vec_push(&fix->left, left) == 0)
		return 0;
	free(left.why);
	return ENOMEM;
}

/* ---- batches ---- */

static errcode_t end_batch(struct fix *fix)
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

/* The bytes of [first, last] in whole blocks: what is between is not in sight either. */
static errcode_t zero_run(struct fix *fix, const struct e4z_finding *f)
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

/* From EOF to the end of its block. */
static errcode_t zero_tail(struct fix *fix, const struct e4z_finding *f)
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
		err = image_refuse(fix->img, E4Z_ET_BAD_INODE, "its inline data is damaged");
	if (!err)
		err = zero_range(file, fix->img->session, size, inline_capacity(&data) - size,
				 &ignored);
	return err ? err : session_put_files(fix->img);
}

/* What becomes of the written blocks behind EOF; CUT: of all blocks there. */
enum way { HIDE, FREE, CUT };

static bool behind_in_doubt(const struct fix *fix, const struct edit_file *file)
{
	struct extents_walk walk;
	struct run run;

	extents_walk_start(file->list, &walk, file->eof, EXTENTS_END, false);
	while (extents_walk_next(file->list, &walk, &run))
		if (rangeset_meets(fix->doubt, run.pblk, run.len))
			return true;
	return false;
}

/* Nothing stays behind EOF, as after a truncate to the same size. */
static errcode_t cut(struct fix *fix, struct edit_file *file)
{
	uint64_t len = EXTENTS_END - file->eof;
	errcode_t err;

	if (behind_in_doubt(fix, file))
		return image_refuse(fix->img, E4Z_ET_REFUSED,
				    "a block past EOF may be that of an inode that cannot be read");
	err = edit_unmap(file, file->eof, len);
	return err ? err : edit_prune(file, file->eof, len);
}

/*
 * Runs of zeroes that were not asked for go with those that were: alone, in a smaller tree, they
 * may be what e2fsck cuts off.
 */
static errcode_t hide_zeroes(struct fix *fix, struct edit_file *file, bool may_keep)
{
	uint32_t kinds = fix->options->check.kinds;
	bool wanted = !kinds || kinds & E4Z_KIND_BIT(E4Z_POST_EOF_ZERO);

	if (wanted || !(kinds & E4Z_KIND_BIT(E4Z_POST_EOF_DATA)) || behind_in_doubt(fix, file))
		return 0;
	return edit_hide(file, file->eof, EXTENTS_END - file->eof, may_keep);
}

/* Zeroes first, so that nothing is left of what one inode has written behind EOF. */
static errcode_t hide_behind(struct fix *fix, enum way way)
{
	const struct finding_vec *runs = &fix->behind;
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
		err = zero_run(fix, &runs->items[i]);
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
 * A split of the map may find no block for the tree, and what stays behind EOF may be what e2fsck
 * takes for damage in a deep one: then more of it is freed.
 */
static errcode_t change_behind(struct fix *fix, const struct e4z_finding *f)
{
	enum way first = HIDE;
	errcode_t err = 0;

	for (size_t i = 0; i < fix->behind.count; i++)
		if (fix->behind.items[i].kind == E4Z_POST_EOF_UNWRITTEN)
			first = CUT;
	(void)f;
	for (enum way way = first; way <= CUT; way++) {
		if (way != first)
			err = session_back(fix->img);
		if (!err)
			err = hide_behind(fix, way);
		if (err != E4Z_ET_NO_SPACE && err != E4Z_ET_QUOTA && err != E4Z_ET_REFUSED)
			break;
	}
	return err;
}

/* Does all that was staged fit into the log? */
static errcode_t judge_size(struct fix *fix)
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
		err = judge_size(fix);
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
		err = end_batch(fix);
		if (err)
			return err;
		err = try_change(fix, change, f);
	}
	*done = !err;
	if (!err && txn_blocks(fix->img) > fix->held_max)
		return end_batch(fix);
	if (!is_of_one_inode(err))
		return err;
	image_sentence(fix->img, err, fix->why, sizeof(fix->why));
	return 0;
}

/*
 * What was gathered of the runs of one inode. All else of it is staged before: what is freed here
 * may be somebody else's in the next batch.
 */
static errcode_t end_behind(struct fix *fix)
{
	struct finding_vec *runs = &fix->behind;
	bool done = false;
	errcode_t err = 0;

	if (!runs->count)
		return 0;
	err = change_inode(fix, change_behind, runs->items, &done);
	for (size_t i = 0; i < runs->count && !err && !done; i++) {
		/* the blocks stay, but what they hold goes */
		err = leave(fix, &runs->items[i], fix->why);
		if (!err)
			err = zero_run(fix, &runs->items[i]);
	}
	runs->count = 0;
	return err;
}

/* ---- all findings ---- */

/* The blocks of F may be those of an inode that nobody can read; an orphan's were looked at. */
static bool in_doubt(const struct fix *fix, const struct e4z_finding *f)
{
	if (f->kind == E4Z_PENDING_TRUNCATE)
		return rangeset_has(fix->orphans.leave, f->ino);
	/* it is not one run: each of them is looked at when it is cut off */
	if (f->kind == E4Z_POST_EOF_UNWRITTEN)
		return false;
	return f->blocks && f->pblk != E4Z_NONE && rangeset_meets(fix->doubt, f->pblk, f->blocks);
}

/* Why F is not even tried, or NULL. */
static const char *why_left(const struct fix *fix, const struct e4z_finding *f)
{
	if (f->kind >= E4Z_KIND_COUNT || f->kind == E4Z_OPAQUE)
		return NULL;
	if (!f->fixable)
		return f->why ? f->why : "never changed: a verity file or an attribute";
	if (in_doubt(fix, f))
		return "the block may be that of an inode that cannot be read";
	return f->kind == E4Z_PENDING_TRUNCATE ? fix_orphans_why(&fix->orphans, f->ino) : NULL;
}

static errcode_t stage_inline(struct fix *fix, const struct e4z_finding *f)
{
	bool done;
	errcode_t err = change_inode(fix, zero_inline, f, &done);

	return err || done ? err : leave(fix, f, fix->why);
}

static errcode_t stage_one(struct fix *fix, const struct e4z_finding *f)
{
	const char *why = why_left(fix, f);

	if (why)
		return leave(fix, f, why);
	switch (f->kind) {
	case E4Z_STALE_TAIL:
	case E4Z_SYMLINK_SLACK: return zero_tail(fix, f);
	case E4Z_UNWRITTEN_RESIDUE:
	case E4Z_CLUSTER_SLACK: return zero_run(fix, f);
	case E4Z_INLINE_SLACK: return stage_inline(fix, f);
	case E4Z_POST_EOF_DATA:
	case E4Z_POST_EOF_ZERO:
	case E4Z_POST_EOF_UNWRITTEN: return vec_push(&fix->behind, *f) ? ENOMEM : 0;
	default: return 0;
	}
}

/* Nothing was begun where all that was found is left. */
static bool batch_is_full(const struct fix *fix)
{
	return fix->img->txn && txn_homes(fix->img) >= BATCH_PIECES;
}

static errcode_t stage_all(struct fix *fix)
{
	struct e4z_finding f;
	errcode_t err = check_rewind(fix->check);

	while (!err) {
		err = check_next(fix->check, &f);
		if (!err && fix->behind.count &&
		    (f.kind == CHECK_END || f.ino != fix->behind.items[0].ino))
			err = end_behind(fix);
		if (err || f.kind == CHECK_END)
			break;
		if (f.kind == FINDING_SKIPPED || f.kind == E4Z_OPAQUE)
			continue;
		err = stage_one(fix, &f);
		if (!err && batch_is_full(fix))
			err = end_batch(fix);
	}
	return err ? err : end_batch(fix);
}

/* The next finding, WANTED or not: false at the end, and on an error. */
static bool next_any(struct fix *fix, struct e4z_finding *f, bool *wanted, errcode_t *err)
{
	if (!*err)
		*err = check_next_any(fix->check, f, wanted);
	return !*err && f->kind != CHECK_END;
}

/* Is there anything to do? And what must be kept away from, whatever was asked for? */
static errcode_t look_through(struct fix *fix, bool *any)
{
	struct e4z_finding f;
	bool wanted;
	errcode_t err = check_rewind(fix->check);

	*any = false;
	while (next_any(fix, &f, &wanted, &err)) {
		if (f.kind == E4Z_UNREADABLE && !f.ino)
			return image_refuse(fix->img, E4Z_ET_REFUSED,
					    "group %" PRIu32
					    ": %s: whose blocks its files own is not "
					    "known, \"e2fsck -f IMAGE\" repairs it",
					    f.group, f.why);
		if (f.kind == E4Z_UNREADABLE) {
			err = doubt_add(fix->img, f.ino, fix->doubt);
			if (!err)
				err = rangeset_add(fix->orphans.leave, f.ino, 1, NULL);
		}
		*any |= wanted && f.kind < E4Z_KIND_COUNT && f.fixable;
	}
	return err;
}

/* As many changed blocks as always fit into the log, their descriptors counted, and into memory. */
static errcode_t size_batch(struct fix *fix)
{
	uint64_t need, room, held = BATCH_BYTES / fix->img->block_size;
	errcode_t err = txn_log_need(fix->img, &need, &room);

	room -= room / 32 + 2;
	fix->held_max = held < room ? held : room;
	return err;
}

/* Which orphans must not be finished, now that all doubts are known. */
static errcode_t judge_orphans(struct fix *fix)
{
	struct e4z_finding f;
	bool wanted;
	errcode_t err = check_rewind(fix->check);

	while (next_any(fix, &f, &wanted, &err)) {
		if (f.kind == E4Z_PENDING_TRUNCATE)
			err = fix_orphans_judge(fix->img, &fix->orphans, &f, fix->doubt);
	}
	return err;
}

/* Orphans first, in their own transactions. */
static errcode_t begin(struct fix *fix)
{
	errcode_t err = rangeset_count(fix->doubt) ? judge_orphans(fix) : 0;

	if (!err)
		err = fix_orphans_begin(fix->img, &fix->orphans);
	if (!err)
		err = size_batch(fix);
	return err ? err : end_batch(fix);
}

/* ---- telling ---- */

static int by_finding(const void *pa, const void *pb)
{
	const struct left *a = pa, *b = pb;

	return findings_order(
		&(struct e4z_finding){
			.ino = a->ino, .kind = a->kind, .lblk = a->lblk, .pblk = a->pblk},
		&(struct e4z_finding){
			.ino = b->ino, .kind = b->kind, .lblk = b->lblk, .pblk = b->pblk});
}

static void tell(void *arg, struct e4z_finding *f)
{
	struct fix *fix = arg;
	const struct left *left = NULL;

	if (f->kind == FINDING_SKIPPED || f->kind == E4Z_OPAQUE)
		return;
	if (fix->next_left < fix->left.count)
		left = &fix->left.items[fix->next_left];
	if (left && left->ino == f->ino && left->kind == f->kind && left->lblk == f->lblk &&
	    left->pblk == f->pblk) {
		fix->next_left++;
		f->why = left->why;
		fix->summary->left++;
		return;
	}
	f->fixed = !fix->options->dry_run;
}

/*
 * A log that is not empty is replayed with whatever is fixed, and also where nothing is: others
 * that read the image next, zerofree(8) or e2image(8), look at what is at home alone. e2fsck -fn
 * takes the mark of an empty orphan file for a fault.
 */
static errcode_t replay(struct fix *fix)
{
	struct e4z_image *img = fix->img;
	errcode_t err = 0;

	if (img->info.journal != E4Z_JOURNAL_NEEDS_REPLAY && !orphan_is_marked(img))
		return 0;
	if (!img->txn)
		err = txn_begin(img, &(struct e4z_edit_options){.split = false});
	if (!err)
		err = orphan_drop_mark(img);
	if (err)
		return err;
	if (fix->options->dry_run)
		return session_pretend(img, &fix->summary->commit, &fix->summary->log_room);
	return session_commit(img, &fix->summary->commit);
}

static errcode_t run(struct fix *fix)
{
	bool any;
	errcode_t err = look_through(fix, &any);

	if (err)
		return err;
	if (any)
		err = begin(fix);
	if (!err)
		err = stage_all(fix);
	if (!err)
		err = replay(fix);
	if (fix->left.count)
		qsort(fix->left.items, fix->left.count, sizeof(struct left), by_finding);
	return err ? err : check_deliver(fix->check, tell, fix);
}

errcode_t e4z_fix(struct e4z_image *img, const struct e4z_fix_options *options,
		  const struct e4z_check_sink *sink, struct e4z_fix_summary *summary)
{
	static const struct e4z_fix_options defaults;
	struct e4z_fix_summary unwanted;
	struct fix fix = {
		.img = img,
		.options = options ? options : &defaults,
		.summary = summary ? summary : &unwanted,
	};
	struct e4z_commit_summary done;
	errcode_t err;

	summary = fix.summary;
	*summary = (struct e4z_fix_summary){.log_room = UINT64_MAX};
	if (img->dev->write_fd < 0)
		return image_fail(img, E4Z_ET_READ_ONLY, "fixing");
	if (img->txn)
		return image_refuse(img, E4Z_ET_STATE, "a transaction is open");
	fix.doubt = rangeset_new(img->blocks);
	err = fix_orphans_init(img, &fix.orphans);
	if (!fix.doubt)
		err = ENOMEM;
	if (!err)
		err = check_new(img, &fix.options->check, true, sink, &summary->check, &fix.check);
	if (!err)
		err = run(&fix);
	e4z_done(img, &done);
	summary->check.bytes_read = done.bytes_read;
	session_drop(img);
	txn_abort(img);
	check_free(fix.check);
	rangeset_free(fix.doubt);
	fix_orphans_free(&fix.orphans);
	vec_free(&fix.behind);
	for (size_t i = 0; i < fix.left.count; i++)
		free(fix.left.items[i].why);
	vec_free(&fix.left);
	if (err && !image_has_told(img))
		return image_fail(img, err, "fixing");
	return err;
}
