// SPDX-License-Identifier: GPL-2.0-or-later
// Carries a transaction through the log: doc/journal.md argues for every barrier in here.
//
// The steps of one transaction, with a barrier after each:
//   1. RECOVER is set in the superblock; what went home directly is durable with it
//   2. the log's superblock points at the descriptors and copies that are written, and the place
//      of the commit block is zero
//   3. the commit block: from here on the transaction counts
//   4. every block goes home
//   5. the log's superblock says that the log is empty
//   6. RECOVER is cleared, once after the last transaction
#include "journal/commit.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/invariant.h"
#include "errors.h"
#include "journal/csum.h"
#include "journal/flip.h"
#include "journal/stale.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SUPER_AT 1024 /* bytes from the start of the file system */
#define PIECE_BYTES (1u << 20)

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
	uint64_t room = jbd2_tags_room(&log->next), size = log_size(log), count;

	if (size < 3)
		return 0;
	count = (size - 1) * room / (room + 1);
	while (commit_need(log, count + 1) <= size)
		count++;
	while (count && commit_need(log, count) > size)
		count--;
	return count;
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

/* ---- the log ---- */

/*
 * Writes log blocks from the start of the ring, several at a time, from where they are. Only what
 * the log has in another form, and what is in the log alone, is made here.
 */
struct writer {
	struct commit *commit;
	uint32_t at;	 /* log block of the first piece */
	uint32_t filled; /* pieces, a block each */
	uint32_t room;
	struct iovec *pieces;
	uint8_t *made; /* room for as many blocks */
};

static errcode_t writer_open(struct writer *w, struct commit *c)
{
	uint32_t bs = c->block_size, room = PIECE_BYTES / bs ? PIECE_BYTES / bs : 1;

	*w = (struct writer){.commit = c, .at = c->log->first, .room = room};
	w->pieces = malloc(room * sizeof(*w->pieces));
	w->made = malloc((size_t)room * bs);
	return w->pieces && w->made ? 0 : ENOMEM;
}

static void writer_close(struct writer *w)
{
	free(w->pieces);
	free(w->made);
}

static errcode_t writer_flush(struct writer *w)
{
	const struct log *log = w->commit->log;
	uint32_t bs = log->shape.block_size;

	for (uint32_t done = 0, n; done < w->filled; done += n) {
		uint64_t pblk;
		errcode_t err;

		log_where(log, w->at + done, &pblk, &n);
		if (n > w->filled - done)
			n = w->filled - done;
		err = blkdev_writev(log->dev, pblk * bs, w->pieces + done, n, "log");
		if (err)
			return err;
	}
	w->at += w->filled;
	w->filled = 0;
	return 0;
}

/* The next block of the log is DATA, which stays where it is until the writer is flushed. */
static errcode_t writer_add(struct writer *w, uint8_t *data)
{
	errcode_t err = w->filled == w->room ? writer_flush(w) : 0;

	if (!err)
		w->pieces[w->filled++] = (struct iovec){data, w->commit->block_size};
	return err;
}

/* The next block of the log is made in *DATA. */
static errcode_t writer_make(struct writer *w, uint8_t **data)
{
	errcode_t err = w->filled == w->room ? writer_flush(w) : 0;

	if (err)
		return err;
	*data = w->made + (size_t)w->filled * w->commit->block_size;
	w->pieces[w->filled++] = (struct iovec){*data, w->commit->block_size};
	return 0;
}

static bool is_super(const struct commit *c, const struct captured *b)
{
	return b->block == SUPER_AT / c->block_size;
}

/* A copy of B as it goes home: the superblock's says that there is a log to replay. */
static void fill_copy(const struct commit *c, const struct captured *b, uint8_t *copy)
{
	memcpy(copy, b->data, c->block_size);
	if (is_super(c, b) && !(c->faults & COMMIT_FAULT_NO_RECOVER))
		flip_recover(copy + SUPER_AT % c->block_size, c->metadata_csum);
}

/* The log has B in another form. */
static bool needs_copy(const struct commit *c, const struct captured *b)
{
	const struct be32 magic = be32_of(JBD2_MAGIC);

	return is_super(c, b) || memcmp(b->data, &magic, sizeof(magic)) == 0;
}

/* The descriptor of COUNT blocks: their checksums and escapes stand in it. */
static errcode_t fill_descriptor(const struct commit *c, const struct captured *blocks,
				 size_t count, uint32_t tid, uint8_t *descriptor, uint8_t *scratch)
{
	const struct log *log = c->log;
	struct jbd2_builder builder;
	errcode_t err = 0;

	jbd2_tags_begin(&builder, &log->shape, descriptor, tid, log->sb.uuid);
	for (size_t i = 0; i < count && !err; i++) {
		struct jbd2_entry entry = {.block = blocks[i].block};
		const uint8_t *data = blocks[i].data;

		if (needs_copy(c, &blocks[i])) {
			fill_copy(c, &blocks[i], scratch);
			if (jbd2_escape(scratch))
				entry.flags = JBD2_TAG_ESCAPED;
			data = scratch;
		}
		entry.csum = csum_data(&log->shape, log->seed, tid, data);
		err = jbd2_tags_add(&builder, &entry);
	}
	jbd2_tags_end(&builder);
	csum_tail_set(&log->shape, log->seed, descriptor);
	return err;
}

/* A block of the log, in order: its share of the checksum that COMPAT_CHECKSUM wants. */
static void add_v1(const struct commit *c, uint32_t *v1, const uint8_t *block)
{
	if (c->log->shape.csum == JBD2_CSUM_V1)
		*v1 = csum_v1(*v1, block, c->block_size);
}

/* B behind its descriptor. */
static errcode_t write_copy(struct writer *w, const struct captured *b, uint32_t *v1)
{
	uint8_t *data = b->data;
	bool made = needs_copy(w->commit, b);
	errcode_t err = made ? writer_make(w, &data) : writer_add(w, data);

	if (err)
		return err;
	if (made) {
		fill_copy(w->commit, b, data);
		jbd2_escape(data);
	}
	add_v1(w->commit, v1, data);
	return 0;
}

/* One descriptor with the blocks that fit behind it, from BLOCKS on; *TAKEN says how many. */
static errcode_t write_group(struct writer *w, const struct captured *blocks, size_t count,
			     uint32_t tid, uint32_t *v1, uint8_t *scratch, size_t *taken)
{
	const struct commit *c = w->commit;
	size_t n = jbd2_tags_room(&c->log->shape);
	uint8_t *descriptor;
	errcode_t err = writer_make(w, &descriptor);

	*taken = n = n < count ? n : count;
	if (!err)
		err = fill_descriptor(c, blocks, n, tid, descriptor, scratch);
	if (err)
		return err;
	add_v1(c, v1, descriptor);
	for (size_t i = 0; i < n && !err; i++)
		err = write_copy(w, &blocks[i], v1);
	return err;
}

/* Descriptors and copies, and zeroes where the commit block goes: AT says where that is. */
static errcode_t write_body(struct commit *c, const struct captured *blocks, size_t count,
			    uint32_t tid, uint32_t *v1, uint32_t *at)
{
	struct writer w;
	AUTO_FREE uint8_t *scratch = malloc(c->block_size);
	uint8_t *slot;
	errcode_t err = writer_open(&w, c);

	if (!scratch)
		err = ENOMEM;
	for (size_t done = 0, taken = 0; done < count && !err; done += taken)
		err = write_group(&w, blocks + done, count - done, tid, v1, scratch, &taken);
	*at = w.at + w.filled;
	if (!err && !(c->faults & COMMIT_FAULT_KEEP_SLOT)) {
		err = writer_make(&w, &slot);
		if (!err)
			memset(slot, 0, c->block_size);
	}
	if (!err)
		err = writer_flush(&w);
	writer_close(&w);
	return err;
}

static errcode_t write_commit_block(struct commit *c, uint32_t tid, uint32_t v1, uint32_t at,
				    uint64_t now)
{
	const struct log *log = c->log;
	AUTO_FREE uint8_t *block = malloc(c->block_size);
	uint64_t pblk;
	uint32_t together;

	if (!block)
		return ENOMEM;
	if (now > c->seconds)
		c->seconds = now;
	jbd2_commit_encode(&log->shape, block, tid, c->seconds, 0);
	if (log->shape.csum == JBD2_CSUM_V1)
		csum_v1_set(v1, block);
	else if (log->shape.csum >= JBD2_CSUM_V2)
		csum_commit_set(&log->shape, log->seed, block);
	log_where(log, at, &pblk, &together);
	return blkdev_write(log->dev, pblk * c->block_size, c->block_size, block, "commit");
}

/* ---- home ---- */

/* Writes blocks home in rising order, neighbours at once. */
struct gather {
	struct commit *commit;
	uint64_t block; /* the first one that waits */
	uint32_t filled, room;
	struct iovec *pieces; /* a block each */
	uint8_t *copies;      /* of those that do not stay where they are: room for as many */
};

static errcode_t gather_open(struct gather *g, struct commit *c)
{
	*g = (struct gather){.commit = c, .room = PIECE_BYTES / c->block_size};
	if (!g->room)
		g->room = 1;
	g->pieces = malloc(g->room * sizeof(*g->pieces));
	g->copies = malloc((size_t)g->room * c->block_size);
	return g->pieces && g->copies ? 0 : ENOMEM;
}

static errcode_t gather_flush(struct gather *g)
{
	uint32_t count = g->filled;

	g->filled = 0;
	if (!count)
		return 0;
	return blkdev_writev(g->commit->dev, g->block * g->commit->block_size, g->pieces, count,
			     "home");
}

static errcode_t gather_close(struct gather *g, errcode_t err)
{
	if (!err)
		err = gather_flush(g);
	free(g->pieces);
	free(g->copies);
	return err;
}

/* BLOCK is DATA, which stays; or NULL: what the caller puts into *COPY. */
static errcode_t gather_add(struct gather *g, uint64_t block, uint8_t *data, uint8_t **copy)
{
	errcode_t err = 0;

	if (g->filled == g->room || block != g->block + g->filled)
		err = gather_flush(g);
	if (!g->filled)
		g->block = block;
	if (!data)
		*copy = data = g->copies + (size_t)g->filled * g->commit->block_size;
	g->pieces[g->filled++] = (struct iovec){data, g->commit->block_size};
	return err;
}

static errcode_t write_home(struct commit *c, const struct captured *blocks, size_t count)
{
	struct gather g;
	errcode_t err = gather_open(&g, c);

	for (size_t i = 0; i < count && !err; i++) {
		const struct captured *b = &blocks[i];
		uint8_t *copy;

		err = gather_add(&g, b->block, is_super(c, b) ? NULL : b->data, &copy);
		if (!err && is_super(c, b))
			fill_copy(c, b, copy);
	}
	return gather_close(&g, err);
}

errcode_t commit_reserve(struct commit *c, const struct captured *blocks, size_t count)
{
	const struct log *log = c->log;
	uint64_t left = commit_need(log, count);
	errcode_t err = 0;

	for (uint32_t at = log->first, n; left && !err; left -= n, at += n) {
		uint64_t pblk;

		log_where(log, at, &pblk, &n);
		if (n > left)
			n = (uint32_t)left;
		err = blkdev_reserve(log->dev, pblk * c->block_size, (uint64_t)n * c->block_size);
	}
	for (size_t i = 0, n; i < count && !err; i += n) {
		for (n = 1; i + n < count && blocks[i + n].block == blocks[i].block + n; n++)
			;
		err = blkdev_reserve(c->dev, blocks[i].block * c->block_size,
				     (uint64_t)n * c->block_size);
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
		err = write_body(c, blocks, count, tid, &v1, &at);
	if (!err && !(c->faults & COMMIT_FAULT_NO_BARRIER))
		err = blkdev_sync(c->log->dev, "log");
	if (!err)
		err = write_commit_block(c, tid, v1, at, now);
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
		err = write_home(c, blocks, count);
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

static errcode_t replay_block(void *arg, uint64_t block, const void *data)
{
	struct gather *g = arg;
	uint8_t *copy;
	errcode_t err;

	/* the superblock comes last, with the flag in the form that one sector can clear */
	if (block == SUPER_AT / g->commit->block_size)
		return 0;
	err = gather_add(g, block, NULL, &copy);
	if (!err)
		memcpy(copy, data, g->commit->block_size);
	return err;
}

static errcode_t replay_home(struct commit *c, const struct overlay *ov)
{
	struct gather g;
	errcode_t err = gather_open(&g, c);

	if (!err)
		err = overlay_each(ov, replay_block, &g);
	return gather_close(&g, err);
}

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
	err = replay_home(c, ov);
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
