// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps the files of a transaction open between its operations.
#include "session/session.h"

#include "session/alloc.h"
#include "session/relocate.h"
#include "session/txn.h"
#include "session/writeback.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static errcode_t make(struct e4z_image *img)
{
	const struct e4z_edit_options *options = txn_options(img);
	struct session *s = calloc(1, sizeof(*s));
	size_t limit = options->cache_blocks ? options->cache_blocks
					     : SESSION_CACHE_BYTES / img->block_size;

	if (!s)
		return ENOMEM;
	img->session = s;
	s->policy = options->policy;
	s->batch = options->batch ? options->batch : SESSION_BATCH;
	s->shared.cache = cache_new(img->block_size, limit);
	s->shared.hidden = rangeset_new(img->blocks);
	s->shared.seen = rangeset_new(img->blocks);
	s->shared.past_eof = rangeset_new(img->blocks);
	s->shared.zeroed = rangeset_new(img->blocks);
	if (s->shared.cache && s->shared.hidden && s->shared.seen && s->shared.past_eof &&
	    s->shared.zeroed)
		return 0;
	session_drop(img);
	return ENOMEM;
}

errcode_t session_get(struct e4z_image *img, struct session **s)
{
	errcode_t err = 0;

	if (!img->txn)
		return image_refuse(img, E4Z_ET_STATE, "no transaction is open");
	if (!img->session)
		err = make(img);
	*s = img->session;
	if (!err && img->session->broken)
		err = image_refuse(img, E4Z_ET_STATE, "an operation could not be taken back");
	return err;
}

/* What the operation touched is of these files: nothing of it can be taken back afterwards. */
static void close_files(struct session *s, size_t from)
{
	while (s->files.count > from) {
		struct edit_file *f = s->files.items[--s->files.count];

		numbermap_remove(&s->file_of, f->inode.ino);
		s->bound -= f->bound;
		edit_close(f);
		free(f);
	}
	s->touched.count = 0;
}

void session_drop(struct e4z_image *img)
{
	struct session *s = img->session;

	if (!s)
		return;
	close_files(s, 0);
	vec_free(&s->files);
	vec_free(&s->touched);
	numbermap_free(&s->file_of);
	cache_free(s->shared.cache);
	rangeset_free(s->shared.hidden);
	rangeset_free(s->shared.seen);
	rangeset_free(s->shared.past_eof);
	rangeset_free(s->shared.zeroed);
	vec_free(&s->shared.origins);
	numbermap_free(&s->shared.origin_of);
	free(s->last_name);
	free(s);
	img->session = NULL;
}

/* ---- opening ---- */

static errcode_t join(struct session *s, struct edit_file *f)
{
	if (f->img->file_ino == f->inode.ino) {
		f->name = strdup(f->img->file);
		if (!f->name)
			return ENOMEM;
	}
	f->session = &s->shared;
	f->blocks = cache_file_new(s->shared.cache);
	if (!f->blocks)
		return ENOMEM;
	return edit_note_origin(f);
}

static errcode_t enter(struct session *s, struct edit_file *f)
{
	if (vec_push(&s->files, f))
		return ENOMEM;
	if (!numbermap_add(&s->file_of, f->inode.ino, (uint32_t)s->files.count - 1))
		return 0;
	s->files.count--;
	return ENOMEM;
}

/* F is about to be changed: the operation that is running can take that back. */
static errcode_t touch(struct session *s, struct edit_file *f)
{
	errcode_t err;

	if (f->marked == s->operation)
		return 0;
	err = edit_mark(f);
	if (!err && vec_push(&s->touched, f))
		err = ENOMEM;
	if (!err)
		f->marked = s->operation;
	return err;
}

errcode_t session_open(struct e4z_image *img, uint32_t ino, struct edit_file **out)
{
	struct edit_file *f;
	struct session *s;
	uint32_t place;
	errcode_t err = session_get(img, &s);

	if (err)
		return err;
	if (numbermap_find(&s->file_of, ino, &place)) {
		*out = s->files.items[place];
		return touch(s, *out);
	}
	*out = f = calloc(1, sizeof(*f));
	if (!f)
		return ENOMEM;
	err = edit_open(img, ino, f);
	if (!err)
		err = join(s, f);
	if (!err)
		err = enter(s, f);
	if (err) {
		edit_close(f);
		free(f);
		return err;
	}
	return touch(s, f);
}

/* ---- the log ---- */

/* Bitmaps and descriptors that change with the blocks that F gives back. */
static uint64_t freed_bound(const struct edit_file *f)
{
	uint64_t per_group = f->img->fs->super->s_blocks_per_group, bound = 0;

	for (size_t i = 0; i < f->unmapped.count && bound < f->img->groups; i++)
		bound += f->unmapped.items[i].len / per_group + 2;
	return 2 * (bound < f->img->groups ? bound : f->img->groups);
}

/* LOOK: only those dirty blocks count that will travel in the log. */
static uint64_t file_bound(const struct edit_file *f, bool look)
{
	uint64_t bound = look ? relocate_blocks(f) : cache_dirty(f->blocks);

	bound += freed_bound(f) + 8;
	if (f->list && f->changed)
		bound += extents_changes(f->list) +
			 (f->tree ? tree_blocks(f->tree) : indirect_blocks(f->map));
	return bound;
}

uint64_t session_log_bound(struct e4z_image *img)
{
	struct session *s = img->session;

	/* of the others nothing has changed */
	for (size_t i = 0; s && i < s->touched.count; i++) {
		struct edit_file *f = s->touched.items[i];

		s->bound -= f->bound;
		f->bound = file_bound(f, false);
		s->bound += f->bound;
	}
	return txn_log_bound(img) + (s ? s->bound : 0);
}

/*
 * What can be seen travels in the log; where that would take more than ROOM blocks of it, it moves
 * to new ones.
 */
static errcode_t move_for_room(struct e4z_image *img, uint64_t room)
{
	struct session *s = img->session;
	uint64_t bound = 0;
	errcode_t err = 0;

	if (!img->log || txn_data_mode(img) == E4Z_DATA_ORDERED || session_log_bound(img) <= room)
		return 0;
	for (size_t i = 0; i < s->files.count; i++)
		bound += file_bound(s->files.items[i], true);
	for (size_t i = 0; i < s->files.count && txn_log_bound(img) + bound > room; i++) {
		struct edit_file *f = s->files.items[i];

		bound -= file_bound(f, true);
		err = touch(s, f);
		if (!err)
			err = relocate(f);
		if (err)
			return err;
		bound += file_bound(f, true);
	}
	return 0;
}

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
			err = touch(s, f);
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
	err = move_for_room(img, room < txn_log_room(img) / 2 ? room : txn_log_room(img) / 2);
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

		err = cache_dirty(f->blocks) ? touch(s, f) : 0;
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
			    "no space: %" PRIu64 " more blocks are wanted, and %" PRIu64
			    " may be taken",
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
	(void)session_log_bound(img); /* takes in what the last operation touched */
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

	for (size_t i = 0; i < s->touched.count && !err; i++) {
		struct edit_file *f = s->touched.items[i];
		uint32_t place = 0;

		if (numbermap_find(&s->file_of, f->inode.ino, &place) && place < s->file_mark)
			err = edit_back(f);
	}
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
	(void)session_log_bound(img);
	close_files(s, s->file_mark);
	s->broken = err != 0;
	return err;
}

/* ---- settling ---- */

errcode_t session_settle(struct e4z_image *img)
{
	struct session *s = img->session;
	errcode_t err = 0;

	if (!s)
		return 0;
	err = session_get(img, &s);
	if (!err)
		err = move_for_room(img, txn_log_room(img));
	for (size_t i = 0; i < s->files.count && !err; i++) {
		struct edit_file *f = s->files.items[i];

		/* what fails now may be the fault of an operation long ago */
		image_name_file(img, f->inode.ino, f->name);
		err = writeback_settle(f);
	}
	if (!err)
		close_files(s, 0);
	return err;
}

errcode_t session_commit(struct e4z_image *img, struct e4z_commit_summary *summary)
{
	errcode_t err = session_settle(img);

	if (!err)
		err = txn_commit(img, summary);
	session_drop(img);
	return err;
}

errcode_t session_seal(struct e4z_image *img)
{
	errcode_t err = session_settle(img);

	session_drop(img);
	return err ? err : txn_seal_planned(img);
}

errcode_t session_next(struct e4z_image *img)
{
	struct e4z_commit_summary ignored;

	return txn_options(img)->plan ? session_seal(img) : session_commit(img, &ignored);
}
