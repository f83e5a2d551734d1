// SPDX-License-Identifier: GPL-2.0-or-later
// Collects the changes of a transaction in memory and makes them durable: the states are in txn.h.
#include "txn/txn.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "format/super.h"
#include "image/groups.h"
#include "open/journal.h"
#include "sets/spill.h"
#include "txn/txn_state.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SUPER_CSUM 0x3fc
#define S_WTIME 0x30
#define S_FEATURE_INCOMPAT 0x60
#define S_FEATURE_RO_COMPAT 0x64
#define S_WTIME_HI 0x274

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
	if (img->info.journal == E4Z_JOURNAL_NEEDS_REPLAY || img->mended_super) {
		err = session_journal_look_through(img, &replay);
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

/* What was mended is a change already: the counts are a part of it. */
static errcode_t count_free_mended(struct e4z_image *img)
{
	uint8_t *raw;
	errcode_t err = txn_super(img, &raw);

	if (!err)
		session_journal_count_free(img, raw);
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

	if (img->mended_super)
		return count_free_mended(img);
	err = image_read(img, SUPER_OFFSET, SUPER_SIZE, found);
	if (err)
		return err;
	memcpy(counted, found, SUPER_SIZE);
	session_journal_count_free(img, counted);
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
				    "a commit failed: the image is to be opened anew");
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
		err = session_journal_clean_super(img, txn->clean_super);
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
}

/* What the operation freed is in use again: that it is still noted as freed does no harm. */
void txn_back(struct e4z_image *img)
{
	(void)!txn_check(img);
	capture_back(img->view);
	homes_back(&img->txn->homes, img->view);
	space_back(img->txn->space);
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

void txn_stamp(struct e4z_image *img)
{
	img->txn->stamped = true;
}

uint64_t txn_now(const struct e4z_image *img)
{
	return img->txn->now;
}

errcode_t txn_may_change(struct e4z_image *img)
{
	errcode_t err = img->txn ? txn_check(img) : 0;

	if (err || (img->txn && img->txn->state == OPEN))
		return err;
	return image_refuse(img, E4Z_ET_STATE, "no transaction is open");
}

errcode_t txn_edit(struct e4z_image *img, uint64_t block, uint8_t **data)
{
	errcode_t err = txn_may_change(img);

	return err ? err : capture_edit(img->view, block, data);
}

errcode_t txn_create(struct e4z_image *img, uint64_t block, uint8_t **data)
{
	errcode_t err = txn_may_change(img);

	return err ? err : capture_create(img->view, block, data);
}

static errcode_t home_block(struct e4z_image *img, uint64_t block, const uint8_t *data, bool only)
{
	struct homes *homes = &img->txn->homes;
	errcode_t err;

	if (!homes->stash) {
		homes->stash = stash_new(img->block_size, STASH_BYTES);
		if (!homes->stash)
			return ENOMEM;
		capture_set_stash(img->view, homes->stash);
	}
	err = capture_rewrite(img->view, block, data);
	if (err)
		return err;
	err = homes_add_block(homes, block, img->block_size, data, only);
	/* it is not the file system that is full */
	return err && err != ENOMEM
		       ? image_fail(img, err, "keeping data of the edit in %s", spill_dir())
		       : err;
}

errcode_t txn_home(struct e4z_image *img, uint64_t off, size_t len, const void *data)
{
	uint32_t bs = img->block_size;
	errcode_t err = txn_may_change(img);

	if (err || !len)
		return err;
	if (off > img->dev->len || len > img->dev->len - off)
		return E4Z_ET_CLIPPED;
	if (off % bs == 0 && len == bs)
		return home_block(img, off / bs, data, false);
	if (off / bs != (off + len - 1) / bs)
		return E4Z_ET_USAGE;
	err = capture_write_home(img->view, off, len, data);
	return err ? err : homes_add(&img->txn->homes, off, len, bs, data);
}

errcode_t txn_home_again(struct e4z_image *img, uint64_t block, const void *data)
{
	errcode_t err = txn_may_change(img);

	return err ? err : home_block(img, block, data, true);
}

/* Of a block that is in the stash a part becomes zero: it has to be held, so that it is seen. */
static errcode_t hold_stashed(struct e4z_image *img, uint64_t off, uint64_t len)
{
	const struct stash *stash = img->txn->homes.stash;
	uint64_t bs = img->block_size, ends[] = {off, off + len};
	errcode_t err = 0;

	for (size_t i = 0; i < 2 && stash && !err; i++)
		if (ends[i] % bs && stash_find(stash, ends[i] / bs))
			err = capture_hold(img->view, ends[i] / bs);
	return err;
}

errcode_t txn_home_zero(struct e4z_image *img, uint64_t off, uint64_t len)
{
	errcode_t err = txn_may_change(img);

	if (err || !len)
		return err;
	if (off > img->dev->len || len > img->dev->len - off)
		return E4Z_ET_CLIPPED;
	err = hold_stashed(img, off, len);
	if (!err)
		err = capture_zero_home(img->view, off, len);
	return err ? err : homes_add_zero(&img->txn->homes, off, len, img->block_size);
}

void txn_barrier(struct e4z_image *img)
{
	homes_barrier(&img->txn->homes);
}

size_t txn_homes(const struct e4z_image *img)
{
	return homes_count(&img->txn->homes);
}

errcode_t txn_super(struct e4z_image *img, uint8_t **raw)
{
	errcode_t err = txn_edit(img, SUPER_OFFSET / img->block_size, raw);

	if (!err)
		*raw += SUPER_OFFSET % img->block_size;
	return err;
}

static void drop_ro_compat(uint8_t *raw, uint32_t bits)
{
	put_le32(raw + S_FEATURE_RO_COMPAT, get_le32(raw + S_FEATURE_RO_COMPAT) & ~bits);
}

errcode_t txn_drop_ro_compat(struct e4z_image *img, uint32_t bits)
{
	struct txn *txn = img->txn;
	bool with_replay = txn->replay_pending && !txn_has_changes(img);
	uint8_t *raw;
	errcode_t err = txn_super(img, &raw);

	if (err)
		return err;
	drop_ro_compat(raw, bits);
	if (with_replay)
		drop_ro_compat(txn->clean_super, bits);
	if (with_replay && img->metadata_csum)
		super_csum_set(txn->clean_super);
	return 0;
}

errcode_t txn_note_freed(struct e4z_image *img, uint64_t block, uint64_t count)
{
	return rangeset_add(img->txn->freed, block, count, NULL);
}

const struct rangeset *txn_closed(const struct e4z_image *img)
{
	return img->faults & COMMIT_FAULT_REUSE_FREED ? NULL : img->txn->freed;
}

uint64_t txn_freed(const struct e4z_image *img)
{
	return txn_closed(img) ? rangeset_count(img->txn->freed) : 0;
}

struct space *txn_space(struct e4z_image *img)
{
	if (!img->txn->space)
		img->txn->space = space_new(img);
	return img->txn->space;
}

/* ---- what has to be written ---- */

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
	if (img->txn->replay_pending && !memcmp(raw, img->txn->clean_super, SUPER_CSUM)) {
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

/* A superblock that the replay writes has not to travel in the log after it. */
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

/* What of the changes travels in the log comes first in W, whose list is the caller's to free. */
static errcode_t list_blocks(struct e4z_image *img, struct waiting *w)
{
	errcode_t err = seal_super(img);

	if (!err)
		err = capture_list(img->view, &w->list, &w->all);
	w->count = w->all;
	if (!err)
		err = homes_leave(&img->txn->homes, img->view, img->block_size, w->list, &w->count);
	if (!err)
		leave_super(img, w);
	return err;
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

errcode_t txn_judge_size(struct e4z_image *img, struct waiting *w)
{
	errcode_t err = list_blocks(img, w);

	if (!err && img->log && w->count && commit_need(img->log, w->count) > log_size(img->log))
		err = too_large(img, w->count);
	return err;
}
