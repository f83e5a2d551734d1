// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps the files of a transaction open between its operations.
#include "edit/session.h"

#include "base/invariant.h"
#include "edit/fit.h"
#include "edit/spill.h"
#include "edit/writeback.h"
#include "txn/alloc.h"
#include "txn/txn.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- files ---- */

errcode_t session_has_room(struct e4z_image *img)
{
	const struct session *s = img->session;
	uint64_t owed = cache_count(s->shared.cache), left = 0;
	errcode_t err = alloc_left(img, false, &left);

	/* mostly there is room for all that waits, whatever it is */
	if (err || owed <= left)
		return err;
	owed = 0;
	for (const struct edit_file *f = s->newest; f; f = f->older)
		owed += writeback_owed(f);
	if (owed <= left)
		return 0;
	return image_refuse(img, E4Z_ET_NO_SPACE,
			    "not enough free blocks: %" PRIu64 " needed, %" PRIu64 " available",
			    owed * img->cluster_ratio, left * img->cluster_ratio);
}

bool session_gave_back(const struct e4z_image *img)
{
	return txn_freed(img) || (img->session && img->session->giving);
}

/* ---- taking back ---- */

/* What follows can be taken back, and what came before cannot any more. */
static void begin(struct e4z_image *img)
{
	struct session *s = img->session;

	txn_mark(img);
	cache_mark(s->shared.cache);
	(void)fit_bound(img); /* takes in what the last operation touched */
	for (size_t i = 0; i < s->touched.count; i++)
		edit_unmark(s->touched.items[i]);
	s->file_mark = s->files.count;
	s->touched.count = 0;
	s->operation++;
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
	err = INVARIANT("O4", s->file_mark <= s->files.count);
	if (err) {
		s->broken = true;
		return err;
	}
	s->shared.handle = false;
	err = cache_back(s->shared.cache);
	txn_back(img);
	if (!err)
		err = take_back_maps(s);
	(void)fit_bound(img);
	session_close_files(s, s->file_mark);
	s->broken = err != 0;
	return err;
}

static errcode_t check_between(const struct session *s)
{
	errcode_t err = INVARIANT("M1", !s->shared.handle);

	return err ? err : INVARIANT("M2", !spill_is_due(s, false));
}

errcode_t session_mark(struct e4z_image *img)
{
	struct session *s;
	errcode_t err = session_get(img, &s), back;

	if (!err)
		err = check_between(s);
	if (err)
		return err;
	begin(img);
	if (!spill_is_due(s, true))
		return 0;
	/* what was written back in part would be taken for clean */
	err = spill_before(img);
	if (!err) {
		begin(img);
		return 0;
	}
	back = session_back(img);
	return back ? back : err;
}

/* ---- flushing ---- */

static errcode_t flush(struct session *s)
{
	struct edit_file **files;
	size_t count;
	bool wrote;
	errcode_t err = session_waiting(s, s->flushed, &files, &count);

	for (size_t i = 0; i < count && !err; i++) {
		if (!cache_dirty(files[i]->blocks))
			continue;
		err = session_touch(s, files[i]);
		if (!err)
			err = writeback_flush(files[i], 0, EXTENTS_END, &wrote);
	}
	free(files);
	return err;
}

errcode_t session_flush(struct e4z_image *img)
{
	struct session *s = img->session;
	errcode_t err, back;

	/* it is not the flush that would have to be taken back */
	if (s->shared.handle)
		return image_fail(img, E4Z_ET_HANDLE, "flushing");
	err = session_mark(img);
	if (err)
		return err;
	err = flush(s);
	if (!err) {
		s->flushed = s->operation;
		return 0;
	}
	back = session_back(img);
	return back ? back : err;
}

/* ---- settling ---- */

/* M3 */
static errcode_t check_settled(const struct session *s)
{
	return INVARIANT("M3", !s->files.count && !s->newest && !s->bound && !s->giving &&
				       !cache_count(s->shared.cache));
}

/* What fails now may be the fault of an operation long ago. */
static errcode_t put_file(struct e4z_image *img, struct edit_file *f)
{
	errcode_t err = INVARIANT("O3", f->waits || !cache_dirty(f->blocks));

	image_name_file(img, f->inode.ino, f->name);
	if (!err)
		err = session_touch(img->session, f);
	if (!err)
		err = writeback_settle(f);
	return err ? err : edit_check_done(f);
}

static errcode_t put_files(struct e4z_image *img)
{
	struct session *s = img->session;
	errcode_t err = INVARIANT("M1", !s->shared.handle);

	for (size_t i = 0; i < s->files.count && !err; i++)
		err = put_file(img, s->files.items[i]);
	/* part of it may be in the transaction until session_back() */
	s->broken = err != 0;
	if (err)
		return err;
	session_close_files(s, 0);
	cache_mark(s->shared.cache);
	return check_settled(s);
}

errcode_t session_put_files(struct e4z_image *img)
{
	struct session *s;
	errcode_t err = img->session ? session_get(img, &s) : 0;

	return err || !img->session ? err : put_files(img);
}

static errcode_t settle(struct e4z_image *img)
{
	uint64_t bound = fit_bound(img);
	errcode_t err = fit_move(img);

	img->session->broken = err != 0;
	if (!err)
		err = put_files(img);
	return err ? err : fit_check(img, bound);
}

errcode_t session_settle_within(struct e4z_image *img)
{
	struct session *s;
	errcode_t err = session_get(img, &s);

	return err ? err : settle(img);
}

errcode_t session_settle(struct e4z_image *img)
{
	struct session *s;
	errcode_t err = img->session ? session_get(img, &s) : 0, back;

	/* with nothing open there is nothing to settle, and the mark stays what it is */
	if (err || !img->session || !s->files.count)
		return err;
	begin(img);
	err = settle(img);
	if (!err) {
		begin(img);
		return 0;
	}
	back = session_back(img);
	return back ? back : err;
}

/* ---- the end of a transaction ---- */

/* In all three, where it fails the session is needed: what is visible until the next one. */

errcode_t session_commit(struct e4z_image *img, struct e4z_commit_summary *summary)
{
	errcode_t err = session_settle(img);

	if (!err)
		err = txn_commit(img, summary);
	if (!err)
		session_drop(img);
	return err;
}

errcode_t session_seal(struct e4z_image *img)
{
	errcode_t err = session_settle(img);

	if (!err)
		err = txn_seal_planned(img);
	if (!err)
		session_drop(img);
	return err;
}

errcode_t session_pretend(struct e4z_image *img, struct e4z_commit_summary *summary, uint64_t *room)
{
	errcode_t err = session_settle(img);

	if (!err)
		err = txn_pretend(img, summary, room);
	if (!err)
		session_drop(img);
	return err;
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
