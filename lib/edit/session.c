// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps the files of a transaction open between its operations.
#include "edit/session.h"

#include "edit/fit.h"
#include "edit/writeback.h"
#include "txn/alloc.h"
#include "txn/txn.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- the limit ---- */

/* Write files back until no more than LEAVE blocks are held; SEEN: what can be seen, too. */
static errcode_t spill_files(struct session *s, size_t leave, bool seen)
{
	bool wrote;
	errcode_t err = 0;

	for (size_t i = 0; i < s->files.count && !err; i++) {
		struct edit_file *f = s->files.items[i];

		if (cache_count(s->shared.cache) <= leave)
			break;
		if (cache_dirty(f->blocks))
			err = session_touch(s, f);
		if (!err && cache_dirty(f->blocks))
			err = seen ? writeback_all(f) : writeback_flush(f, 0, EXTENTS_END, &wrote);
		if (!err)
			err = cache_evict(f->blocks);
	}
	return err;
}

/* What travels stays in memory until the commit: no more of it than the log has room for. */
static errcode_t check_room(struct e4z_image *img)
{
	uint64_t need, room;
	bool fits;
	errcode_t err = txn_fits(img, &fits);

	if (err || fits)
		return err;
	err = txn_log_need(img, &need, &room);
	if (err)
		return err;
	return image_refuse(img, E4Z_ET_LOG_FULL,
			    "the change needs more than %" PRIu64
			    " journal blocks, and there are %" PRIu64,
			    need, room);
}

static errcode_t spill(struct e4z_image *img, size_t leave)
{
	struct session *s = img->session;
	uint64_t room;
	errcode_t err = spill_files(s, leave, false);

	if (err || cache_count(s->shared.cache) <= leave)
		return err;
	/* what travels stays in memory, and half of the log is for what comes later */
	room = SESSION_CACHE_BYTES / img->block_size;
	err = fit_spill(img, room < txn_log_room(img) / 2 ? room : txn_log_room(img) / 2);
	if (!err)
		err = spill_files(s, leave, false);
	if (!err)
		err = spill_files(s, leave, true);
	return err ? err : check_room(img);
}

errcode_t session_flush(struct e4z_image *img)
{
	struct session *s = img->session;
	bool wrote;
	errcode_t err = 0;

	/* the steps of the last operation are of no use any more: what is flushed stays so */
	if (!err)
		err = session_mark(img);
	for (size_t i = 0; i < s->files.count && !err; i++) {
		struct edit_file *f = s->files.items[i];

		err = cache_dirty(f->blocks) ? session_touch(s, f) : 0;
		if (!err)
			err = writeback_flush(f, 0, EXTENTS_END, &wrote);
	}
	return err;
}

errcode_t session_has_room(struct e4z_image *img)
{
	const struct session *s = img->session;
	uint64_t owed = cache_count(s->shared.cache), left = 0;
	errcode_t err = alloc_left(img, false, &left);

	/* mostly there is room for all that waits, whatever it is */
	if (err || owed <= left)
		return err;
	owed = 0;
	for (size_t i = 0; i < s->files.count; i++)
		owed += writeback_owed(s->files.items[i]);
	if (owed <= left)
		return 0;
	return image_refuse(img, E4Z_ET_NO_SPACE,
			    "not enough free blocks: %" PRIu64 " needed, %" PRIu64 " available",
			    owed * img->cluster_ratio, left * img->cluster_ratio);
}

bool session_gave_back(const struct e4z_image *img)
{
	const struct session *s = img->session;
	bool any = txn_freed(img);

	for (size_t i = 0; s && i < s->files.count; i++)
		any |= s->files.items[i]->unmapped.count != 0;
	return any;
}

errcode_t session_limit(struct e4z_image *img)
{
	struct session *s = img->session;

	if (cache_count(s->shared.cache) <= cache_limit(s->shared.cache))
		return 0;
	return spill(img, 0);
}

/* ---- taking back ---- */

errcode_t session_mark(struct e4z_image *img)
{
	struct session *s;
	errcode_t err = session_get(img, &s);

	/*
	 * What an operation replaces is kept meanwhile: together that is half as much again. A good
	 * deal goes at once, as all files are asked for it.
	 */
	if (!err && cache_count(s->shared.cache) > cache_limit(s->shared.cache) / 2)
		err = spill(img, cache_limit(s->shared.cache) / 4);
	if (err)
		return err;
	txn_mark(img);
	cache_mark(s->shared.cache);
	(void)fit_bound(img); /* takes in what the last operation touched */
	for (size_t i = 0; i < s->touched.count; i++)
		edit_unmark(s->touched.items[i]);
	s->file_mark = s->files.count;
	s->touched.count = 0;
	s->operation++;
	return 0;
}

/* The maps that the operation changed, but those of files that it opened. */
static errcode_t take_back_maps(struct session *s)
{
	errcode_t err = 0;

	for (size_t i = 0; i < s->touched.count && !err; i++)
		if (s->touched.items[i]->has_mark)
			err = edit_back(s->touched.items[i]);
	return err;
}

errcode_t session_back(struct e4z_image *img)
{
	struct session *s = img->session;
	errcode_t err;

	if (!s) {
		txn_back(img);
		return 0;
	}
	s->shared.handle = false;
	err = cache_back(s->shared.cache);
	txn_back(img);
	if (!err)
		err = take_back_maps(s);
	(void)fit_bound(img);
	session_close_files(s, s->file_mark);
	/* what was settled in part is closed, unless it was open before */
	s->broken = err != 0 || (s->broken && s->file_mark);
	return err;
}

/* ---- settling ---- */

static errcode_t put_files(struct e4z_image *img)
{
	struct session *s = img->session;
	errcode_t err = 0;

	for (size_t i = 0; i < s->files.count && !err; i++) {
		struct edit_file *f = s->files.items[i];

		/* what fails now may be the fault of an operation long ago */
		image_name_file(img, f->inode.ino, f->name);
		err = writeback_settle(f);
	}
	/* part of it may be in the transaction */
	s->broken = err != 0;
	if (err)
		return err;
	session_close_files(s, 0);
	cache_mark(s->shared.cache);
	return 0;
}

errcode_t session_put_files(struct e4z_image *img)
{
	struct session *s;
	errcode_t err = img->session ? session_get(img, &s) : 0;

	return err || !img->session ? err : put_files(img);
}

errcode_t session_settle(struct e4z_image *img)
{
	struct session *s;
	errcode_t err = img->session ? session_get(img, &s) : 0;

	if (err || !img->session)
		return err;
	err = fit_move(img);
	/* part of it may be in the transaction */
	if (err)
		s->broken = true;
	return err ? err : put_files(img);
}

errcode_t session_commit(struct e4z_image *img, struct e4z_commit_summary *summary)
{
	errcode_t err = session_settle(img);

	/* what was settled in part must not be committed: the session remembers that it was */
	if (err)
		return err;
	err = txn_commit(img, summary);
	session_drop(img);
	return err;
}

errcode_t session_seal(struct e4z_image *img)
{
	errcode_t err = session_settle(img);

	if (err)
		return err;
	session_drop(img);
	return txn_seal_planned(img);
}

errcode_t session_pretend(struct e4z_image *img, struct e4z_commit_summary *summary, uint64_t *room)
{
	errcode_t err = session_settle(img);

	if (err)
		return err;
	session_drop(img);
	return txn_pretend(img, summary, room);
}

errcode_t session_rewind(struct e4z_image *img)
{
	session_drop(img);
	return txn_rewind(img);
}

errcode_t session_next(struct e4z_image *img)
{
	struct e4z_commit_summary ignored;

	return txn_options(img)->plan ? session_seal(img) : session_commit(img, &ignored);
}
