// SPDX-License-Identifier: GPL-2.0-or-later
// Begins a transaction, forgets what is in it, and goes back to a mark: the states are in txn.h.
#include "txn/txn.h"

#include "format/super.h"
#include "image/groups.h"
#include "open/recovery.h"
#include "txn/txn_state.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* SOURCE_DATE_EPOCH stands for the time of a reproducible build, E2FSPROGS_FAKE_TIME of a test. */
static uint64_t clamped_now(void)
{
	static const char *const names[] = {"E2FSPROGS_FAKE_TIME", "SOURCE_DATE_EPOCH"};
	uint64_t now = (uint64_t)time(NULL);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *text = getenv(names[i]);
		char *end;
		unsigned long long n;

		if (!text || !*text)
			continue;
		n = strtoull(text, &end, 0);
		if (!*end && (i == 0 || n < now))
			now = n;
	}
	return now;
}

/* What the commit code has to know of the file system and its log. */
static errcode_t prepare_commit(struct e4z_image *img, struct txn *txn)
{
	struct replay replay = {.empty = true};
	errcode_t err;

	if (!img->log)
		return 0;
	txn->safe_tid = img->log->sb.sequence;
	if (img->info.journal == E4Z_JOURNAL_NEEDS_REPLAY || img->repaired_super) {
		err = recovery_replay_in_memory(img, &replay);
		if (err)
			return err;
		txn->replay_pending = true;
		txn->safe_tid = replay.safe_tid;
		txn->log_transactions = replay.transactions;
	}
	err = commit_shape(img->log, img->blocks);
	if (err)
		return image_refuse(img, err,
				    "the journal's superblock is of version 1: it cannot hold the "
				    "block numbers of a file system of more than 2^32 blocks; "
				    "\"tune2fs -O ^has_journal IMAGE\" and \"tune2fs -j IMAGE\" "
				    "make a new one");
	txn->commit = (struct commit){
		.dev = img->dev,
		.log = img->log,
		.block_size = img->block_size,
		.metadata_csum = img->metadata_csum,
		.next_tid = txn->safe_tid + 1,
		.seconds = replay.last_seconds,
		.faults = img->faults,
	};
	return 0;
}

/* A repaired superblock is a change already: the counts are a part of it. */
static errcode_t count_free_repaired(struct e4z_image *img)
{
	uint8_t *raw;
	errcode_t err = txn_super(img, &raw);

	if (!err)
		recovery_count_free(img, raw);
	return err;
}

/*
 * The counts that changes are added to are those that were counted. What corrects them lies below
 * the changes and is not one of them: where nothing else changes nothing is written.
 */
static errcode_t count_free(struct e4z_image *img)
{
	struct captured b = {.block = SUPER_OFFSET / img->block_size};
	uint8_t *raw, found[SUPER_SIZE], counted[SUPER_SIZE];
	errcode_t err;

	if (img->repaired_super)
		return count_free_repaired(img);
	err = image_read(img, SUPER_OFFSET, SUPER_SIZE, found);
	if (err)
		return image_fail(img, err, "reading the superblock");
	memcpy(counted, found, SUPER_SIZE);
	recovery_count_free(img, counted);
	if (!memcmp(counted, found, SUPER_SIZE))
		return 0;
	if (img->metadata_csum)
		super_csum_set(counted);
	err = txn_super(img, &raw);
	if (err)
		return err;
	memcpy(raw, counted, SUPER_SIZE);
	b.data = raw - SUPER_OFFSET % img->block_size;
	err = capture_seal(img->view, &b, 1);
	if (!err)
		img->txn->counted = b.data;
	return err;
}

errcode_t txn_new_freed(struct e4z_image *img, struct txn *txn)
{
	if (txn->space)
		space_refresh(txn->space, txn->freed);
	rangeset_free(txn->freed);
	txn->freed_count = txn->freed_mark = 0;
	txn->freed = rangeset_new(img->blocks);
	return txn->freed ? 0 : ENOMEM;
}

errcode_t txn_begin(struct e4z_image *img, const struct e4z_edit_options *options)
{
	struct txn *txn;
	errcode_t err;

	if (img->txn)
		return image_refuse(img, E4Z_ET_STATE, "a transaction is open already");
	if (img->broken)
		return image_refuse(img, E4Z_ET_STATE,
				    "an earlier commit failed; close the image and open it again");
	err = txn_check_idle(img);
	if (err)
		return err;
	txn = calloc(1, sizeof(*txn));
	if (!txn)
		return ENOMEM;
	txn->disk = txn_disk(img);
	txn->options = *options;
	txn->now = clamped_now();
	img->txn = txn;
	err = prepare_commit(img, txn);
	/* as many as the replayed file system has */
	if (!err)
		err = txn_new_freed(img, txn);
	if (!err)
		err = groups_load(img);
	if (!err && txn->replay_pending)
		err = recovery_clean_super(img, txn->clean_super);
	if (!err)
		err = count_free(img);
	if (err)
		txn_abort(img);
	return err;
}

void txn_mark(struct e4z_image *img)
{
	(void)!txn_check(img); /* what is broken stays so, and the next change is refused */
	capture_mark(img->view);
	homes_mark(&img->txn->homes);
	space_mark(img->txn->space);
	img->txn->freed_mark = img->txn->freed_count;
	img->txn->stamped_mark = img->txn->stamped;
}

/* What the operation freed is in use again and not counted; that it stays closed does no harm. */
void txn_back(struct e4z_image *img)
{
	(void)!txn_check(img);
	capture_back(img->view);
	homes_back(&img->txn->homes);
	space_back(img->txn->space);
	img->txn->freed_count = img->txn->freed_mark;
	img->txn->stamped = img->txn->stamped_mark;
}

/* Forget all that is neither committed nor sealed. */
static void drop_last(struct e4z_image *img)
{
	capture_drop_all(img->view);
	capture_set_stash(img->view, NULL);
	homes_free(&img->txn->homes);
	space_free(img->txn->space);
	img->txn->space = NULL;
	img->txn->stamped = false;
}

/* Forget all that is not committed. */
static void drop_all(struct e4z_image *img)
{
	struct txn *txn = img->txn;

	drop_last(img);
	capture_unseal(img->view);
	free(txn->counted);
	txn->counted = NULL;
	for (size_t i = 0; i < txn->waiting.count; i++) {
		struct waiting *w = &txn->waiting.items[i];

		for (size_t k = 0; k < w->all; k++)
			free(w->list[k].data);
		free(w->list);
		homes_free(&w->homes);
	}
	vec_free(&txn->waiting);
}

void txn_abort(struct e4z_image *img)
{
	struct txn *txn = img->txn;

	if (!txn)
		return;
	drop_all(img);
	/* what cannot be read now will not be read later, either */
	if (txn->reloaded)
		(void)!image_reload(img);
	e4z_done(img, &img->done);
	rangeset_free(txn->freed);
	free(txn);
	img->txn = NULL;
}

const struct e4z_edit_options *txn_options(const struct e4z_image *img)
{
	return &img->txn->options;
}

enum e4z_data_mode txn_data_mode(const struct e4z_image *img)
{
	return img->txn->options.data;
}

bool txn_tails_wait(const struct e4z_image *img)
{
	return img->log && txn_data_mode(img) == E4Z_DATA_JOURNAL &&
	       !(img->faults & COMMIT_FAULT_TAILS_FIRST);
}

struct e4z_commit_summary *txn_summary(struct e4z_image *img)
{
	return &img->txn->sum;
}

size_t txn_blocks(const struct e4z_image *img)
{
	return capture_count(img->view);
}

bool txn_has_changes(const struct e4z_image *img)
{
	return capture_count(img->view) || txn_homes(img) || img->txn->waiting.count;
}

bool txn_may_split(const struct e4z_image *img)
{
	return img->txn->options.split;
}

errcode_t txn_reload(struct e4z_image *img)
{
	errcode_t err = image_reload(img);

	return err ? err : groups_load(img);
}

errcode_t txn_restart(struct e4z_image *img)
{
	struct txn *txn = img->txn;
	bool reloaded = txn->reloaded;
	errcode_t err;

	drop_all(img);
	txn->reloaded = false;
	err = txn_new_freed(img, txn);
	if (!err && reloaded)
		err = txn_reload(img);
	return err ? err : count_free(img);
}

errcode_t txn_rewind(struct e4z_image *img)
{
	if (!img->txn->waiting.count)
		return txn_restart(img);
	drop_last(img);
	return txn_new_freed(img, img->txn);
}

uint64_t txn_now(const struct e4z_image *img)
{
	return img->txn->now;
}
