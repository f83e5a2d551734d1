// SPDX-License-Identifier: GPL-2.0-or-later
// Changes blocks in memory, and goes back to a mark.
#include "io/capture.h"

#include "base/cleanup.h"
#include "base/invariant.h"
#include "io/capture_state.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* SLOT, which may be free, is about to change: keep what it says for capture_back(). */
static errcode_t save(struct capture *cap, const struct captured *slot, uint64_t block)
{
	struct captured saved = {.block = block};
	errcode_t err;

	if (!cap->mark || (slot->data && slot->mark == cap->mark))
		return 0;
	if (slot->data) {
		saved.logged = slot->logged;
		saved.data = malloc(cap->block_size);
		if (!saved.data)
			return ENOMEM;
		memcpy(saved.data, slot->data, cap->block_size);
	}
	err = vec_push(&cap->saved, saved);
	if (err)
		free(saved.data);
	return err;
}

uint64_t capture_fingerprint(const uint8_t *data, uint32_t len)
{
	uint64_t lane[4] = {0}, word[4];

	for (uint32_t at = 0; at < len; at += sizeof(word)) {
		memcpy(word, data + at, sizeof(word));
		for (unsigned i = 0; i < 4; i++)
			lane[i] = (lane[i] ^ word[i]) * 0x9e3779b97f4a7c15ull;
	}
	return lane[0] + 3 * lane[1] + 5 * lane[2] + 7 * lane[3];
}

/* Content for BLOCK, which is not held. */
static errcode_t new_data(const struct capture *cap, uint64_t block, bool load, uint8_t **out)
{
	uint8_t *data = load ? malloc(cap->block_size) : calloc(1, cap->block_size);
	errcode_t err = data ? 0 : ENOMEM;

	if (!err && load)
		err = capture_read_unchanged(cap, block * cap->block_size, cap->block_size, data);
	if (err) {
		free(data);
		data = NULL;
	}
	*out = data;
	return err;
}

/* Hold BLOCK, which is not held. */
static errcode_t enter(struct capture *cap, uint64_t block, bool load, struct captured **out)
{
	struct captured b = {.block = block, .mark = cap->mark, .loaded = load};
	errcode_t err = table_grow(&cap->changed);

	if (!err)
		err = new_data(cap, block, load, &b.data);
	if (err)
		return err;
	*out = table_find(&cap->changed, block);
	err = save(cap, *out, block);
	if (err) {
		free(b.data);
		return err;
	}
	if (load)
		b.print = capture_fingerprint(b.data, cap->block_size);
	**out = b;
	cap->changed.count++;
	return 0;
}

/* BLOCK is about to change; LOAD: what is there matters. */
static errcode_t take(struct capture *cap, uint64_t block, bool load, bool logged, uint8_t **out)
{
	struct captured *slot = cap->changed.count ? table_find(&cap->changed, block) : NULL;
	errcode_t err = INVARIANT("V2", cap->changed.logged <= cap->changed.count);

	*out = NULL;
	if (!err)
		err = INVARIANT("V3", (cap->mark || !cap->saved.count) &&
					      !(slot && slot->data && slot->mark > cap->mark));
	if (err)
		return err;
	if (slot && slot->data) {
		err = save(cap, slot, block);
		slot->mark = cap->mark;
	} else {
		err = enter(cap, block, load, &slot);
	}
	*out = err ? NULL : slot->data;
	if (!err && logged)
		table_set_logged(&cap->changed, slot, true);
	return err;
}

static void forget_saved(struct capture *cap)
{
	for (size_t i = 0; i < cap->saved.count; i++)
		free(cap->saved.items[i].data);
	vec_free(&cap->saved);
	cap->new_zeroed.count = 0;
}

void capture_mark(struct capture *cap)
{
	forget_saved(cap);
	cap->mark++;
}

/* Of what is seen as zero all that came since the mark; or all, if memory is short. */
static void take_back_zeroed(struct capture *cap)
{
	for (size_t i = 0; i < cap->new_zeroed.count && cap->zeroed; i++) {
		const struct e4z_span *span = &cap->new_zeroed.items[i];

		if (!rangeset_remove(cap->zeroed, span->start, span->len))
			continue;
		rangeset_free(cap->zeroed);
		cap->zeroed = NULL;
	}
	if (cap->zeroed && !rangeset_count(cap->zeroed)) {
		rangeset_free(cap->zeroed);
		cap->zeroed = NULL;
	}
}

void capture_back(struct capture *cap)
{
	take_back_zeroed(cap);
	for (size_t i = 0; i < cap->saved.count; i++) {
		const struct captured *saved = &cap->saved.items[i];

		if (!saved->data) {
			capture_drop(cap, saved->block);
			continue;
		}
		memcpy(table_held(&cap->changed, saved->block), saved->data, cap->block_size);
		table_set_logged(&cap->changed, table_find(&cap->changed, saved->block),
				 saved->logged);
	}
	capture_mark(cap);
}

bool capture_goes_zero(const struct capture *cap, uint64_t block)
{
	return cap->zeroed && rangeset_has(cap->zeroed, block) && !capture_has(cap, block);
}

errcode_t capture_note_zeroed(const struct capture *cap, struct rangeset **set, uint64_t off,
			      uint64_t len)
{
	uint64_t bs = cap->block_size, first = (off + bs - 1) / bs, end = (off + len) / bs;

	if (first >= end)
		return 0;
	if (!*set)
		*set = rangeset_new(cap->dev->len / bs);
	return *set && !rangeset_add(*set, first, end - first, NULL) ? 0 : ENOMEM;
}

/* [off, off + len) is about to be zeroed: note what of its whole blocks was not before. */
static errcode_t note_new(struct capture *cap, uint64_t off, uint64_t len)
{
	uint64_t bs = cap->block_size, at = (off + bs - 1) / bs, end = (off + len) / bs;
	errcode_t err = 0;

	while (cap->mark && at < end && !err) {
		uint64_t from = at, start = end, has = 0;

		if (cap->zeroed)
			(void)rangeset_next_in(cap->zeroed, &from, end, &start, &has);
		if (start > at)
			err = vec_push(&cap->new_zeroed, ((struct e4z_span){at, start - at}));
		at = start + has;
	}
	return err;
}

errcode_t capture_edit(struct capture *cap, uint64_t block, uint8_t **data)
{
	return take(cap, block, true, true, data);
}

errcode_t capture_hold(struct capture *cap, uint64_t block)
{
	uint8_t *data;

	return take(cap, block, true, false, &data);
}

errcode_t capture_create(struct capture *cap, uint64_t block, uint8_t **data)
{
	errcode_t err = take(cap, block, false, true, data);

	if (!err)
		memset(*data, 0, cap->block_size);
	return err;
}

static errcode_t put(struct capture *cap, uint64_t off, size_t len, const void *buf, bool logged)
{
	const uint8_t *p = buf;
	uint32_t bs = cap->block_size;

	while (len) {
		size_t skip = off % bs, n = len < bs - skip ? len : bs - skip;
		uint8_t *data;
		errcode_t err = take(cap, off / bs, n < bs, logged, &data);

		if (err)
			return err;
		memcpy(data + skip, p, n);
		p += n;
		off += n;
		len -= n;
	}
	return 0;
}

errcode_t capture_write(struct capture *cap, uint64_t off, size_t len, const void *buf)
{
	return put(cap, off, len, buf, true);
}

errcode_t capture_write_home(struct capture *cap, uint64_t off, size_t len, const void *buf)
{
	return put(cap, off, len, buf, false);
}

errcode_t capture_rewrite(struct capture *cap, uint64_t block, const void *data)
{
	uint64_t off = block * cap->block_size;

	return table_held(&cap->changed, block) ? put(cap, off, cap->block_size, data, false) : 0;
}

/* Zero what [off, end) has of BLOCK, which is held. */
static errcode_t zero_in_block(struct capture *cap, uint64_t block, uint64_t off, uint64_t end)
{
	uint64_t start = block * cap->block_size, stop = start + cap->block_size;
	uint8_t *data;
	errcode_t err = take(cap, block, true, false, &data);

	off = off > start ? off : start;
	end = end < stop ? end : stop;
	if (!err)
		memset(data + (off - start), 0, end - off);
	return err;
}

errcode_t capture_zero_home(struct capture *cap, uint64_t off, uint64_t len)
{
	uint64_t first = off / cap->block_size, last = (off + len - 1) / cap->block_size;
	const struct block_table *t = &cap->changed;
	errcode_t err = len ? note_new(cap, off, len) : 0;

	if (!err && len)
		err = capture_note_zeroed(cap, &cap->zeroed, off, len);
	if (err || !t->count || !len)
		return err;
	/* whichever is less: the blocks of the range, or all that are held */
	if (last - first < t->room) {
		for (uint64_t block = first; block <= last && !err; block++)
			if (table_held(t, block))
				err = zero_in_block(cap, block, off, off + len);
		return err;
	}
	for (size_t i = 0; i < t->room && !err; i++)
		if (t->slots[i].data && t->slots[i].block >= first && t->slots[i].block <= last)
			err = zero_in_block(cap, t->slots[i].block, off, off + len);
	return err;
}

void capture_drop(struct capture *cap, uint64_t block)
{
	table_remove(&cap->changed, block);
}

void capture_drop_all(struct capture *cap)
{
	for (size_t i = 0; i < cap->changed.room; i++)
		free(cap->changed.slots[i].data);
	free(cap->changed.slots);
	forget_saved(cap);
	vec_free(&cap->new_zeroed);
	rangeset_free(cap->zeroed);
	cap->zeroed = NULL;
	cap->changed = (struct block_table){.slots = NULL};
}
