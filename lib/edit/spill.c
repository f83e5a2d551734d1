// SPDX-License-Identifier: GPL-2.0-or-later
// Empties the cache of a session where it holds too much.
#include "edit/spill.h"

#include "base/invariant.h"
#include "edit/fit.h"
#include "edit/writeback.h"
#include "txn/txn.h"
#include <inttypes.h>
#include <stdlib.h>

/* Write F back; SEEN: what can be seen, too. */
static errcode_t spill_file(struct session *s, struct edit_file *f, bool seen)
{
	bool wrote;
	errcode_t err;

	if (!cache_held(f->blocks)) {
		/* the operation that is running may go on with what it has touched */
		if (f->marked != s->operation)
			session_unwait(s, f);
		return 0;
	}
	/* it waits until the next operation, as this one may yet be taken back */
	err = session_touch(s, f);
	if (!err && cache_dirty(f->blocks))
		err = seen ? writeback_all(f) : writeback_flush(f, 0, EXTENTS_END, &wrote);
	return err ? err : cache_evict(f->blocks);
}

/* The same of files that wait, until no more than LEAVE blocks are held. */
static errcode_t spill_files(struct session *s, size_t leave, bool seen)
{
	struct edit_file **files;
	size_t count;
	errcode_t err = session_waiting(s, 0, &files, &count);

	for (size_t i = 0; i < count && cache_count(s->shared.cache) > leave && !err; i++)
		err = spill_file(s, files[i], seen);
	free(files);
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
	err = fit_shrink(img, room < txn_log_room(img) / 2 ? room : txn_log_room(img) / 2);
	if (!err)
		err = spill_files(s, leave, false);
	if (!err)
		err = spill_files(s, leave, true);
	return err ? err : check_room(img);
}

bool spill_is_due(const struct session *s, bool before)
{
	size_t limit = cache_limit(s->shared.cache);

	return cache_count(s->shared.cache) > (before ? limit / 2 : limit);
}

errcode_t spill_before(struct e4z_image *img)
{
	return spill(img, cache_limit(img->session->shared.cache) / 4);
}

errcode_t spill_between(struct e4z_image *img)
{
	const struct session *s = img->session;
	errcode_t err = INVARIANT("M4", img->txn && s && !s->broken);

	if (err || !spill_is_due(s, false))
		return err;
	return spill(img, 0);
}
