// SPDX-License-Identifier: GPL-2.0-or-later
// Makes the changes of a transaction, and those that wait before it, durable.
#include "txn/txn.h"

#include "txn/direct.h"
#include "txn/txn_state.h"
#include "undo/undo.h"
#include <inttypes.h>

/* Make what the view shows of the old log true; MORE is to follow. */
static errcode_t replay_first(struct e4z_image *img, bool more)
{
	struct txn *txn = img->txn;
	const struct overlay *ov = capture_overlay(img->view);
	errcode_t err;

	if (!txn->replay_pending)
		return 0;
	if (more || overlay_count(ov))
		err = commit_replay(&txn->commit, ov, txn->safe_tid, txn->clean_super);
	else
		err = commit_clear(&txn->commit, txn->safe_tid, txn->clean_super);
	if (err)
		return err;
	/* what is read from now on is the image itself */
	capture_set_overlay(img->view, NULL);
	img->repaired_super = false;
	txn->replay_pending = false;
	txn->sum.replayed += txn->log_transactions;
	txn->log_transactions = 0;
	return 0;
}

static errcode_t save_block(void *arg, uint64_t block, const void *data)
{
	struct e4z_image *img = arg;

	(void)data;
	return undo_save(img, block * img->block_size, img->block_size);
}

static errcode_t reserve_home(void *arg, uint64_t off, uint64_t len)
{
	struct e4z_image *img = arg;

	return blkdev_reserve(img->dev, off, len, false);
}

static errcode_t save_home(void *arg, uint64_t off, uint64_t len)
{
	return undo_save(arg, off, len);
}

/* Before the first write: all that is going to be overwritten goes into the undo file. */
static errcode_t save_all(struct e4z_image *img, const struct waiting *w)
{
	const struct txn *txn = img->txn;
	errcode_t err = 0;

	if (!img->undo)
		return 0;
	err = homes_each(&w->homes, img->block_size, save_home, img);
	if (!err && txn->replay_pending)
		err = overlay_each(capture_overlay(img->view), save_block, img);
	if (!err && img->undo && (w->count || homes_count(&w->homes) || txn->replay_pending))
		err = undo_expect(img, w->list, w->count,
				  img->log ? commit_need(img->log, w->count) : 0);
	return err;
}

/*
 * What is written without a transaction leaves a mark, for undo files: a crash soon after its first
 * byte has it, too. An external journal has no undo files.
 */
static errcode_t mark(struct e4z_image *img, const struct waiting *w)
{
	if (w->count || !homes_count(&w->homes))
		return 0;
	if (!img->log)
		return direct_mark(img);
	return img->log->external ? 0 : commit_mark(&img->txn->commit);
}

/* Everything is known, and fits: write. */
static errcode_t write_one(struct e4z_image *img, struct waiting *w)
{
	struct txn *txn = img->txn;
	errcode_t err = txn_check_size(img, w);

	if (!err)
		err = save_all(img, w);
	/* where no hole may be left the host may have to find room for zeroes */
	if (!err && img->dev->holes == E4Z_HOLES_NEVER)
		err = homes_each(&w->homes, img->block_size, reserve_home, img);
	if (!err && img->log && w->count)
		err = commit_reserve(&txn->commit, w->list, w->count);
	if (!err)
		err = replay_first(img, w->count || homes_count(&w->homes));
	if (!err)
		err = mark(img, w);
	if (!err)
		err = homes_write(&w->homes, img->dev, img->block_size);
	if (err)
		return err;
	if (img->log && w->count)
		return commit_transaction(&txn->commit, w->list, w->count, txn->now);
	if (w->count || homes_count(&w->homes))
		err = blkdev_sync(img->dev, "data");
	return err || !w->count ? err : direct_commit(img, w->list, w->count);
}

static errcode_t write_all(struct e4z_image *img, struct waiting *last)
{
	struct txn *txn = img->txn;
	errcode_t err = 0;

	for (size_t i = 0; i < txn->waiting.count && !err; i++)
		err = write_one(img, &txn->waiting.items[i]);
	if (!err)
		err = write_one(img, last);
	return err || !img->log ? err : commit_finish(&txn->commit);
}

/* The transaction is durable: begin the next one. */
static errcode_t start_over(struct e4z_image *img)
{
	struct txn *txn = img->txn;
	struct space *space = txn->space;
	errcode_t err;

	/* what is known of groups that got nothing back stays true */
	if (space)
		space_refresh(space, txn->freed);
	txn->space = NULL;
	txn->reloaded = true;
	txn->state = OPEN;
	txn->disk = txn_disk(img);
	err = txn_restart(img);
	txn->space = space;
	img->info.replayed = false;
	if (img->info.journal == E4Z_JOURNAL_NEEDS_REPLAY)
		img->info.journal = img->log->external ? E4Z_JOURNAL_EXTERNAL : E4Z_JOURNAL_CLEAN;
	return err;
}

/* ---- the counts ---- */

/* What the devices have done since they were opened, added to SUM. */
static void add_devices(const struct e4z_image *img, struct e4z_commit_summary *sum)
{
	struct blkdev *const devices[] = {img->dev, img->journal_dev};

	for (size_t i = 0; i < 2; i++) {
		if (!devices[i])
			continue;
		sum->bytes_written += devices[i]->bytes_written;
		sum->bytes_zeroed_again += devices[i]->bytes_missed;
		sum->barriers += devices[i]->barriers;
		sum->bytes_read += devices[i]->bytes_read;
	}
}

void e4z_done(const struct e4z_image *img, struct e4z_commit_summary *done)
{
	const struct txn *txn = img->txn;

	if (!done)
		return;
	*done = img->done;
	done->bytes_written = done->bytes_zeroed_again = 0;
	done->barriers = done->bytes_read = 0;
	add_devices(img, done);
	if (!txn)
		return;
	done->transactions += txn->sum.transactions;
	done->log_blocks += txn->sum.log_blocks;
	done->replayed += txn->sum.replayed;
	done->orphans_finished += txn->sum.transactions ? txn->sum.orphans_finished : 0;
	done->orphans_left = txn->sum.orphans_left;
}

/* What was done between BEFORE and now. */
static void count_commit(struct e4z_image *img, const struct e4z_commit_summary *before,
			 bool direct)
{
	struct e4z_commit_summary *sum = &img->txn->sum, now = {0};
	struct txn *txn = img->txn;

	add_devices(img, &now);
	sum->transactions += txn->commit.transactions + direct;
	sum->log_blocks += txn->commit.log_blocks;
	txn->commit.transactions = txn->commit.log_blocks = 0;
	sum->bytes_written += now.bytes_written - before->bytes_written;
	sum->bytes_zeroed_again += now.bytes_zeroed_again - before->bytes_zeroed_again;
	sum->barriers += now.barriers - before->barriers;
}

/* ---- the commit ---- */

errcode_t txn_commit(struct e4z_image *img, struct e4z_commit_summary *summary)
{
	struct txn *txn = img->txn;
	struct e4z_commit_summary before = {0};
	struct waiting last = {.list = NULL};
	errcode_t err = txn_may_change(img);

	if (err)
		return err;
	err = txn_list(img, &last);
	if (err) {
		free(last.list);
		return err;
	}
	image_forget(img);
	add_devices(img, &before);
	txn->state = WRITING;
	last.homes = txn->homes;
	txn->homes = (struct homes){.mark = 0};
	err = write_all(img, &last);
	free(last.list);
	capture_set_stash(img->view, NULL);
	homes_free(&last.homes);
	count_commit(img, &before, !err && !img->log && last.count);
	*summary = txn->sum;
	if (!err)
		err = start_over(img);
	if (!err)
		err = undo_seal(img);
	if (!err)
		return 0;
	txn->state = BROKEN;
	img->broken = true;
	return image_has_message(img) ? err : image_fail(img, err, "writing the transaction");
}
