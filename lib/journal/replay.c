// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading a log for what it would write: one walk, transaction by transaction. The blocks of a
 * transaction are staged until its commit block is seen. Within a transaction, and against those
 * before it, revokes win: so a revoke record needs no memory, it drops what was put so far.
 */
#include "journal/replay.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "errors.h"
#include "journal/csum.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WINDOW_BYTES (512u << 10) /* where every block is read */
#define SPARSE_BYTES (32u << 10)  /* where the walk jumps from header to header */
#define FC_TAG_HEAD 9

struct staged {
	uint64_t block;
	uint32_t at; /* log block */
	bool escaped;
};

struct walk {
	const struct log *log;
	const struct jbd2_shape *shape;
	uint64_t device_blocks;
	struct overlay *ov;
	struct replay *replay;
	char *why;
	size_t why_size;

	struct log_window window;
	uint8_t *header;     /* a copy of the block that is looked at */
	uint32_t at;	     /* its place */
	uint32_t used;	     /* blocks from the start of the log to it */
	uint32_t tid;	     /* of the transaction that is looked for, or at */
	uint32_t crc;	     /* of COMPAT_CHECKSUM */
	bool ended;	     /* this is not a block of a whole transaction */
	const char *suspect; /* what makes the transaction damaged if it is committed; NULL */
	VEC(, struct staged) tags;
	VEC(, uint32_t) revokes; /* log blocks */
};

__attribute__((format(printf, 3, 4))) static errcode_t say(const struct walk *w, errcode_t err,
							   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (w->why_size)
		vsnprintf(w->why, w->why_size, format, args);
	va_end(args);
	return err;
}

static errcode_t get(struct walk *w, uint32_t n, const void **block)
{
	errcode_t err = log_window_get(&w->window, n, block);

	return err ? say(w, err, "block %u of the journal cannot be read", n) : 0;
}

static void advance(struct walk *w, uint32_t count)
{
	w->at = log_after(w->log, w->at, count);
	w->used += count;
}

/* The transaction's end was not reached: what was staged of it does not count. */
static void end_here(struct walk *w)
{
	w->ended = true;
}

static void suspect(struct walk *w, const char *what)
{
	if (!w->suspect)
		w->suspect = what;
}

/* ---- the three kinds of block ---- */

/* One data block of the transaction: its checksum, or its share of the transaction's. */
static errcode_t check_data(struct walk *w, const struct jbd2_entry *entry, uint32_t at)
{
	const void *data;
	errcode_t err;

	if (w->shape->csum == JBD2_CSUM_NONE)
		return 0;
	err = get(w, at, &data);
	if (err)
		return err;
	if (w->shape->csum == JBD2_CSUM_V1)
		w->crc = csum_v1(w->crc, data, w->shape->block_size);
	else if (csum_data(w->shape, w->log->seed, w->tid, data) != entry->csum)
		suspect(w, "a block of it fails its checksum");
	return 0;
}

static errcode_t take_descriptor(struct walk *w)
{
	struct jbd2_entry entry;
	struct jbd2_tags tags;
	uint32_t count = 1;
	errcode_t err;

	if (!csum_tail_ok(w->shape, w->log->seed, w->header)) {
		end_here(w);
		return 0;
	}
	if (w->shape->csum == JBD2_CSUM_V1)
		w->crc = csum_v1(w->crc, w->header, w->shape->block_size);
	jbd2_tags_start(&tags, w->shape, w->header);
	while (jbd2_tags_next(&tags, &entry)) {
		struct staged staged = {.block = entry.block,
					.at = log_after(w->log, w->at, count),
					.escaped = entry.flags & JBD2_TAG_ESCAPED};

		if (w->used + count >= log_size(w->log)) {
			end_here(w); /* it would overwrite the start of the log */
			return 0;
		}
		if (entry.block >= w->device_blocks)
			suspect(w, "it writes past the end of the device");
		err = check_data(w, &entry, staged.at);
		if (err)
			return err;
		if (vec_push(&w->tags, staged))
			return ENOMEM;
		count++;
	}
	advance(w, count);
	return 0;
}

static errcode_t take_revoke(struct walk *w)
{
	struct jbd2_revokes revokes;

	if (!csum_tail_ok(w->shape, w->log->seed, w->header)) {
		end_here(w);
		return 0;
	}
	if (!jbd2_revokes_start(&revokes, w->shape, w->header))
		suspect(w, "a revoke block of it is too long");
	if (vec_push(&w->revokes, w->at))
		return ENOMEM;
	advance(w, 1);
	return 0;
}

static errcode_t apply_revokes(struct walk *w, uint32_t at)
{
	struct jbd2_revokes revokes;
	const void *block;
	uint64_t revoked;
	errcode_t err = get(w, at, &block);

	if (err)
		return err;
	(void)jbd2_revokes_start(&revokes, w->shape, block);
	while (jbd2_revokes_next(&revokes, &revoked)) {
		overlay_drop(w->ov, revoked);
		w->replay->revokes++;
	}
	return 0;
}

/* What the committed transaction wrote is the file system's from now on. */
static errcode_t apply(struct walk *w)
{
	struct overlay_entry entry;
	uint32_t together;
	errcode_t err;

	for (size_t i = 0; i < w->tags.count; i++) {
		entry.block = w->tags.items[i].block;
		entry.escaped = w->tags.items[i].escaped;
		log_where(w->log, w->tags.items[i].at, &entry.from, &together);
		err = overlay_put(w->ov, &entry);
		if (err)
			return err;
	}
	for (size_t i = 0; i < w->revokes.count; i++) {
		err = apply_revokes(w, w->revokes.items[i]);
		if (err)
			return err;
	}
	w->replay->tags += w->tags.count;
	w->tags.count = w->revokes.count = 0;
	return 0;
}

static bool commit_ok(const struct walk *w, const void *block)
{
	if (w->shape->csum >= JBD2_CSUM_V2)
		return csum_commit_ok(w->shape, w->log->seed, block);
	return w->shape->csum == JBD2_CSUM_NONE || csum_v1_ok(w->crc, block);
}

static errcode_t take_commit(struct walk *w)
{
	const struct jbd2_commit *commit = (const void *)w->header;
	struct replay *replay = w->replay;
	errcode_t err;

	if (!commit_ok(w, w->header)) {
		advance(w, 1);
		end_here(w);
		return 0;
	}
	if (w->suspect)
		return say(w, E4Z_ET_BAD_JOURNAL, "transaction %u of the journal is damaged: %s",
			   w->tid, w->suspect);
	err = apply(w);
	if (err)
		return err;
	advance(w, 1);
	replay->transactions++;
	replay->last_seconds = be64_get(commit->seconds);
	replay->end = w->at;
	replay->log_blocks = w->used;
	w->crc = CSUM_V1_START;
	w->tid++;
	return 0;
}

/* ---- the walk ---- */

/* The ring is walked once at most: a log that bites its tail ends there. */
static errcode_t walk_log(struct walk *w)
{
	uint32_t type, tid;
	errcode_t err = 0;
	const void *block;

	while (!err && !w->ended && w->used < log_size(w->log)) {
		err = get(w, w->at, &block);
		if (err)
			return err;
		memcpy(w->header, block, w->shape->block_size);
		type = jbd2_block_type(w->header, &tid);
		switch (tid == w->tid ? type : 0) {
		case JBD2_DESCRIPTOR: err = take_descriptor(w); break;
		case JBD2_REVOKE: err = take_revoke(w); break;
		case JBD2_COMMIT: err = take_commit(w); break;
		default: end_here(w);
		}
	}
	return err;
}

/*
 * Whether BLOCK, which is the one at hand, commits the transaction that is not whole, or a later
 * one. Each transaction takes a block at least. An older time is what an earlier life of the log
 * left behind.
 */
static bool commits_later(const struct walk *w, const void *block)
{
	const struct jbd2_commit *commit = block;
	uint32_t tid, ahead;

	if (jbd2_block_type(block, &tid) != JBD2_COMMIT)
		return false;
	ahead = tid - w->tid;
	if (ahead > w->used - w->replay->log_blocks || (w->shape->async && !ahead))
		return false;
	if (be64_get(commit->seconds) < w->replay->last_seconds)
		return false;
	/* no checksum tells the log from one that an older file system had in its place */
	if (w->shape->csum < JBD2_CSUM_V2 && be64_get(commit->seconds) < w->log->born)
		return false;
	return w->shape->csum < JBD2_CSUM_V2 || csum_commit_ok(w->shape, w->log->seed, block);
}

/* The rest of the ring: nothing there may say that the log goes on. */
static errcode_t look_beyond(struct walk *w)
{
	const void *block;
	errcode_t err;
	uint32_t tid;

	while (w->used < log_size(w->log)) {
		err = get(w, w->at, &block);
		if (err)
			return err;
		if (commits_later(w, block)) {
			(void)jbd2_block_type(block, &tid);
			return say(w, E4Z_ET_BAD_JOURNAL,
				   "transaction %u of the journal is damaged, but %u is committed",
				   w->tid, tid);
		}
		advance(w, 1);
	}
	return 0;
}

/*
 * Fast commits begin with a HEAD tag that names the transaction they came before. They are logical:
 * a view without them is a lie, and no two programs agree about the view with them.
 */
static errcode_t judge_fast_commits(struct walk *w)
{
	const struct log *log = w->log;
	AUTO_FREE uint8_t *block = NULL;
	uint32_t tid;
	errcode_t err;

	if (log->fc_first >= log->fc_last)
		return 0;
	block = malloc(w->shape->block_size);
	if (!block)
		return ENOMEM;
	err = log_read(log, log->fc_first, 1, block);
	if (err)
		return say(w, err, "the journal's fast commits cannot be read");
	/* tag, length, features, transaction: little-endian, unlike the rest of the log */
	tid = (uint32_t)block[8] | (uint32_t)block[9] << 8 | (uint32_t)block[10] << 16 |
	      (uint32_t)block[11] << 24;
	if (block[0] != FC_TAG_HEAD || block[1] || tid != w->tid)
		return 0;
	return say(w, E4Z_ET_FAST_COMMIT, "the journal holds fast commits after transaction %u",
		   w->tid - 1);
}

/* A log that writes into itself was made by nobody honest. */
static errcode_t judge_targets(struct walk *w)
{
	const struct log *log = w->log;

	if (log->external)
		return 0;
	for (size_t i = 0; i < log->run_count; i++)
		if (overlay_meets(w->ov, log->runs[i].pblk, log->runs[i].len))
			return say(w, E4Z_ET_BAD_JOURNAL, "the journal writes over its own blocks");
	return 0;
}

static errcode_t walk_all(struct walk *w)
{
	errcode_t err;

	err = walk_log(w);
	if (err)
		return err;
	w->replay->torn = w->tags.count || w->revokes.count;
	err = look_beyond(w);
	if (!err)
		err = judge_fast_commits(w);
	if (err)
		return err;
	overlay_seal(w->ov);
	return judge_targets(w);
}

static errcode_t walk_open(struct walk *w)
{
	bool every_block = w->shape->csum != JBD2_CSUM_NONE;
	errcode_t err;

	w->header = malloc(w->shape->block_size);
	if (!w->header)
		return ENOMEM;
	err = log_window_open(&w->window, w->log, w->log->last,
			      every_block ? WINDOW_BYTES : SPARSE_BYTES);
	if (err)
		return err;
	return overlay_new(w->log->dev, w->shape->block_size, &w->ov);
}

static void walk_close(struct walk *w)
{
	log_window_close(&w->window);
	free(w->header);
	vec_free(&w->tags);
	vec_free(&w->revokes);
	overlay_free(w->ov);
}

errcode_t replay_read(const struct log *log, uint64_t device_blocks, struct overlay **ov,
		      struct replay *replay, char *why, size_t why_size)
{
	struct walk w = {.log = log,
			 .shape = &log->shape,
			 .device_blocks = device_blocks,
			 .replay = replay,
			 .why = why,
			 .why_size = why_size,
			 .at = log->sb.start,
			 .tid = log->sb.sequence,
			 .crc = CSUM_V1_START};
	errcode_t err;

	*ov = NULL;
	*replay = (struct replay){.first_tid = w.tid, .end = w.at};
	err = walk_open(&w);
	if (!err && !log->sb.start) {
		replay->empty = true;
		overlay_seal(w.ov);
	} else if (!err) {
		err = walk_all(&w);
	}
	if (!err) {
		replay->next_tid = w.tid;
		replay->safe_tid = w.tid + 1;
		*ov = w.ov;
		w.ov = NULL;
	}
	walk_close(&w);
	return err;
}
