// SPDX-License-Identifier: GPL-2.0-or-later
// Lists what a transaction has to journal, and counts what that takes of the log.
#include "txn/txn.h"

#include "base/bytes.h"
#include "format/fields.h"
#include "format/super.h"
#include "txn/txn_state.h"
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A changed superblock says when, if anybody's time changed, and has its checksum. */
static errcode_t seal_super(struct e4z_image *img)
{
	uint8_t *raw;
	errcode_t err;

	if (!capture_has(img->view, SUPER_OFFSET / img->block_size))
		return 0;
	err = txn_super(img, &raw);
	if (err)
		return err;
	/* the view shows the flag of the log that is replayed first; the commit turns its own */
	put_le32(raw + S_FEATURE_INCOMPAT,
		 get_le32(raw + S_FEATURE_INCOMPAT) & ~(uint32_t)EXT3_FEATURE_INCOMPAT_RECOVER);
	if (img->txn->replay_pending && !memcmp(raw, img->txn->clean_super, S_CHECKSUM)) {
		/* the replay writes it */
		memcpy(raw, img->txn->clean_super, SUPER_SIZE);
		return 0;
	}
	if (img->txn->stamped) {
		put_le32(raw + S_WTIME, (uint32_t)img->txn->now);
		raw[S_WTIME_HI] = (uint8_t)(img->txn->now >> 32);
	}
	if (img->metadata_csum)
		super_csum_set(raw);
	return 0;
}

uint64_t txn_log_room(const struct e4z_image *img)
{
	return img->log ? log_size(img->log) : UINT64_MAX;
}

uint64_t txn_log_most(const struct e4z_image *img)
{
	return img->log ? commit_room(img->log) : UINT64_MAX;
}

size_t txn_logged(const struct e4z_image *img)
{
	return capture_logged(img->view);
}

uint64_t txn_log_bound(const struct e4z_image *img, uint64_t more)
{
	return img->log ? commit_need(img->log, capture_logged(img->view) + more) : 0;
}

static errcode_t too_large(struct e4z_image *img, size_t count)
{
	return image_refuse(img, E4Z_ET_LOG_FULL,
			    "the change needs %" PRIu64 " journal blocks, and there are %" PRIu32,
			    commit_need(img->log, count), log_size(img->log));
}

/* A superblock that the replay writes need not be journaled after it. */
static void leave_super(const struct e4z_image *img, struct waiting *w)
{
	const struct txn *txn = img->txn;
	size_t super = SUPER_OFFSET / img->block_size, off = SUPER_OFFSET % img->block_size, at = 0;
	struct captured b;

	if (!txn->replay_pending || txn->waiting.count)
		return;
	while (at < w->count && w->list[at].block != super)
		at++;
	if (at == w->count || memcmp(w->list[at].data + off, txn->clean_super, SUPER_SIZE) != 0)
		return;
	b = w->list[at];
	for (w->count--; at < w->count; at++)
		w->list[at] = w->list[at + 1];
	w->list[at] = b;
}

/* What of the changes is journaled comes first in W, whose list is the caller's to free. */
static errcode_t list_blocks(struct e4z_image *img, struct waiting *w)
{
	errcode_t err = seal_super(img);

	if (err)
		return err;
	err = capture_list(img->view, &w->list, &w->all);
	w->count = w->all;
	if (!err)
		err = homes_leave(&img->txn->homes, img->view, img->block_size, w->list, &w->count);
	if (err)
		return image_fail(img, err, "reading the blocks to be replaced");
	leave_super(img, w);
	return 0;
}

errcode_t txn_count(struct e4z_image *img, size_t *count)
{
	struct waiting w = {.list = NULL};
	errcode_t err = list_blocks(img, &w);

	*count = w.count;
	free(w.list);
	return err;
}

errcode_t txn_log_need(struct e4z_image *img, uint64_t *need, uint64_t *room)
{
	size_t count = 0;
	errcode_t err = img->log ? txn_count(img, &count) : 0;

	*need = count ? commit_need(img->log, count) : 0;
	*room = txn_log_room(img);
	return err;
}

errcode_t txn_fits(struct e4z_image *img, bool *fits)
{
	uint64_t need, room;
	errcode_t err;

	*fits = !img->log || txn_log_bound(img, 0) <= log_size(img->log);
	if (*fits)
		return 0;
	err = txn_log_need(img, &need, &room);
	*fits = need <= room;
	return err;
}

errcode_t txn_list(struct e4z_image *img, struct waiting *w)
{
	errcode_t err = list_blocks(img, w);

	if (!err && img->log && w->count && commit_need(img->log, w->count) > log_size(img->log))
		err = too_large(img, w->count);
	return err;
}
