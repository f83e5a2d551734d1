// SPDX-License-Identifier: GPL-2.0-or-later
// Ends a transaction without writing it: sealed, until the next commit does, or only planned.
#include "txn/txn.h"

#include "txn/txn_state.h"
#include <inttypes.h>
#include <stdlib.h>

/* What is changed now waits, and is what is seen below from now on. */
static errcode_t push_waiting(struct e4z_image *img, struct waiting *w)
{
	struct txn *txn = img->txn;
	errcode_t err = vec_push(&txn->waiting, *w);

	if (!err) {
		err = capture_seal(img->view, w->list, w->all);
		txn->waiting.count -= err != 0;
	}
	if (err) {
		free(w->list);
		txn->state = BROKEN;
		return err;
	}
	capture_set_stash(img->view, NULL);
	txn->waiting.items[txn->waiting.count - 1].homes = txn->homes;
	txn->homes = (struct homes){.mark = 0};
	txn->stamped = false;
	return txn_new_freed(img, txn);
}

/* Data that are written directly stay visible while they wait because the view holds them. */
static errcode_t hold(void *arg, uint64_t off, uint64_t len)
{
	struct e4z_image *img = arg;
	uint64_t block = off / img->block_size;

	(void)len;
	return img->txn->homes.stash && stash_find(img->txn->homes.stash, block)
		       ? capture_hold(img->view, block)
		       : 0;
}

static errcode_t seal(struct e4z_image *img, bool direct)
{
	struct waiting w = {.list = NULL};
	errcode_t err = txn_may_change(img);

	if (err || !(capture_count(img->view) || txn_homes(img)))
		return err;
	err = homes_each(&img->txn->homes, img->block_size, hold, img);
	if (!err)
		err = txn_list(img, &w);
	if (err || !(img->log || direct))
		free(w.list);
	else
		err = push_waiting(img, &w);
	img->txn->reloaded |= !err;
	return err ? err : txn_reload(img);
}

errcode_t txn_seal(struct e4z_image *img)
{
	return seal(img, false);
}

errcode_t txn_seal_planned(struct e4z_image *img)
{
	return seal(img, true);
}

/* Transactions that are sealed and not yet written, and the log blocks that all of them take. */
static void count_sealed(const struct e4z_image *img, uint64_t *transactions, uint64_t *log_blocks)
{
	const struct txn *txn = img->txn;

	*transactions = *log_blocks = 0;
	for (size_t i = 0; i < txn->waiting.count; i++) {
		*transactions += txn->waiting.items[i].count != 0;
		if (img->log && txn->waiting.items[i].count)
			*log_blocks += commit_need(img->log, txn->waiting.items[i].count);
	}
}

/* ---- plans ---- */

errcode_t txn_plan(struct e4z_image *img, struct e4z_commit_summary *summary, uint64_t *room)
{
	const struct txn *txn = img->txn;
	uint64_t need, before, blocks;
	size_t count;
	errcode_t err = txn_log_need(img, &need, room);

	if (!err)
		err = txn_count(img, &count);
	if (err)
		return err;
	count_sealed(img, &before, &blocks);
	*summary = txn->sum;
	summary->transactions += txn->planned.transactions + before + (count != 0);
	summary->log_blocks += txn->planned.log_blocks + blocks + need;
	summary->replayed += txn->log_transactions;
	if (need <= *room)
		return 0;
	return image_refuse(img, E4Z_ET_LOG_FULL,
			    "the change needs %" PRIu64 " journal blocks, and there are %" PRIu64,
			    need, *room);
}

errcode_t txn_pretend(struct e4z_image *img, struct e4z_commit_summary *summary, uint64_t *room)
{
	errcode_t err = txn_plan(img, summary, room);

	if (err)
		return err;
	img->txn->planned.transactions = summary->transactions - img->txn->sum.transactions;
	img->txn->planned.log_blocks = summary->log_blocks - img->txn->sum.log_blocks;
	return txn_restart(img);
}
