// SPDX-License-Identifier: GPL-2.0-or-later
// A hash table of changed blocks over an overlay over the image.
#include "io/capture.h"

#include "base/cleanup.h"
#include "base/vec.h"
#include "errors.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64		/* slots, a power of two */
#define LIST_BYTES (256u << 10) /* compared at once */

VEC(saved_vec, struct captured);

struct capture {
	struct blkdev *dev;
	uint32_t block_size;
	struct overlay *overlay;
	struct captured *slots; /* data NULL: free; open addressing */
	size_t room, count;
	uint64_t mark;		/* 0: none yet */
	struct saved_vec saved; /* of blocks changed since the mark: their content then */
};

errcode_t capture_new(struct blkdev *dev, uint32_t block_size, struct capture **out)
{
	struct capture *cap = calloc(1, sizeof(*cap));

	*out = cap;
	if (!cap)
		return ENOMEM;
	cap->dev = dev;
	cap->block_size = block_size;
	return 0;
}

void capture_free(struct capture *cap)
{
	if (!cap)
		return;
	capture_drop_all(cap);
	overlay_free(cap->overlay);
	free(cap);
}

struct blkdev *capture_dev(const struct capture *cap)
{
	return cap->dev;
}

void capture_set_overlay(struct capture *cap, struct overlay *ov)
{
	overlay_free(cap->overlay);
	cap->overlay = ov;
}

const struct overlay *capture_overlay(const struct capture *cap)
{
	return cap->overlay;
}

size_t capture_count(const struct capture *cap)
{
	return cap->count;
}

static size_t slot_of(const struct capture *cap, uint64_t block)
{
	return (size_t)(block * 0x9e3779b97f4a7c15ull >> 20) & (cap->room - 1);
}

/* Where BLOCK is, or the free slot where it would be. The table is never full. */
static struct captured *find(const struct capture *cap, uint64_t block)
{
	size_t at = slot_of(cap, block);

	while (cap->slots[at].data && cap->slots[at].block != block)
		at = (at + 1) & (cap->room - 1);
	return &cap->slots[at];
}

static uint8_t *held(const struct capture *cap, uint64_t block)
{
	return cap->count ? find(cap, block)->data : NULL;
}

bool capture_has(const struct capture *cap, uint64_t block)
{
	return held(cap, block) != NULL;
}

static errcode_t grow(struct capture *cap)
{
	struct captured *old = cap->slots;
	size_t old_room = cap->room;

	if (cap->room && cap->count < cap->room / 2)
		return 0;
	cap->room = old_room ? old_room * 2 : FIRST_ROOM;
	cap->slots = calloc(cap->room, sizeof(*cap->slots));
	if (!cap->slots) {
		cap->slots = old;
		cap->room = old_room;
		return ENOMEM;
	}
	for (size_t i = 0; i < old_room; i++)
		if (old[i].data)
			*find(cap, old[i].block) = old[i];
	free(old);
	return 0;
}

errcode_t capture_read_below(const struct capture *cap, uint64_t off, size_t len, void *buf)
{
	if (cap->overlay)
		return overlay_read(cap->overlay, cap->dev, off, len, buf);
	return blkdev_read(cap->dev, off, len, buf);
}

/* Copy what was changed of [off, off + len) into BUF. */
static void patch(const struct capture *cap, uint64_t off, size_t len, uint8_t *buf)
{
	uint32_t bs = cap->block_size;

	for (uint64_t block = off / bs; block <= (off + len - 1) / bs; block++) {
		const uint8_t *data = held(cap, block);
		uint64_t start = block * bs, from = start > off ? start : off;
		uint64_t end = start + bs < off + len ? start + bs : off + len;

		if (data)
			memcpy(buf + (from - off), data + (from - start), end - from);
	}
}

errcode_t capture_read(const struct capture *cap, uint64_t off, size_t len, void *buf)
{
	errcode_t err = capture_read_below(cap, off, len, buf);

	if (!err && cap->count && len)
		patch(cap, off, len, buf);
	return err;
}

bool capture_read_cached(const struct capture *cap, uint64_t off, size_t len, void *buf)
{
	return !cap->overlay && !cap->count && blkdev_read_cached(cap->dev, off, len, buf);
}

/* The first changed block in [from, end), or END. */
static uint64_t first_held(const struct capture *cap, uint64_t from, uint64_t end)
{
	if (!cap->count)
		return end;
	/* whichever is less: the blocks of the range, or all that are held */
	if (end - from < cap->room) {
		while (from < end && !held(cap, from))
			from++;
		return from;
	}
	for (size_t i = 0; i < cap->room; i++)
		if (cap->slots[i].data && cap->slots[i].block >= from && cap->slots[i].block < end)
			end = cap->slots[i].block;
	return end;
}

void capture_next_data(const struct capture *cap, uint64_t off, uint64_t *start, uint64_t *end)
{
	struct overlay_entry entry;
	uint64_t bs = cap->block_size, from = off / bs, stop, at;

	blkdev_next_data(cap->dev, off, start, end);
	if (*start <= off)
		return;
	at = stop = (*start + bs - 1) / bs;
	if (cap->overlay && overlay_next(cap->overlay, &from, &entry) && entry.block < at)
		at = entry.block;
	at = first_held(cap, off / bs, at);
	if (at == stop || at * bs >= *start)
		return;
	*start = at * bs > off ? at * bs : off;
	*end = (at + 1) * bs;
}

/* SLOT, which may be free, is about to change: keep what it says for capture_back(). */
static errcode_t save(struct capture *cap, const struct captured *slot, uint64_t block)
{
	struct captured saved = {.block = block};
	errcode_t err;

	if (!cap->mark || (slot->data && slot->mark == cap->mark))
		return 0;
	if (slot->data) {
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

static errcode_t take(struct capture *cap, uint64_t block, bool load, uint8_t **out)
{
	struct captured *slot = cap->count ? find(cap, block) : NULL;
	uint8_t *data;
	errcode_t err = 0;

	*out = NULL;
	if (slot && slot->data) {
		err = save(cap, slot, block);
		slot->mark = cap->mark;
		*out = slot->data;
		return err;
	}
	err = grow(cap);
	if (err)
		return err;
	data = calloc(1, cap->block_size);
	if (!data)
		return ENOMEM;
	if (load)
		err = capture_read_below(cap, block * cap->block_size, cap->block_size, data);
	if (err) {
		free(data);
		return err;
	}
	slot = find(cap, block);
	err = save(cap, slot, block);
	if (err) {
		free(data);
		return err;
	}
	*slot = (struct captured){block, data, cap->mark};
	cap->count++;
	*out = data;
	return 0;
}

static void forget_saved(struct capture *cap)
{
	for (size_t i = 0; i < cap->saved.count; i++)
		free(cap->saved.items[i].data);
	vec_free(&cap->saved);
}

void capture_mark(struct capture *cap)
{
	forget_saved(cap);
	cap->mark++;
}

void capture_back(struct capture *cap)
{
	for (size_t i = 0; i < cap->saved.count; i++) {
		const struct captured *saved = &cap->saved.items[i];

		if (saved->data)
			memcpy(held(cap, saved->block), saved->data, cap->block_size);
		else
			capture_drop(cap, saved->block);
	}
	capture_mark(cap);
}

errcode_t capture_edit(struct capture *cap, uint64_t block, uint8_t **data)
{
	return take(cap, block, true, data);
}

errcode_t capture_create(struct capture *cap, uint64_t block, uint8_t **data)
{
	errcode_t err = take(cap, block, false, data);

	if (!err)
		memset(*data, 0, cap->block_size);
	return err;
}

errcode_t capture_write(struct capture *cap, uint64_t off, size_t len, const void *buf)
{
	const uint8_t *p = buf;
	uint32_t bs = cap->block_size;

	while (len) {
		size_t skip = off % bs, n = len < bs - skip ? len : bs - skip;
		uint8_t *data;
		errcode_t err = take(cap, off / bs, n < bs, &data);

		if (err)
			return err;
		memcpy(data + skip, p, n);
		p += n;
		off += n;
		len -= n;
	}
	return 0;
}

/* Zero what [off, end) has of BLOCK, which is held. */
static errcode_t zero_in_block(struct capture *cap, uint64_t block, uint64_t off, uint64_t end)
{
	uint64_t start = block * cap->block_size, stop = start + cap->block_size;
	uint8_t *data;
	errcode_t err = take(cap, block, true, &data);

	off = off > start ? off : start;
	end = end < stop ? end : stop;
	if (!err)
		memset(data + (off - start), 0, end - off);
	return err;
}

errcode_t capture_zero_held(struct capture *cap, uint64_t off, uint64_t len)
{
	uint64_t first = off / cap->block_size, last = (off + len - 1) / cap->block_size;
	errcode_t err = 0;

	if (!cap->count || !len)
		return 0;
	/* whichever is less: the blocks of the range, or all that are held */
	if (last - first < cap->room) {
		for (uint64_t block = first; block <= last && !err; block++)
			if (held(cap, block))
				err = zero_in_block(cap, block, off, off + len);
		return err;
	}
	for (size_t i = 0; i < cap->room && !err; i++)
		if (cap->slots[i].data && cap->slots[i].block >= first &&
		    cap->slots[i].block <= last)
			err = zero_in_block(cap, cap->slots[i].block, off, off + len);
	return err;
}

void capture_drop(struct capture *cap, uint64_t block)
{
	struct captured *slot = cap->count ? find(cap, block) : NULL;
	size_t at;

	if (!slot || !slot->data)
		return;
	free(slot->data);
	slot->data = NULL;
	cap->count--;
	/* those behind it may have been pushed there by it: put them in again */
	for (at = (size_t)(slot - cap->slots + 1) & (cap->room - 1); cap->slots[at].data;
	     at = (at + 1) & (cap->room - 1)) {
		struct captured moved = cap->slots[at];

		cap->slots[at].data = NULL;
		*find(cap, moved.block) = moved;
	}
}

void capture_drop_all(struct capture *cap)
{
	for (size_t i = 0; i < cap->room; i++)
		free(cap->slots[i].data);
	free(cap->slots);
	forget_saved(cap);
	cap->slots = NULL;
	cap->room = cap->count = 0;
}

static int compare(const void *pa, const void *pb)
{
	const struct captured *a = pa, *b = pb;

	return (a->block > b->block) - (a->block < b->block);
}

/* Keep those of LIST that differ from what is below, which is read neighbours at once. */
static errcode_t keep_changed(const struct capture *cap, struct captured *list, size_t *count)
{
	uint32_t bs = cap->block_size;
	size_t room = LIST_BYTES / bs ? LIST_BYTES / bs : 1, all = *count, kept = 0, n;
	AUTO_FREE uint8_t *below = malloc(room * bs);

	if (!below)
		return ENOMEM;
	for (size_t i = 0; i < all; i += n) {
		errcode_t err;

		for (n = 1; n < room && i + n < all && list[i + n].block == list[i].block + n; n++)
			;
		err = capture_read_below(cap, list[i].block * bs, n * bs, below);
		if (err)
			return err;
		for (size_t k = 0; k < n; k++)
			if (memcmp(below + k * bs, list[i + k].data, bs) != 0)
				list[kept++] = list[i + k];
	}
	*count = kept;
	return 0;
}

errcode_t capture_list(const struct capture *cap, struct captured **out, size_t *count)
{
	struct captured *list = malloc((cap->count + 1) * sizeof(*list));
	size_t n = 0;

	*out = list;
	*count = 0;
	if (!list)
		return ENOMEM;
	for (size_t i = 0; i < cap->room; i++)
		if (cap->slots[i].data)
			list[n++] = cap->slots[i];
	qsort(list, n, sizeof(*list), compare);
	*count = n;
	return keep_changed(cap, list, count);
}
