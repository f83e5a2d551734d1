// SPDX-License-Identifier: GPL-2.0-or-later
// Scrubs what a check finds: bytes that nobody is meant to see become zero at home, and what is
// written past EOF becomes unwritten, or is freed, in a transaction.
//
// The findings come by inode and are worked off in batches: a batch is one commit, its zeroes go
// home in the order of the disk before one barrier. Nothing below any EOF changes, no size, no
// time.
#include "fix/fix_state.h"

#include "base/reserved.h"
#include "edit/session.h"
#include "findings/findings.h"
#include "image/groups.h"
#include "image/turn.h"
#include "ledger/ledger_state.h"
#include "ops/orphan.h"
#include "scan/check.h"
#include "sets/rangeset.h"
#include "txn/txn.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The limits of a batch: pieces that are zeroed in place (24 bytes each), and changed blocks. */
#define BATCH_PIECES 262144
#define BATCH_BYTES (32u << 20)

/* ---- all findings ---- */

/* The blocks of F may be those of an inode that nobody can read; an orphan's were looked at. */
static bool in_doubt(const struct fix *fix, const struct e4z_finding *f)
{
	if (f->kind == E4Z_PENDING_TRUNCATE)
		return rangeset_has(fix->orphans.leave, f->ino);
	/* it is not one run: each of them is looked at when it is cut off, or it is the ledger's */
	if (f->kind == E4Z_POST_EOF_UNWRITTEN || f->kind == E4Z_DELETED_OPEN || !f->ino)
		return false;
	return f->blocks && f->pblk != E4Z_NONE &&
	       rangeset_meets(fix->doubt.blocks, f->pblk, f->blocks);
}

/* Its kind is among those that were asked for by name. */
static bool is_named(const struct fix *fix, const struct e4z_finding *f)
{
	return fix->options->check.kinds & E4Z_KIND_BIT(f->kind);
}

/* F is reported by a check, and nothing is to be done about it. */
static bool is_passed_over(const struct fix *fix, const struct e4z_finding *f)
{
	return f->kind == FINDING_SKIPPED || f->kind == E4Z_OPAQUE ||
	       (findings_by_nature(f) && !is_named(fix, f));
}

/* Why F is not even tried, or NULL. */
static const char *why_left(const struct fix *fix, const struct e4z_finding *f)
{
	if (f->kind == E4Z_AFTER_FS && !is_named(fix, f))
		return "not in the file system: it is zeroed only if its kind is named";
	if (!f->fixable)
		return f->why ? f->why : "not supported: a verity file";
	if (in_doubt(fix, f))
		return "the block may belong to an inode that cannot be read";
	return f->kind == E4Z_PENDING_TRUNCATE || f->kind == E4Z_DELETED_OPEN
		       ? fix_orphans_why(&fix->orphans, f->ino)
		       : NULL;
}

static errcode_t stage_one(struct fix *fix, const struct e4z_finding *f)
{
	const char *why;

	/* nothing of it is left */
	if (f->ino && rangeset_has(fix->orphans.gone, f->ino))
		return 0;
	why = why_left(fix, f);
	if (why)
		return fix_leave(fix, f, why);
	switch (f->kind) {
	case E4Z_STALE_TAIL:
	case E4Z_SYMLINK_SLACK: return fix_zero_tail(fix, f);
	case E4Z_UNWRITTEN_RESIDUE:
	case E4Z_CLUSTER_SLACK: return f->ino ? fix_zero_run(fix, f) : 0;
	case E4Z_INLINE_SLACK: return fix_zero_inline(fix, f);
	case E4Z_LEAKED_BLOCK: return fix_free_leaked(fix, f);
	case E4Z_IBLOCK_SLACK:
	case E4Z_EXTENT_SLACK:
	case E4Z_DIR_SLACK:
	case E4Z_HTREE_SLACK:
	case E4Z_INODE_SLACK:
	case E4Z_XATTR_SLACK: return fix_zero_slack(fix, f);
	case E4Z_FREE_INODE: return fix_zero_spares(fix, f);
	case E4Z_BITMAP_SLACK:
	case E4Z_DESC_SLACK:
	case E4Z_SUPER_SLACK: return fix_set_live(fix, f);
	case E4Z_ORPHAN_SLACK: return fix_zero_orphan_slots(fix, f);
	/* it would be gone */
	case E4Z_DELETED_OPEN: return fix_leave(fix, f, "it was not met among the orphans");
	case E4Z_POST_EOF_DATA:
	case E4Z_POST_EOF_ZERO:
	case E4Z_POST_EOF_UNWRITTEN: return vec_push(&fix->past_eof, *f) ? ENOMEM : 0;
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
		if (!err && fix->past_eof.count &&
		    (f.kind == CHECK_END || f.ino != fix->past_eof.items[0].ino))
			err = fix_end_past_eof(fix);
		if (err || f.kind == CHECK_END)
			break;
		if (is_passed_over(fix, &f))
			continue;
		err = stage_one(fix, &f);
		if (!err && batch_is_full(fix))
			err = fix_end_batch(fix);
	}
	return err ? err : fix_end_batch(fix);
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
					    ": %s: the blocks of its inodes are unknown; "
					    "run \"e2fsck -f IMAGE\" first",
					    f.group, f.why);
		if (f.kind == E4Z_UNREADABLE) {
			err = doubt_add(&fix->doubt, f.ino);
			if (!err)
				err = rangeset_add(fix->orphans.leave, f.ino, 1, NULL);
		}
		if (!err && wanted && f.kind == E4Z_DELETED_OPEN && f.fixable)
			err = rangeset_add(fix->orphans.evict, f.ino, 1, NULL);
		*any |= wanted && f.kind < E4Z_KIND_COUNT && f.fixable &&
			(f.kind != E4Z_AFTER_FS || is_named(fix, &f));
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
static errcode_t check_orphans(struct fix *fix)
{
	struct e4z_finding f;
	bool wanted;
	errcode_t err = check_rewind(fix->check);

	while (next_any(fix, &f, &wanted, &err)) {
		if (f.kind == E4Z_PENDING_TRUNCATE)
			err = fix_orphans_check(fix->img, &fix->orphans, &f, &fix->doubt);
	}
	return err;
}

/* Orphans first, in their own transactions. */
static errcode_t begin(struct fix *fix)
{
	errcode_t err = fix->ledger ? ledger_watch(fix->ledger) : 0;

	if (!err && rangeset_count(fix->doubt.blocks))
		err = check_orphans(fix);
	if (!err)
		err = fix_orphans_begin(fix->img, &fix->orphans);
	if (!err)
		err = size_batch(fix);
	return err ? err : fix_end_batch(fix);
}

/* ---- telling ---- */

static int by_finding(const void *pa, const void *pb)
{
	const struct left *a = pa, *b = pb;

	return findings_order(&(struct e4z_finding){.ino = a->ino,
						    .group = a->group,
						    .kind = a->kind,
						    .lblk = a->lblk,
						    .pblk = a->pblk},
			      &(struct e4z_finding){.ino = b->ino,
						    .group = b->group,
						    .kind = b->kind,
						    .lblk = b->lblk,
						    .pblk = b->pblk});
}

static void tell(void *arg, struct e4z_finding *f)
{
	struct fix *fix = arg;
	const struct left *left = NULL;

	if (fix->ledger)
		ledger_note(fix->ledger, f);
	if (is_passed_over(fix, f))
		return;
	if (fix->next_left < fix->left.count)
		left = &fix->left.items[fix->next_left];
	if (left && left->ino == f->ino && left->kind == f->kind && left->lblk == f->lblk &&
	    left->pblk == f->pblk && (f->ino || left->group == f->group)) {
		fix->next_left++;
		f->why = left->why;
		fix->summary->left++;
		return;
	}
	f->fixed = !fix->options->dry_run;
}

/*
 * A stale byte of a free block that is going to be zeroed, where no transaction was committed yet:
 * *OFF, or E4Z_NONE.
 */
static errcode_t find_free_byte(struct fix *fix, uint64_t *off)
{
	struct e4z_finding f;
	bool wanted;
	errcode_t err = 0;

	*off = E4Z_NONE;
	if (!fix->ledger || fix->summary->commit.transactions)
		return 0;
	err = check_rewind(fix->check);
	while (*off == E4Z_NONE && next_any(fix, &f, &wanted, &err))
		if (wanted && f.kind == E4Z_FREE_BLOCK && f.fixable)
			*off = f.first;
	return err;
}

/*
 * A log that is not empty is replayed with whatever is fixed, and also where nothing is: others
 * that read the image next, zerofree(8) or e2image(8), look at what is at home alone. e2fsck -fn
 * takes the mark of an empty orphan file for a fault.
 *
 * The undo file of an earlier edit may lead to blocks that are free now. So that it can tell that
 * they have become zero, the first such byte does in a commit, which leaves a mark.
 */
static errcode_t replay(struct fix *fix)
{
	struct e4z_image *img = fix->img;
	uint64_t off;
	errcode_t err = find_free_byte(fix, &off);

	if (err || (img->info.journal != E4Z_JOURNAL_NEEDS_REPLAY && !orphan_is_marked(img) &&
		    off == E4Z_NONE))
		return err;
	if (!img->txn)
		err = txn_begin(img, &(struct e4z_edit_options){.split = false});
	if (!err)
		err = orphan_drop_mark(img);
	if (!err && off != E4Z_NONE)
		err = txn_home_zero(img, off, 1);
	if (err)
		return err;
	if (fix->options->dry_run)
		return session_pretend(img, &fix->summary->commit, &fix->summary->log_room);
	return session_commit(img, &fix->summary->commit);
}

/* What nobody reads, at home: the log is empty, so that nothing brings back what is zeroed. */
static errcode_t scrub(struct fix *fix)
{
	if (!fix->ledger || fix->options->dry_run)
		return 0;
	session_drop(fix->img);
	txn_abort(fix->img);
	return ledger_scrub(fix->ledger, &fix->summary->verified);
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
	if (!err)
		err = scrub(fix);
	if (fix->left.count)
		qsort(fix->left.items, fix->left.count, sizeof(struct left), by_finding);
	if (!err)
		err = check_deliver(fix->check, tell, fix);
	if (!err && fix->ledger && fix->options->check.all)
		err = ledger_deliver(fix->ledger, fix->sink);
	return err;
}

/* Can the fix begin, with these options? */
static errcode_t check_call(const struct fix *fix)
{
	const struct e4z_check_options *check = &fix->options->check;

	if (!fix->img->dev->writable)
		return image_fail(fix->img, E4Z_ET_READ_ONLY, "fixing");
	if (fix->img->txn)
		return image_refuse(fix->img, E4Z_ET_STATE, "a transaction is open");
	if (!RESERVED_IS_ZERO(fix->options) || !reserved_check_known(check, fix->sink))
		return image_refuse(fix->img, E4Z_ET_USAGE, RESERVED_WHY);
	if (check->shard || check->shards)
		return image_refuse(fix->img, E4Z_ET_USAGE,
				    "a shard can be checked, but not fixed");
	return 0;
}

errcode_t e4z_fix(struct e4z_image *img, const struct e4z_fix_options *options,
		  const struct e4z_check_sink *sink, struct e4z_fix_summary *summary)
{
	static const struct e4z_fix_options defaults;
	AUTO_TURN struct turn turn = turn_begin(img, "e4z_fix()");
	struct e4z_fix_summary unwanted = {0};
	struct fix fix = {
		.img = img,
		.options = options ? options : &defaults,
		.summary = summary ? summary : &unwanted,
		.sink = sink,
	};
	struct e4z_commit_summary done;
	errcode_t err;

	summary = fix.summary;
	*summary = (struct e4z_fix_summary){.log_room = UINT64_MAX};
	err = turn.err ? turn.err : check_call(&fix);
	if (err)
		return err;
	err = doubt_init(img, &fix.doubt);
	if (!err)
		err = fix_orphans_init(img, &fix.orphans);
	if (!err)
		err = ledger_for(img, &fix.options->check, true, &fix.ledger);
	if (!err)
		err = check_new(img, &fix.options->check, true, ledger_after(fix.ledger), sink,
				&summary->check, &fix.check);
	if (!err)
		err = run(&fix);
	e4z_done(img, &done);
	summary->check.bytes_read = done.bytes_read;
	session_drop(img);
	txn_abort(img);
	check_free(fix.check);
	ledger_free(fix.ledger);
	doubt_free(&fix.doubt);
	fix_orphans_free(&fix.orphans);
	vec_free(&fix.past_eof);
	for (size_t i = 0; i < fix.left.count; i++)
		free(fix.left.items[i].why);
	vec_free(&fix.left);
	if (err && !image_has_message(img))
		return image_fail(img, err, "fixing");
	return err;
}
