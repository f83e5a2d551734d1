// SPDX-License-Identifier: GPL-2.0-or-later
// Converts the blocks of every regular file, window by window, in transactions of whole files.
//
// First the whole image is looked at as --check does: a block that two files claim must not be
// zeroed for one of them. Then the inodes are met by number; what they map is looked at in the
// order of the disk, many files at once, and each is converted. A transaction ends when the changed
// blocks near what the log or the memory has room for.
#include "convert/convert.h"

#include "base/pool.h"
#include "edit/pieces.h"
#include "edit/session.h"
#include "findings/findings.h"
#include "format/system.h"
#include "home/dig.h"
#include "journal/commit.h"
#include "open/guard.h"
#include "scan/doubt.h"
#include "scan/inodes.h"
#include "scan/results.h"
#include "scan/tables.h"
#include "txn/txn.h"
#include <errno.h>
#include <inttypes.h>

/* A window ends with so many pieces or files. */
#define WINDOW_PIECES 131072
#define WINDOW_FILES 16384
/* Of a transaction, in memory: changed blocks, and places that are zeroed first. */
#define BLOCKS_BYTES (32u << 20)
#define BLOCKS_MAX 8192
#define HOMES_MAX 131072

VEC(edit_vec, struct e4z_edit);

struct every {
	struct e4z_image *img;
	const struct e4z_convert_options *options;
	struct e4z_convert_summary *summary;
	struct e4z_commit_summary *done;
	struct convert convert;
	struct findings *findings; /* who is unreadable */
	struct doubt doubt;	   /* blocks that those may own */
	struct tables *tables;
	struct results *results;
	struct edit_vec pending; /* what the running transaction did */
	uint64_t base, window;	 /* inodes, for the progress */
};

static errcode_t stopped(const struct every *e)
{
	return e->options->stop && *e->options->stop ? E4Z_ET_INTERRUPTED : 0;
}

static void show_progress(const struct every *e, enum e4z_pass pass, uint64_t current, uint64_t max)
{
	if (e->options->progress)
		e->options->progress(e->options->arg, pass, current, max);
}

static errcode_t leave(struct every *e, uint32_t ino, errcode_t err, const char *why)
{
	e->summary->left++;
	return results_leave(e->results, ino, err, why);
}

/* The last failure was the file's own: all that is known of it is reported. */
static errcode_t leave_failed(struct every *e, uint32_t ino, errcode_t err)
{
	char why[512];

	image_sentence(e->img, err, why, sizeof(why));
	image_forget(e->img);
	return leave(e, ino, err, why);
}

/* ---- transactions ---- */

/* What a transaction may hold before it is ended. */
static size_t block_limit(const struct every *e)
{
	uint64_t limit = BLOCKS_BYTES / e->img->block_size;

	if (limit > BLOCKS_MAX)
		limit = BLOCKS_MAX;
	if (e->img->log && limit > commit_room(e->img->log))
		limit = commit_room(e->img->log);
	return (size_t)(limit - limit / 8);
}

/* In a dry run: what the transaction would take, then it is forgotten. */
static errcode_t pretend(struct every *e)
{
	errcode_t err = session_pretend(e->img, e->done, &e->summary->log_room);

	e->summary->log_blocks = e->done->log_blocks;
	return err;
}

static errcode_t commit(void *arg)
{
	struct every *e = arg;
	errcode_t err = e->options->dry_run ? pretend(e) : session_commit(e->img, e->done);

	for (size_t i = 0; i < e->pending.count && !err; i++)
		err = results_edit(e->results, &e->pending.items[i]);
	e->pending.count = 0;
	return err;
}

/* Everything before it is committed: FILE alone, and it is too large. */
static errcode_t convert_large(struct every *e, const struct convert_file *file, uint64_t need,
			       uint64_t room)
{
	struct e4z_edit edit = file->edit;
	errcode_t err, reported = 0;

	if (!txn_may_split(e->img)) {
		e->summary->left++;
		return results_too_large(e->results, file->ino, need, room);
	}
	err = convert_in_pieces(&e->convert, file, commit, e, &edit);
	if (!err)
		return vec_push(&e->pending, edit) ? ENOMEM : commit(e);
	/* pieces that are durable are reported */
	if (edit.blocks_converted)
		reported = results_edit(e->results, &edit);
	return reported ? reported : err;
}

/* One attempt. *FITS: it is in the transaction, which is no larger than the log. */
static errcode_t try_file(struct every *e, const struct convert_file *file, bool *fits,
			  uint64_t *need, uint64_t *room)
{
	struct convert_place start = {0};
	struct e4z_edit edit = file->edit;
	errcode_t err = session_mark(e->img), back;

	*fits = true;
	if (err)
		return err;
	err = convert_file(&e->convert, file, &start, UINT64_MAX, &edit);
	/* counting exactly is dear: where the blocks held are few enough there is no need to */
	if (!err && e->img->log && capture_count(e->img->view) >= commit_room(e->img->log)) {
		err = txn_log_need(e->img, need, room);
		*fits = *need <= *room;
	}
	if (!err && *fits && vec_push(&e->pending, edit))
		err = ENOMEM;
	if (!err && *fits)
		return 0;
	back = session_back(e->img);
	return back ? back : err;
}

static errcode_t convert_this(struct every *e, const struct convert_file *file)
{
	uint64_t need = 0, room = 0;
	bool fits, alone = !txn_has_changes(e->img);
	errcode_t err;

	image_forget(e->img);
	err = try_file(e, file, &fits, &need, &room);
	/* what was freed before it may be had, and the log is empty, after a commit */
	if (!alone && (!fits || err == E4Z_ET_NO_SPACE)) {
		err = commit(e);
		if (err)
			return err;
		err = try_file(e, file, &fits, &need, &room);
	}
	if (!err && !fits)
		return convert_large(e, file, need, room);
	if (is_of_one_inode(err))
		return leave_failed(e, file->ino, err);
	if (err || (capture_count(e->img->view) < block_limit(e) && txn_homes(e->img) < HOMES_MAX))
		return err;
	return commit(e);
}

/* ---- windows ---- */

static void watch_window(void *arg, uint64_t taken, uint64_t all)
{
	const struct every *e = arg;

	show_progress(e, E4Z_PASS_BLOCKS, e->base + e->window * taken / (all ? all : 1),
		      e->img->inodes);
}

/*
 * What e2fsck may give to an inode that cannot be read is neither zeroed nor freed. (That a block
 * is unwritten changes nothing of it.)
 */
static bool in_doubt(const struct every *e, const struct convert_file *file)
{
	const struct convert *c = &e->convert;
	bool doubt = false;

	for (size_t i = 0; i < file->zeros && c->options->to != E4Z_TO_UNWRITTEN; i++) {
		const struct zeros *zeros = &c->found.items[file->zero + i];

		doubt |= rangeset_meets(e->doubt.blocks,
					c->pieces.items[zeros->piece].pblk + zeros->start,
					zeros->len);
	}
	return doubt;
}

/* All files that were added. NEXT: the first inode that was not looked at. */
static errcode_t end_window(struct every *e, uint32_t next)
{
	struct convert *c = &e->convert;
	errcode_t err;

	e->window = next - e->base;
	err = convert_look(c, watch_window, e);
	for (size_t i = 0; i < c->files.count && !err; i++) {
		const struct convert_file *file = &c->files.items[i];

		err = stopped(e);
		if (err)
			break;
		if (file->unreadable)
			err = leave(e, file->ino, EIO, "a block cannot be read");
		else if (in_doubt(e, file))
			err = leave(e, file->ino, E4Z_ET_CORRUPT_MAP,
				    "a corrupt inode may own some of its blocks");
		else if (file->zeros)
			err = convert_this(e, file);
	}
	convert_clear(c);
	e->base = next;
	show_progress(e, E4Z_PASS_BLOCKS, next, e->img->inodes);
	return err;
}

static errcode_t add_inode(struct every *e, const struct inode *inode)
{
	const char *why;
	bool empty;
	errcode_t err;

	if (!inode_is(inode, LINUX_S_IFREG) || !inode->links || inode->flags & EXT4_EA_INODE_FL ||
	    is_system_inode(e->img->fs->super, inode->ino))
		return 0;
	e->summary->files++;
	if (findings_is_unreadable(e->findings, inode->ino))
		return leave(e, inode->ino, E4Z_ET_CORRUPT_MAP,
			     "its block map is corrupt, or blocks are claimed more than once");
	why = convert_exempts(&e->convert, inode, true);
	if (why) {
		e->summary->skipped++;
		return results_skip(e->results, inode->ino, why);
	}
	err = convert_add(&e->convert, inode, &empty, &why);
	if (err && why)
		return leave(e, inode->ino, E4Z_ET_CORRUPT_MAP, why);
	if (!err && empty)
		e->convert.files.count--;
	return err;
}

static errcode_t convert_inodes(struct every *e, struct inodes *it)
{
	const struct convert *c = &e->convert;
	struct inode inode;
	enum inodes_met met;
	errcode_t err = 0;

	while (!err && (met = inodes_next(it, &inode)) != INODES_END) {
		err = stopped(e);
		if (err)
			break;
		if (met == INODES_LOST)
			err = leave(e, 0, E4Z_ET_BAD_INODE,
				    "part of an inode table cannot be read");
		else if (met == INODES_UNREADABLE)
			err = leave(e, inode.ino, E4Z_ET_BAD_INODE,
				    "the inode's checksum is wrong");
		else
			err = add_inode(e, &inode);
		if (!err && (c->pieces.count >= WINDOW_PIECES || c->files.count >= WINDOW_FILES ||
			     inode.ino - e->base >= WINDOW_FILES * 4u))
			err = end_window(e, inode.ino);
	}
	if (!err)
		err = end_window(e, e->img->inodes);
	return err;
}

/* ---- the whole ---- */

static errcode_t watch_tables(void *arg, enum e4z_pass pass, uint64_t current, uint64_t max)
{
	show_progress(arg, pass, current, max);
	return 0;
}

/* Where a whole table is lost nobody knows whose blocks the other files own. */
static errcode_t doubt_unreadable(struct every *e)
{
	const struct e4z_finding *finding;
	errcode_t err = doubt_init(e->img, &e->doubt);

	if (!err)
		err = findings_rewind(e->findings);
	while (!err) {
		err = findings_next(e->findings, &finding);
		if (err || !finding)
			break;
		if (finding->kind != E4Z_UNREADABLE)
			continue;
		if (finding->ino)
			err = doubt_add(&e->doubt, finding->ino);
		else if (e->options->to != E4Z_TO_UNWRITTEN)
			err = image_refuse(e->img, E4Z_ET_CORRUPT_MAP, "group %" PRIu32 ": %s",
					   finding->group, finding->why);
	}
	return err;
}

/* Who claims which blocks, and whose mapping is sound. */
static errcode_t look_around(struct every *e)
{
	const struct tables_options options = {
		.workers = e->options->jobs ? e->options->jobs : pool_processors(),
		.kinds = E4Z_KIND_BIT(E4Z_UNREADABLE),
		.stop = e->options->stop,
		.watch = watch_tables,
		.arg = e,
	};
	errcode_t err = findings_new(e->img, &e->findings);

	if (!err)
		err = tables_new(e->img, &options, e->findings, &e->tables);
	if (!err)
		err = tables_examine(e->tables);
	return err ? err : doubt_unreadable(e);
}

static errcode_t convert_every(struct every *e)
{
	struct inodes it;
	errcode_t err = inodes_open(e->img, &it);

	if (!err)
		err = convert_inodes(e, &it);
	inodes_close(&it);
	if (!err)
		err = stopped(e);
	if (!err)
		err = commit(e);
	if (!err && e->options->to == E4Z_TO_HOLE && !e->options->dry_run)
		err = dig_image(e->img, e->options->jobs, e->options->stop);
	return err;
}

errcode_t e4z_convert_all(struct e4z_image *img, const struct e4z_convert_options *options,
			  struct e4z_convert_summary *summary, struct e4z_commit_summary *done)
{
	static const struct e4z_convert_options defaults;
	AUTO_TURN struct turn turn = turn_begin(img, "e4z_convert_all()");
	struct e4z_convert_summary unwanted = {0};
	struct e4z_commit_summary unwanted_done = {0};
	struct results_sink sink;
	struct every e = {.img = img};
	errcode_t err, told;

	e.options = options = options ? options : &defaults;
	e.summary = summary = summary ? summary : &unwanted;
	e.done = done = done ? done : &unwanted_done;
	sink = (struct results_sink){options->arg, options->edit, options->skipped};
	*summary = (struct e4z_convert_summary){.log_room = UINT64_MAX};
	*done = (struct e4z_commit_summary){0};
	if (turn.err || !img->txn)
		return turn.err ? turn.err
				: image_refuse(img, E4Z_ET_STATE, "no transaction is open");
	/* it commits on its way: what others did must not be cut in two by that */
	if (img->session)
		return image_refuse(img, E4Z_ET_STATE, "other operations are not committed yet");
	err = results_new(img, &e.results);
	if (!err)
		err = convert_open(img, options, &e.convert);
	if (!err)
		err = look_around(&e);
	if (!err)
		err = convert_every(&e);
	/* committed changes are reported even after a failure */
	if (e.results && (!err || done->transactions)) {
		told = results_deliver(e.results, img, err ? NULL : tables_dirs(e.tables), &sink);
		err = err ? err : told;
	}
	results_free(e.results);
	tables_free(e.tables);
	findings_free(e.findings);
	doubt_free(&e.doubt);
	convert_close(&e.convert);
	vec_free(&e.pending);
	return err && !image_has_message(img) ? image_fail(img, err, "converting") : err;
}
