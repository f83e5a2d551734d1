// SPDX-License-Identifier: GPL-2.0-or-later
// What txn.h numbers T1 to T7, as far as a comparison can tell: asked at every entry.
#include "txn/txn.h"

#include "base/invariant.h"
#include "txn/txn_state.h"

/* A transaction that is not what it should be is never written: only txn_abort() is left. */
static errcode_t end(struct e4z_image *img, const char *number)
{
	if (img->txn)
		img->txn->state = BROKEN;
	return image_refuse(img, invariant_broken(number),
			    "invariant %s of the transaction is broken: this is a fault of the "
			    "library",
			    number);
}

errcode_t txn_check_idle(struct e4z_image *img)
{
	const struct capture *view = img->view;
	size_t own = img->repaired_super ? 1 : 0;

	if (capture_count(view) > own || capture_stash(view) || capture_sealed(view))
		return end(img, "T1");
	return 0;
}

uint64_t txn_disk(const struct e4z_image *img)
{
	const struct blkdev *dev = img->dev, *log = img->journal_dev;

	return dev->bytes_written + dev->barriers + (log ? log->bytes_written + log->barriers : 0);
}

errcode_t txn_check(struct e4z_image *img)
{
	const struct txn *txn = img->txn;

	if (txn->state == WRITING)
		return end(img, "T2");
	if (txn->state != OPEN)
		return 0;
	if (txn_disk(img) != txn->disk)
		return end(img, "T3");
	if (capture_stash(img->view) != txn->homes.stash)
		return end(img, "T4");
	if (txn->waiting.count && !txn->reloaded)
		return end(img, "T5");
	if (capture_overlay(img->view) && !txn->replay_pending)
		return end(img, "T6");
	return 0;
}

errcode_t txn_check_size(struct e4z_image *img, const struct waiting *w)
{
	if (img->log && w->count && commit_need(img->log, w->count) > log_size(img->log))
		return end(img, "T7");
	return 0;
}
