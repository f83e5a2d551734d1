// SPDX-License-Identifier: GPL-2.0-or-later
// Takes the blocks of a log: descriptors, revoke records, commit blocks.
#include "journal/replay_state.h"

#include "errors.h"
#include "journal/csum.h"
#include "journal/replay.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

errcode_t walk_say(const struct walk *w, errcode_t err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (w->why_size)
		vsnprintf(w->why, w->why_size, format, args);
	va_end(args);
	return err;
}

errcode_t walk_get(struct walk *w, uint32_t n, const void **block)
{
	errcode_t err = log_window_get(&w->window, n, block);

	return err ? walk_say(w, err, "block %u of the journal cannot be read", n) : 0;
}

void walk_advance(struct walk *w, uint32_t count)
{
	w->at = log_after(w->log, w->at, count);
	w->used += count;
}

void walk_end(struct walk *w)
{
	w->ended = true;
}

static void suspect(struct walk *w, const char *what)
{
	if (!w->suspect)
		w->suspect = what;
}

/* One data block of the transaction: its checksum, or its share of the transaction's. */
static errcode_t check_data(struct walk *w, const struct jbd2_entry *entry, uint32_t at)
{
	const void *data;
	errcode_t err;

	if (w->shape->csum == JBD2_CSUM_NONE)
		return 0;
	err = walk_get(w, at, &data);
	if (err)
		return err;
	if (w->shape->csum == JBD2_CSUM_V1)
		w->crc = csum_v1(w->crc, data, w->shape->block_size);
	else if (csum_data(w->shape, w->log->seed, w->tid, data) != entry->csum)
		suspect(w, "a block of it fails its checksum");
	return 0;
}

errcode_t walk_descriptor(struct walk *w)
{
	struct jbd2_entry entry;
	struct jbd2_tags tags;
	uint32_t count = 1;
	errcode_t err;

	if (!csum_tail_ok(w->shape, w->log->seed, w->header)) {
		walk_end(w);
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
			walk_end(w); /* it would overwrite the start of the log */
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
	walk_advance(w, count);
	return 0;
}

errcode_t walk_revoke(struct walk *w)
{
	struct jbd2_revokes revokes;

	if (!csum_tail_ok(w->shape, w->log->seed, w->header)) {
		walk_end(w);
		return 0;
	}
	if (!jbd2_revokes_start(&revokes, w->shape, w->header))
		suspect(w, "a revoke block of it is too long");
	if (vec_push(&w->revokes, w->at))
		return ENOMEM;
	walk_advance(w, 1);
	return 0;
}

static errcode_t apply_revokes(struct walk *w, uint32_t at)
{
	struct jbd2_revokes revokes;
	const void *block;
	uint64_t revoked;
	errcode_t err = walk_get(w, at, &block);

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

errcode_t walk_commit(struct walk *w)
{
	const struct jbd2_commit *commit = (const void *)w->header;
	struct replay *replay = w->replay;
	errcode_t err;

	if (!commit_ok(w, w->header)) {
		walk_advance(w, 1);
		walk_end(w);
		return 0;
	}
	if (w->suspect)
		return walk_say(w, E4Z_ET_BAD_JOURNAL,
				"transaction %u of the journal is corrupt: %s", w->tid, w->suspect);
	err = apply(w);
	if (err)
		return err;
	walk_advance(w, 1);
	replay->transactions++;
	replay->last_seconds = be64_get(commit->seconds);
	replay->end = w->at;
	replay->log_blocks = w->used;
	w->crc = CSUM_V1_START;
	w->tid++;
	return 0;
}
