// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading a log for what it would write: one walk, transaction by transaction. The blocks of a
 * transaction are staged until its commit block is seen. Within a transaction, and against those
 * before it, revokes win: so a revoke record needs no memory, it drops what was put so far.
 */
#include "journal/replay.h"
#include "base/cleanup.h"
#include "errors.h"
#include "journal/csum.h"
#include "journal/replay_state.h"
#include <string.h>

#define WINDOW_BYTES (512u << 10) /* where every block is read */
#define SPARSE_BYTES (32u << 10)  /* where the walk jumps from header to header */
#define FC_TAG_HEAD 9

/* The ring is walked once at most: a log that bites its tail ends there. */
static errcode_t walk_log(struct walk *w)
{
	uint32_t type, tid;
	errcode_t err = 0;
	const void *block;

	while (!err && !w->ended && w->used < log_size(w->log)) {
		err = walk_get(w, w->at, &block);
		if (err)
			return err;
		memcpy(w->header, block, w->shape->block_size);
		type = jbd2_block_type(w->header, &tid);
		switch (tid == w->tid ? type : 0) {
		case JBD2_DESCRIPTOR: err = walk_descriptor(w); break;
		case JBD2_REVOKE: err = walk_revoke(w); break;
		case JBD2_COMMIT: err = walk_commit(w); break;
		default: walk_end(w);
		}
	}
	return err;
}

/*
 * Whether BLOCK, which is the one at hand, commits the transaction that is not whole, or a later
 * one. Each transaction takes a block at least. An older time is what an earlier life of the log
 * left over.
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
		err = walk_get(w, w->at, &block);
		if (err)
			return err;
		if (commits_later(w, block)) {
			(void)jbd2_block_type(block, &tid);
			return walk_say(
				w, E4Z_ET_BAD_JOURNAL,
				"transaction %u of the journal is corrupt, but %u is committed",
				w->tid, tid);
		}
		walk_advance(w, 1);
	}
	return 0;
}

/*
 * Fast commits begin with a HEAD tag that names the transaction they came before. They are logical:
 * a view without them is a lie, and no two programs agree about the view with them.
 */
static errcode_t check_fast_commits(struct walk *w)
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
		return walk_say(w, err, "the journal's fast commits cannot be read");
	/* tag, length, features, transaction: little-endian, unlike the rest of the log */
	tid = (uint32_t)block[8] | (uint32_t)block[9] << 8 | (uint32_t)block[10] << 16 |
	      (uint32_t)block[11] << 24;
	if (block[0] != FC_TAG_HEAD || block[1] || tid != w->tid)
		return 0;
	return walk_say(w, E4Z_ET_FAST_COMMIT,
			"the journal holds fast commits after transaction %u", w->tid - 1);
}

/* A log that writes into itself was made by nobody honest. */
static errcode_t check_targets(struct walk *w)
{
	const struct log *log = w->log;

	if (log->external)
		return 0;
	for (size_t i = 0; i < log->run_count; i++)
		if (overlay_meets(w->ov, log->runs[i].pblk, log->runs[i].len))
			return walk_say(w, E4Z_ET_BAD_JOURNAL,
					"the journal writes over its own blocks");
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
		err = check_fast_commits(w);
	if (err)
		return err;
	overlay_seal(w->ov);
	return check_targets(w);
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
