// SPDX-License-Identifier: GPL-2.0-or-later
// zero_begin() and zero_range(): which bytes need zeroing, and what it took.
#include "ops/zero.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "edit/spill.h"
#include "edit/writeback.h"
#include "file/inline.h"
#include <errno.h>
#include <string.h>

/* blocks of an extent on the disk, and so of a mapping of them */
#define MAX_WRITTEN 32768
#define MAX_UNWRITTEN 32767

uint64_t zero_cookie(const struct edit_file *f)
{
	/* both only grow: no sum is met twice */
	return (f->list ? extents_cookie(f->list) : 0) + cache_cookie(f->blocks);
}

/* ---- the mapping ---- */

/* The end of the blocks that hold bytes of the file. */
static uint64_t eof_end(const struct edit_file *f)
{
	uint64_t bs = f->img->block_size;

	return f->inode.size / bs + (f->inode.size % bs != 0);
}

/* A hole may be dirty in the cache: up to where is it the one or the other? */
static void split_hole(const struct edit_file *f, struct zero_map *map)
{
	uint64_t end = map->lblk + map->len, at = map->lblk;
	const struct cache_block *b = cache_next_dirty(f->blocks, at, end);

	if (!b || b->lblk != at) {
		map->len = (b ? b->lblk : end) - at;
		return;
	}
	map->type = ZERO_RESERVED;
	while (++at < end && (b = cache_find(f->blocks, at)) && b->dirty)
		;
	map->len = at - map->lblk;
}

/*
 * Written blocks may be new to the committed state: up to where are they the one or the other? No
 * further than the cache has room: the rest would be looked at again after each spill.
 */
static void split_written(const struct edit_file *f, struct zero_map *map)
{
	size_t room = cache_limit(f->session->cache);
	uint64_t most = room < MAX_WRITTEN ? room + 1 : MAX_WRITTEN, len = 1;
	bool seen = edit_seen_bytes(f, map->pblk, false);

	map->type = seen ? ZERO_WRITTEN : ZERO_NEW;
	if (map->len > most)
		map->len = most;
	while (len < map->len && !edit_seen_bytes(f, map->pblk + len, false) == !seen)
		len++;
	map->len = len;
}

static void fill_batch(const struct edit_file *f, struct zero_map *map, uint32_t *batch,
		       size_t room)
{
	uint64_t at = map->lblk, end = map->lblk + map->len;
	const struct cache_block *b;

	map->has_batch = true;
	map->batch = batch;
	while (map->batched < room && (b = cache_next_dirty(f->blocks, at, end))) {
		batch[map->batched++] = b->lblk;
		at = b->lblk + 1ull;
	}
	/* what follows the last one was not examined, so it must not be taken for clean */
	if (map->batched == room && at < end) {
		map->len = at - map->lblk;
		map->full = true;
	}
}

errcode_t zero_begin(struct edit_file *f, uint64_t lblk, uint64_t end, uint32_t *batch, size_t room,
		     struct zero_map *map)
{
	uint64_t eof = eof_end(f);
	struct run run;
	errcode_t err = edit_no_handle(f, "zeroing");

	if (err)
		return err;
	*map = (struct zero_map){.lblk = lblk, .cookie = zero_cookie(f), .past_eof = lblk >= eof};
	if (!extents_find(f->list, lblk, &run)) {
		map->type = ZERO_HOLE;
	} else {
		map->pblk = run.pblk + lblk - run.lblk;
		map->type = run.unwritten ? ZERO_UNWRITTEN : ZERO_WRITTEN;
	}
	if (end > run.lblk + run.len)
		end = run.lblk + run.len;
	if (lblk < eof && end > eof)
		end = eof;
	map->len = end - lblk;
	if (map->type == ZERO_UNWRITTEN && map->len > MAX_UNWRITTEN)
		map->len = MAX_UNWRITTEN;
	if (map->type == ZERO_HOLE)
		split_hole(f, map);
	if (map->type == ZERO_WRITTEN)
		split_written(f, map);
	if (room && (map->type == ZERO_UNWRITTEN || map->type == ZERO_RESERVED))
		fill_batch(f, map, batch, room);
	return 0;
}

/* ---- zeroing ---- */

struct zeroing {
	struct edit_file *f;
	const struct session *s;
	uint64_t off, end; /* bytes still to be done */
	struct e4z_edit *edit;
	bool dirty_before; /* with that policy: something was dirty, and was not flushed yet */
	uint32_t *batch;
	size_t room;
	uint8_t *scratch; /* a block */
};

/* The bytes of the block LBLK that are to be zero. */
static uint32_t part_of(const struct zeroing *z, uint64_t lblk, uint32_t *from)
{
	uint64_t bs = z->f->img->block_size, start = lblk * bs, end = start + bs;
	uint64_t at = z->off > start ? z->off : start;

	*from = (uint32_t)(at - start);
	return (uint32_t)((z->end < end ? z->end : end) - at);
}

/* Zero the part of the dirty block LBLK. */
static errcode_t zero_dirty(struct zeroing *z, uint64_t lblk, uint64_t *count)
{
	uint32_t from, len = part_of(z, lblk, &from);
	uint8_t *data;
	errcode_t err = cache_change(z->f->blocks, lblk, &data, NULL);

	if (err)
		return err;
	memset(data + from, 0, len);
	*count += len;
	return 0;
}

/* Zero the part of the written block LBLK at PBLK, unless it is zero. */
static errcode_t zero_written(struct zeroing *z, uint64_t lblk, uint64_t pblk)
{
	const struct cache_block *b = cache_find(z->f->blocks, lblk);
	bool dirty = b && b->dirty, made;
	uint32_t from, len = part_of(z, lblk, &from);
	const uint8_t *now = b ? b->data : z->scratch;
	uint64_t *count = dirty ? &z->edit->written_dirty : &z->edit->written_disk;
	uint8_t *data;
	errcode_t err = b ? 0 : edit_read(z->f, pblk, z->scratch);

	if (err)
		return err;
	if (bytes_are_zero(now + from, len)) {
		/* of a dirty block the disk may hold something else: it is not done yet */
		*(dirty ? &z->edit->written_dirty : &z->edit->already_zero) += len;
		return 0;
	}
	err = cache_change(z->f->blocks, lblk, &data, &made);
	if (err)
		return err;
	if (made)
		memcpy(data, z->scratch, z->f->img->block_size);
	memset(data + from, 0, len);
	*count += len;
	return 0;
}

/* Bytes of MAP that are asked for. */
static uint64_t bytes_of(const struct zeroing *z, const struct zero_map *map)
{
	uint64_t bs = z->f->img->block_size, end = (map->lblk + map->len) * bs;

	return (end < z->end ? end : z->end) - z->off;
}

/* The dirty blocks of an unwritten or reserved map: those of its batch, or those that there are. */
static errcode_t zero_dirty_ones(struct zeroing *z, struct zero_map *map)
{
	struct edit_file *f = z->f;
	uint64_t before = z->edit->dirty_unwritten, end = map->lblk + map->len;
	const struct cache_block *b;
	errcode_t err = 0;

	for (size_t i = 0; map->has_batch && i < map->batched && !err; i++) {
		/* nobody else changes the file meanwhile: what we looked up must still be true */
		if (zero_cookie(f) != map->cookie)
			return image_refuse(f->img, E4Z_ET_STATE, "zeroing with a stale mapping");
		err = zero_dirty(z, map->batch[i], &z->edit->dirty_unwritten);
		map->cookie = zero_cookie(f);
	}
	for (uint64_t at = map->lblk; !map->has_batch && !err; at = b->lblk + 1ull) {
		b = cache_next_dirty(f->blocks, at, end);
		if (!b)
			break;
		err = zero_dirty(z, b->lblk, &z->edit->dirty_unwritten);
	}
	z->edit->unwritten_clean += bytes_of(z, map) - (z->edit->dirty_unwritten - before);
	z->edit->batches_full += map->full;
	return err;
}

/*
 * The written blocks of MAP, which ends where the cache is over its limit: what waits in it is to
 * be spilled before there is more.
 */
static errcode_t zero_written_ones(struct zeroing *z, struct zero_map *map)
{
	errcode_t err = 0;

	for (uint64_t i = 0; i < map->len && !err; i++) {
		err = zero_written(z, map->lblk + i, map->pblk + i);
		if (spill_is_due(z->s, false))
			map->len = i + 1;
	}
	return err;
}

static errcode_t flush_rest(struct zeroing *z)
{
	uint64_t bs = z->f->img->block_size;
	bool wrote;
	errcode_t err = writeback_flush(z->f, z->off / bs, (z->end + bs - 1) / bs, &wrote);

	z->edit->flushes += wrote;
	return err;
}

/* One mapping; nothing is done, and *AGAIN, where a flush has changed it. */
static errcode_t zero_map(struct zeroing *z, struct zero_map *map, bool *again)
{
	*again = false;
	switch (map->type) {
	case ZERO_HOLE: z->edit->hole += bytes_of(z, map); return 0;
	case ZERO_UNWRITTEN:
		if (!map->has_batch && z->dirty_before) {
			z->dirty_before = false;
			z->edit->retries++;
			*again = true;
			return flush_rest(z);
		}
		/* without a batch too: what can be seen until the commit was not flushed */
		return zero_dirty_ones(z, map);
	case ZERO_RESERVED: return zero_dirty_ones(z, map);
	case ZERO_WRITTEN:
	case ZERO_NEW: return zero_written_ones(z, map);
	}
	return 0;
}

static errcode_t zero_maps(struct zeroing *z)
{
	struct edit_file *f = z->f;
	uint64_t bs = f->img->block_size;
	bool again;
	errcode_t err = 0;

	if (z->s->policy == E4Z_POLICY_FLUSH_ALWAYS)
		err = flush_rest(z);
	while (!err && z->off < z->end) {
		struct zero_map map;

		err = zero_begin(f, z->off / bs, (z->end + bs - 1) / bs, z->batch, z->room, &map);
		if (!err)
			err = zero_map(z, &map, &again);
		if (!err && !again)
			z->off += bytes_of(z, &map);
		if (!err)
			err = spill_between(f->img);
	}
	return err;
}

/* How much of [off, end) is in the LEN bytes from START on, and in *DATA where they begin. */
static size_t inline_part(const struct zeroing *z, uint64_t start, size_t len, uint8_t **data)
{
	uint64_t from = z->off > start ? z->off : start;
	uint64_t end = z->end < start + len ? z->end : start + len;

	if (from >= end)
		return 0;
	*data += from - start;
	return (size_t)(end - from);
}

/* Inline data: the bytes are in the inode, which travels in the transaction. */
static errcode_t zero_inline(struct zeroing *z)
{
	struct edit_file *f = z->f;
	struct inline_data data;
	size_t head, rest;
	bool zero;
	errcode_t err;

	if (!inline_find(f->img, &f->inode, &data))
		return image_refuse_file(f->img, f->inode.ino, E4Z_ET_BAD_INODE,
					 "its inline data is corrupt");
	err = edit_open_handle(f);
	if (err)
		return err;
	head = inline_part(z, 0, INODE_I_BLOCK_LEN, &data.head);
	rest = inline_part(z, INODE_I_BLOCK_LEN, inline_capacity(&data) - INODE_I_BLOCK_LEN,
			   &data.rest);
	zero = bytes_are_zero(data.head, head) && bytes_are_zero(data.rest, rest);
	*(zero ? &z->edit->already_zero : &z->edit->inline_bytes) += head + rest;
	z->edit->hole += z->end - z->off - head - rest;
	if (head && !zero)
		memset(data.head, 0, head);
	if (rest && !zero)
		memset(data.rest, 0, rest);
	f->changed |= !zero;
	edit_close_handle(f);
	return 0;
}

/* More than all dirty blocks of the file are never found. */
static size_t batch_room(const struct edit_file *f, const struct session *s)
{
	size_t most = f->blocks ? cache_dirty(f->blocks) + 1 : 1;

	return s->batch < most ? s->batch : most;
}

errcode_t zero_range(struct edit_file *f, const struct session *s, uint64_t off, uint64_t len,
		     struct e4z_edit *edit)
{
	uint64_t bs = f->img->block_size;
	AUTO_FREE uint8_t *scratch = malloc(bs);
	size_t room = batch_room(f, s);
	AUTO_FREE uint32_t *batch = malloc(room * sizeof(*batch));
	struct zeroing z = {
		.f = f,
		.s = s,
		.off = off,
		.end = off + len,
		.edit = edit,
		.batch = batch,
		.room = s->policy == E4Z_POLICY_BATCH ? room : 0,
		.scratch = scratch,
	};
	errcode_t err = edit_no_handle(f, "zeroing");

	if (err)
		return err;
	if (!scratch || !batch)
		return ENOMEM;
	edit->requested += len;
	/* before any mapping is looked up: looking afterwards would race with the flush */
	z.dirty_before = s->policy == E4Z_POLICY_FLUSH &&
			 cache_next_dirty(f->blocks, off / bs, (off + len + bs - 1) / bs);
	err = f->list ? zero_maps(&z) : zero_inline(&z);
	edit->did_zero |= edit->dirty_unwritten || edit->written_disk || edit->written_dirty ||
			  edit->inline_bytes;
	edit->zero_written |= edit->written_disk || edit->written_dirty;
	return err;
}

errcode_t zero_edges(struct edit_file *f, const struct session *s, uint64_t off, uint64_t end,
		     struct e4z_edit *edit)
{
	uint64_t bs = f->img->block_size, head = (off + bs - 1) / bs * bs, tail = end / bs * bs;
	errcode_t err = 0;

	if (head > tail)
		return zero_range(f, s, off, end - off, edit);
	if (off < head)
		err = zero_range(f, s, off, head - off, edit);
	if (!err && tail < end)
		err = zero_range(f, s, tail, end - tail, edit);
	return err;
}

errcode_t zero_load(struct edit_file *f, uint64_t lblk, uint8_t **data)
{
	struct run run;
	bool made;
	errcode_t err = cache_change(f->blocks, lblk, data, &made);

	if (err || !made || !extents_find(f->list, lblk, &run) || run.unwritten)
		return err;
	return edit_read(f, run.pblk + lblk - run.lblk, *data);
}
