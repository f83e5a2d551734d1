// SPDX-License-Identifier: GPL-2.0-or-later
// Carries a transaction through the log: doc/journal.md argues for every barrier in here.
//
// The steps of one transaction, with a barrier after each:
//   1. RECOVER is set in the superblock; what was written directly is durable with it
//   2. the log's superblock points at the descriptors and copies that are written, and the place
//      of the commit block is zero
//   3. the commit block: from here on the transaction counts
//   4. every block is written to its final location
//   5. the log's superblock says that the log is empty
//   6. RECOVER is cleared, once after the last transaction
#include "journal/commit.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/invariant.h"
#include "errors.h"
#include "journal/commit_steps.h"
#include "journal/csum.h"
#include "journal/flip.h"
#include "journal/stale.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the flag ---- */

/* Turn the flag on the disk: one sector. */
static errcode_t flip_on_disk(struct commit *c)
{
	uint8_t sector[SECTOR];
	errcode_t err = blkdev_read(c->dev, SUPER_AT, SECTOR, sector);

	if (err)
		return err;
	flip_recover(sector, c->metadata_csum);
	return blkdev_write(c->dev, SUPER_AT, SECTOR, sector, "super");
}

/* ---- room ---- */

errcode_t commit_shape(struct log *log, uint64_t fs_blocks)
{
	struct jbd2_sb sb = log->sb;

	/* the first version of a log's superblock has no features */
	if (fs_blocks > UINT32_MAX && sb.version == 1)
		return E4Z_ET_FEATURE;
	if (fs_blocks > UINT32_MAX)
		sb.incompat |= JBD2_INCOMPAT_64BIT;
	log->next = jbd2_shape(&sb);
	return 0;
}

uint64_t commit_need(const struct log *log, uint64_t count)
{
	uint64_t room = jbd2_tags_room(&log->next);

	return count + (count + room - 1) / room + 1;
}

uint64_t commit_room(const struct log *log)
{
	uint64_t room = jbd2_tags_room(&log->next);

	/* a descriptor for each ROOM blocks or less, and the commit block */
	return (log_size(log) - 1) * room / (room + 1);
}

/* ---- the log's superblock ---- */

static void encode_log_super(struct log *log)
{
	jbd2_super_encode(&log->sb, &log->raw);
	if (log->shape.csum >= JBD2_CSUM_V2)
		csum_super_set(&log->raw);
}

static errcode_t write_log_super(struct commit *c)
{
	struct log *log = c->log;

	encode_log_super(log);
	return blkdev_write(log->dev, log->super_block * log->shape.block_size, sizeof(log->raw),
			    &log->raw, "log-super");
}

errcode_t commit_reserve(struct commit *c, const struct captured *blocks, size_t count)
{
	const struct log *log = c->log;
	uint64_t left = commit_need(log, count);
	bool empty = !log->sb.start; /* otherwise it is to be replayed first */
	errcode_t err = 0;

	for (uint32_t at = log->first, n; left && !err; left -= n, at += n) {
		uint64_t pblk;

		log_where(log, at, &pblk, &n);
		if (n > left)
			n = (uint32_t)left;
		err = blkdev_reserve(log->dev, pblk * c->block_size, (uint64_t)n * c->block_size,
				     empty);
	}
	for (size_t i = 0, n; i < count && !err; i += n) {
		for (n = 1; i + n < count && blocks[i + n].block == blocks[i].block + n; n++)
			;
		err = blkdev_reserve(c->dev, blocks[i].block * c->block_size,
				     (uint64_t)n * c->block_size, false);
	}
	return err;
}

static errcode_t set_recover(struct commit *c)
{
	errcode_t err = 0;

	if (!c->recovering && !(c->faults & COMMIT_FAULT_NO_RECOVER))
		err = flip_on_disk(c);
	c->recovering = true;
	return err ? err : blkdev_sync(c->dev, "super");
}

/* What the log's superblock says while the transaction is in it. */
static void point_at(struct commit *c, uint32_t tid)
{
	struct log *log = c->log;

	log->sb.start = log->first;
	log->sb.sequence = tid;
	if (!(c->faults & COMMIT_FAULT_KEEP_FC))
		log->sb.incompat &= ~JBD2_INCOMPAT_FAST_COMMIT;
	if (log->next.wide)
		log->sb.incompat |= JBD2_INCOMPAT_64BIT;
	log->shape = log->next;
}

static errcode_t empty_log(struct commit *c, uint32_t tid)
{
	errcode_t err;

	c->log->sb.start = 0;
	c->log->sb.sequence = tid;
	c->next_tid = tid + 1;
	err = write_log_super(c);
	return err ? err : blkdev_sync(c->log->dev, "log-super");
}

/* All fields that change and the checksum are in the first sector, which no crash can tear. */
errcode_t commit_mark(struct commit *c)
{
	struct log *log = c->log;

	log->sb.sequence++;
	c->next_tid = log->sb.sequence + 1;
	encode_log_super(log);
	return blkdev_write(log->dev, log->super_block * log->shape.block_size, SECTOR, &log->raw,
			    "log-super");
}

/* BLOCKS into the log; once its commit block is durable the transaction counts. */
static errcode_t write_transaction(struct commit *c, const struct captured *blocks, size_t count,
				   uint32_t tid, uint64_t now)
{
	uint32_t v1 = CSUM_V1_START, at = 0;
	errcode_t err = INVARIANT("J2", jbd2_tid_after(tid, c->log->sb.sequence));

	if (!err)
		err = INVARIANT("J3", c->recovering);
	if (err)
		return err;
	point_at(c, tid);
	err = write_log_super(c);
	if (!err)
		err = commit_write_body(c, blocks, count, tid, &v1, &at);
	if (!err && !(c->faults & COMMIT_FAULT_NO_BARRIER))
		err = blkdev_sync(c->log->dev, "log");
	if (!err)
		err = commit_write_end(c, tid, v1, at, now);
	if (!err)
		err = blkdev_sync(c->log->dev, "commit");
	if (err)
		return err;
	c->transactions++;
	c->log_blocks += commit_need(c->log, count);
	return 0;
}

errcode_t commit_transaction(struct commit *c, const struct captured *blocks, size_t count,
			     uint64_t now)
{
	uint32_t tid = c->next_tid;
	errcode_t err;

	if (commit_need(c->log, count) > log_size(c->log))
		return E4Z_ET_LOG_FULL;
	err = INVARIANT("J1", !c->log->sb.start);
	if (err)
		return err;
	err = stale_pass(c->log, jbd2_tags_room(&c->log->next) + 1, commit_need(c->log, count),
			 &tid);
	if (!err)
		err = set_recover(c);
	if (!err)
		err = write_transaction(c, blocks, count, tid, now);
	if (!err)
		err = commit_write_home(c, blocks, count);
	if (!err)
		err = blkdev_sync(c->dev, "home");
	if (!err && c->faults & COMMIT_FAULT_EARLY_CLEAR)
		err = commit_finish(c);
	return err ? err : empty_log(c, tid + 1);
}

errcode_t commit_finish(struct commit *c)
{
	errcode_t err = 0;

	if (!c->recovering)
		return 0;
	if (!(c->faults & COMMIT_FAULT_NO_RECOVER))
		err = flip_on_disk(c);
	c->recovering = false;
	return err ? err : blkdev_sync(c->dev, "super");
}

/* ---- replay ---- */

/* A crash in the middle of the replay must find the log, also where the superblock denied it. */
static errcode_t admit_log(struct commit *c)
{
	uint8_t sector[SECTOR];
	errcode_t err = blkdev_read(c->dev, SUPER_AT, SECTOR, sector);

	if (err || flip_recover_is_on(sector))
		return err;
	err = flip_on_disk(c);
	return err ? err : blkdev_sync(c->dev, "super");
}

errcode_t commit_replay(struct commit *c, const struct overlay *ov, uint32_t next_tid,
			const uint8_t *super)
{
	uint64_t super_block = SUPER_AT / c->block_size;
	AUTO_FREE uint8_t *block = malloc(c->block_size);
	errcode_t err;

	if (!block)
		return ENOMEM;
	err = overlay_count(ov) ? admit_log(c) : 0;
	if (!err)
		err = overlay_read(ov, c->dev, super_block * c->block_size, c->block_size, block);
	if (err)
		return err;
	memcpy(block + SUPER_AT % c->block_size, super, SUPER_AT);
	flip_recover(block + SUPER_AT % c->block_size, c->metadata_csum);
	err = commit_replay_home(c, ov);
	if (!err)
		err = blkdev_write(c->dev, super_block * c->block_size, c->block_size, block,
				   "home");
	c->recovering = true;
	if (!err)
		err = blkdev_sync(c->dev, "home");
	return err ? err : empty_log(c, next_tid);
}

errcode_t commit_clear(struct commit *c, uint32_t next_tid, const uint8_t *super)
{
	errcode_t err = c->log->sb.start ? empty_log(c, next_tid) : 0;

	if (!err)
		err = blkdev_write(c->dev, SUPER_AT, SUPER_AT, super, "super");
	return err ? err : blkdev_sync(c->dev, "super");
}
