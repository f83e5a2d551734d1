// SPDX-License-Identifier: GPL-2.0-or-later
// Collects the changes of a transaction in memory and makes them durable: the states are in txn.h.
#include "session/txn.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/crc32c.h"
#include "base/rangeset.h"
#include "base/vec.h"
#include "image/groups.h"
#include "image/super.h"
#include "journal/commit.h"
#include "session/homes.h"
#include "session/journal.h"
#include "session/undo.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SUPER_CSUM 0x3fc
#define S_WTIME 0x30
#define S_FEATURE_INCOMPAT 0x60
#define S_WTIME_HI 0x274

enum state { OPEN, BROKEN };

struct txn {
	enum state state;
	struct e4z_edit_options options;
	uint64_t now;
	struct homes homes;
	bool stamped;		/* s_wtime is to be now */
	struct rangeset *freed; /* blocks */
	struct commit commit;
	bool replay_pending; /* the view is of a log that was not replayed yet */
	uint64_t log_transactions;
	uint32_t safe_tid;
	struct e4z_commit_summary sum; /* of all commits so far */
};

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

/* The counts that changes are added to are those of the replayed file system. */
static errcode_t count_free(struct e4z_image *img)
{
	uint8_t *raw;
	errcode_t err = txn_super(img, &raw);

	if (!err)
		session_journal_count_free(img, raw);
	return err;
}

errcode_t txn_begin(struct e4z_image *img, const struct e4z_edit_options *options)
{
	struct txn *txn;
	errcode_t err;

	if (img->txn)
		return image_fail(img, E4Z_ET_STATE, "a transaction is open already");
	txn = calloc(1, sizeof(*txn));
	if (!txn)
		return ENOMEM;
	txn->options = *options;
	txn->now = clamped_now();
	txn->freed = rangeset_new(img->blocks);
	img->txn = txn;
	err = txn->freed ? prepare_commit(img, txn) : ENOMEM;
	if (!err)
		err = groups_load(img);
	if (!err && txn->replay_pending)
		err = count_free(img);
	if (err)
		txn_abort(img);
	return err;
}

void txn_mark(struct e4z_image *img)
{
	capture_mark(img->view);
	homes_mark(&img->txn->homes);
}

/* What the operation freed is in use again: that it is still noted as freed does no harm. */
void txn_back(struct e4z_image *img)
{
	capture_back(img->view);
	homes_back(&img->txn->homes);
}

void txn_abort(struct e4z_image *img)
{
	struct txn *txn = img->txn;

	if (!txn)
		return;
	capture_drop_all(img->view);
	homes_free(&txn->homes);
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
	return capture_count(img->view) || img->txn->homes.list.count;
}

bool txn_may_split(const struct e4z_image *img)
{
	return img->txn->options.split;
}

errcode_t txn_restart(struct e4z_image *img)
{
	struct txn *txn = img->txn;

	capture_drop_all(img->view);
	homes_free(&txn->homes);
	txn->stamped = false;
	rangeset_free(txn->freed);
	txn->freed = rangeset_new(img->blocks);
	return txn->freed ? 0 : ENOMEM;
}

void txn_stamp(struct e4z_image *img)
{
	img->txn->stamped = true;
}

uint64_t txn_now(const struct e4z_image *img)
{
	return img->txn->now;
}

static errcode_t may_change(struct e4z_image *img)
{
	if (img->txn && img->txn->state == OPEN)
		return 0;
	return image_fail(img, E4Z_ET_STATE, "no transaction is open");
}

errcode_t txn_edit(struct e4z_image *img, uint64_t block, uint8_t **data)
{
	errcode_t err = may_change(img);

	return err ? err : capture_edit(img->view, block, data);
}

errcode_t txn_create(struct e4z_image *img, uint64_t block, uint8_t **data)
{
	errcode_t err = may_change(img);

	return err ? err : capture_create(img->view, block, data);
}

errcode_t txn_home(struct e4z_image *img, uint64_t off, size_t len, const void *data)
{
	AUTO_FREE uint8_t *zeroes = NULL;
	errcode_t err = may_change(img);

	if (err || !len)
		return err;
	if (!data)
		data = zeroes = calloc(1, len);
	if (!data)
		return ENOMEM;
	err = capture_write(img->view, off, len, data);
	return err ? err : homes_add(&img->txn->homes, off, len, data);
}

errcode_t txn_home_zero(struct e4z_image *img, uint64_t off, uint64_t len)
{
	errcode_t err = may_change(img);

	if (err || !len)
		return err;
	if (off > img->dev->len || len > img->dev->len - off)
		return E4Z_ET_CLIPPED;
	err = capture_zero_held(img->view, off, len);
	return err ? err : homes_add_zero(&img->txn->homes, off, len);
}

void txn_barrier(struct e4z_image *img)
{
	homes_barrier(&img->txn->homes);
}

size_t txn_homes(const struct e4z_image *img)
{
	return img->txn->homes.list.count;
}

errcode_t txn_super(struct e4z_image *img, uint8_t **raw)
{
	errcode_t err = txn_edit(img, SUPER_OFFSET / img->block_size, raw);

	if (!err)
		*raw += SUPER_OFFSET % img->block_size;
	return err;
}

errcode_t txn_note_freed(struct e4z_image *img, uint64_t block, uint64_t count)
{
	return rangeset_add(img->txn->freed, block, count, NULL);
}

bool txn_was_freed(const struct e4z_image *img, uint64_t block)
{
	return !(img->faults & COMMIT_FAULT_REUSE_FREED) && rangeset_has(img->txn->freed, block);
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
	if (img->txn->stamped) {
		put_le32(raw + S_WTIME, (uint32_t)img->txn->now);
		raw[S_WTIME_HI] = (uint8_t)(img->txn->now >> 32);
	}
	if (img->metadata_csum)
		put_le32(raw + SUPER_CSUM, crc32c(~0u, raw, SUPER_CSUM));
	return 0;
}

/* The blocks that travel in the transaction, in a list that is the caller's. */
static errcode_t list_blocks(struct e4z_image *img, struct captured **list, size_t *count)
{
	errcode_t err = capture_list(img->view, list, count);

	return err ? err : homes_leave(&img->txn->homes, img->view, img->block_size, *list, count);
}

errcode_t txn_log_need(struct e4z_image *img, uint64_t *need, uint64_t *room)
{
	struct captured *list = NULL;
	size_t count = 0;
	errcode_t err = list_blocks(img, &list, &count);

	free(list);
	*need = img->log ? commit_need(img->log, count) : 0;
	*room = txn_log_room(img);
	return err;
}

uint64_t txn_log_room(const struct e4z_image *img)
{
	return img->log ? log_size(img->log) : UINT64_MAX;
}

uint64_t txn_log_bound(const struct e4z_image *img)
{
	return img->log ? commit_need(img->log, capture_count(img->view)) : 0;
}

/* ---- committing ---- */

/* Make what the view shows of the old log true. */
static errcode_t replay_first(struct e4z_image *img)
{
	struct txn *txn = img->txn;
	uint8_t super[SUPER_SIZE];
	errcode_t err;

	if (!txn->replay_pending)
		return 0;
	err = session_journal_clean_super(img, super);
	if (!err)
		err = commit_replay(&txn->commit, capture_overlay(img->view), txn->safe_tid, super);
	if (err)
		return err;
	/* what is looked at from now on is the image itself */
	capture_set_overlay(img->view, NULL);
	img->mended_super = false;
	txn->replay_pending = false;
	return 0;
}

static bool is_inode_table(const struct e4z_image *img, uint64_t block)
{
	for (uint32_t g = 0; g < img->groups; g++)
		if (block >= img->group[g].itable &&
		    block - img->group[g].itable < img->fs->inode_blocks_per_group)
			return true;
	return false;
}

/* Blocks of one sort, then a barrier. */
static errcode_t write_sort(struct e4z_image *img, const struct captured *list, size_t count,
			    bool inodes)
{
	errcode_t err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		if (list[i].block == SUPER_OFFSET / img->block_size ||
		    is_inode_table(img, list[i].block) != inodes)
			continue;
		err = blkdev_write(img->dev, list[i].block * img->block_size, img->block_size,
				   list[i].data, "home");
	}
	return err ? err : blkdev_sync(img->dev, "home");
}

/* Turn EXT2_VALID_FS in the superblock on the disk. */
static errcode_t flip_valid(struct e4z_image *img)
{
	uint8_t sector[512];
	errcode_t err = blkdev_read(img->dev, SUPER_OFFSET, sizeof(sector), sector);

	if (err)
		return err;
	commit_flip_valid(sector, img->metadata_csum);
	return blkdev_write(img->dev, SUPER_OFFSET, sizeof(sector), sector, "super");
}

/*
 * Without a journal: the file system is marked as not clean meanwhile, so that e2fsck looks at it;
 * an inode never points at what is not there yet.
 */
static errcode_t commit_directly(struct e4z_image *img, const struct captured *list, size_t count)
{
	uint32_t super_block = SUPER_OFFSET / img->block_size;
	bool was_valid = img->fs->super->s_state & EXT2_VALID_FS;
	errcode_t err = was_valid ? flip_valid(img) : 0;

	if (!err)
		err = blkdev_sync(img->dev, "super");
	if (!err)
		err = write_sort(img, list, count, false);
	if (!err)
		err = write_sort(img, list, count, true);
	for (size_t i = 0; i < count && !err; i++) {
		uint8_t *raw = list[i].data + SUPER_OFFSET % img->block_size;

		if (list[i].block != super_block)
			continue;
		if (was_valid)
			commit_flip_valid(raw, img->metadata_csum);
		err = blkdev_write(img->dev, super_block * (uint64_t)img->block_size,
				   img->block_size, list[i].data, "super");
		if (!err)
			err = blkdev_sync(img->dev, "super");
	}
	if (!err && was_valid)
		err = flip_valid(img);
	return err ? err : blkdev_sync(img->dev, "super");
}

static errcode_t save_block(void *arg, uint64_t block, const void *data)
{
	struct e4z_image *img = arg;

	(void)data;
	return undo_save(img, block * img->block_size, img->block_size);
}

/* Before the first write: all that is going to be overwritten goes into the undo file. */
static errcode_t save_all(struct e4z_image *img, const struct captured *list, size_t count)
{
	const struct txn *txn = img->txn;
	errcode_t err = 0;

	if (!img->undo)
		return 0;
	for (size_t i = 0; i < txn->homes.list.count && !err; i++)
		err = undo_save(img, txn->homes.list.items[i].off, txn->homes.list.items[i].len);
	if (!err && txn->replay_pending)
		err = overlay_each(capture_overlay(img->view), save_block, img);
	if (!err && img->undo && (count || txn->homes.list.count || txn->replay_pending))
		err = undo_expect(img, list, count, img->log ? commit_need(img->log, count) : 0);
	return err;
}

/* Everything is known, and fits: write. */
static errcode_t write_all(struct e4z_image *img, const struct captured *list, size_t count)
{
	struct txn *txn = img->txn;
	errcode_t err = save_all(img, list, count);

	if (!err)
		err = replay_first(img);
	if (!err)
		err = homes_write(&txn->homes, img->dev, img->block_size);
	if (err)
		return err;
	if (!img->log) {
		if (count || txn->homes.list.count)
			err = blkdev_sync(img->dev, "data");
		return err || !count ? err : commit_directly(img, list, count);
	}
	if (count)
		err = commit_transaction(&txn->commit, list, count, txn->now);
	else if (txn->homes.list.count)
		err = blkdev_sync(img->dev, "data");
	return err ? err : commit_finish(&txn->commit);
}

static errcode_t too_large(struct e4z_image *img, size_t count)
{
	return image_fail(img, E4Z_ET_LOG_FULL,
			  "the change needs %" PRIu64 " journal blocks, and there are %" PRIu32,
			  commit_need(img->log, count), log_size(img->log));
}

/* The transaction is durable: begin the next one. */
static errcode_t start_over(struct e4z_image *img)
{
	errcode_t err = txn_restart(img);

	img->info.replayed = false;
	if (img->info.journal == E4Z_JOURNAL_NEEDS_REPLAY)
		img->info.journal = img->log->external ? E4Z_JOURNAL_EXTERNAL : E4Z_JOURNAL_CLEAN;
	if (!err)
		err = image_reload(img);
	return err ? err : groups_load(img);
}

errcode_t txn_commit(struct e4z_image *img, struct e4z_commit_summary *summary)
{
	struct txn *txn = img->txn;
	uint64_t written = img->dev->bytes_written, barriers = img->dev->barriers;
	struct captured *list = NULL;
	size_t count = 0;
	errcode_t err = may_change(img);

	if (err)
		return err;
	err = seal_super(img);
	if (!err)
		err = list_blocks(img, &list, &count);
	if (!err && img->log && commit_need(img->log, count) > log_size(img->log))
		err = too_large(img, count);
	if (err) {
		free(list);
		return err;
	}
	err = write_all(img, list, count);
	free(list);
	txn->sum.transactions += txn->commit.transactions + (!img->log && count);
	txn->sum.log_blocks += txn->commit.log_blocks;
	txn->commit.transactions = txn->commit.log_blocks = 0;
	txn->sum.replayed += txn->log_transactions;
	txn->log_transactions = 0;
	txn->sum.bytes_written += img->dev->bytes_written - written;
	txn->sum.barriers += img->dev->barriers - barriers;
	*summary = txn->sum;
	if (!err)
		err = start_over(img);
	if (!err)
		err = undo_seal(img);
	if (!err)
		return 0;
	txn->state = BROKEN;
	return image_fail(img, err, "writing the transaction");
}
