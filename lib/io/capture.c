// SPDX-License-Identifier: GPL-2.0-or-later
// A hash table of changed blocks over an overlay over the image.
#include "io/capture.h"

#include "base/cleanup.h"
#include "base/invariant.h"
#include "base/vec.h"
#include "errors.h"
#include "io/block_table.h"
#include "sets/rangeset.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIST_BYTES (256u << 10) /* compared at once */
#define GIVEN_AWAY UINT64_MAX	/* no mark is that high */

VEC(saved_vec, struct captured);

struct capture {
	struct blkdev *dev;
	uint32_t block_size;
	struct overlay *overlay;
	struct rangeset *zeroes;    /* over the overlay, sealed: blocks that are zero; or NULL */
	struct block_table sealed;  /* over these: the data are somebody else's */
	struct rangeset *zeroed;    /* over these: blocks that become zero at home; or NULL */
	const struct stash *stash;  /* over all these; NULL: none */
	struct block_table changed; /* over all */
	uint64_t mark;		    /* 0: none yet */
	struct saved_vec saved;	    /* of blocks changed since the mark: their content then */
	uint8_t *zero;		    /* a block of zeroes, for SEALED; NULL: not needed yet */
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
	capture_unseal(cap);
	overlay_free(cap->overlay);
	free(cap->zero);
	free(cap);
}

struct blkdev *capture_dev(const struct capture *cap)
{
	return cap->dev;
}

void capture_set_overlay(struct capture *cap, struct overlay *ov)
{
	/* what is below becomes something else */
	for (size_t i = 0; i < cap->changed.room; i++)
		cap->changed.slots[i].loaded = false;
	overlay_free(cap->overlay);
	cap->overlay = ov;
}

const struct overlay *capture_overlay(const struct capture *cap)
{
	return cap->overlay;
}

void capture_set_stash(struct capture *cap, const struct stash *stash)
{
	cap->stash = stash;
}

const struct stash *capture_stash(const struct capture *cap)
{
	return cap->stash;
}

size_t capture_sealed(const struct capture *cap)
{
	return cap->sealed.count;
}

size_t capture_count(const struct capture *cap)
{
	return cap->changed.count;
}

size_t capture_logged(const struct capture *cap)
{
	return cap->changed.logged;
}

static bool is_stashed(const struct capture *cap, uint64_t block)
{
	return cap->stash && stash_find(cap->stash, block);
}

bool capture_has(const struct capture *cap, uint64_t block)
{
	return table_held(&cap->changed, block) || is_stashed(cap, block);
}

/* ---- reading ---- */

/* Zero what BUF, which is [off, off + len), has of the blocks in SET, which may be NULL. */
static void patch_zeroes(const struct capture *cap, const struct rangeset *set, uint64_t off,
			 size_t len, uint8_t *buf)
{
	uint64_t bs = cap->block_size, end = off + len, block = off / bs;
	uint64_t stop = (end + bs - 1) / bs;

	if (!set || !rangeset_meets(set, block, stop - block))
		return;
	for (; block < stop; block++) {
		uint64_t from = block * bs > off ? block * bs : off;
		uint64_t to = (block + 1) * bs < end ? (block + 1) * bs : end;

		if (rangeset_has(set, block))
			memset(buf + (from - off), 0, to - from);
	}
}

/* What is over the overlay and below the changes that are not sealed. */
static void patch_sealed(const struct capture *cap, uint64_t off, size_t len, uint8_t *buf)
{
	patch_zeroes(cap, cap->zeroes, off, len, buf);
	table_patch(&cap->sealed, cap->block_size, off, len, buf);
}

errcode_t capture_read_below(const struct capture *cap, uint64_t off, size_t len, void *buf)
{
	errcode_t err = cap->overlay ? overlay_read(cap->overlay, cap->dev, off, len, buf)
				     : blkdev_read(cap->dev, off, len, buf);

	if (!err)
		patch_sealed(cap, off, len, buf);
	return err;
}

/* Copy what the stash holds of [off, off + len) into BUF. */
static errcode_t patch_stashed(const struct capture *cap, uint64_t off, size_t len, uint8_t *buf)
{
	uint32_t bs = cap->block_size;
	uint64_t end = off + len, block = off / bs, stop = (end + bs - 1) / bs;
	AUTO_FREE uint8_t *data = NULL;
	errcode_t err = 0;

	for (; !err && (block = stash_first(cap->stash, block, stop)) < stop; block++) {
		uint64_t start = block * bs, from = start > off ? start : off;
		uint64_t to = start + bs < end ? start + bs : end;

		if (!data)
			data = malloc(bs);
		err = data ? stash_read(cap->stash, stash_find(cap->stash, block), data) : ENOMEM;
		if (!err)
			memcpy(buf + (from - off), data + (from - start), to - from);
	}
	return err;
}

/* What there is for a change to begin with. */
static errcode_t read_unchanged(const struct capture *cap, uint64_t off, size_t len, void *buf)
{
	errcode_t err = capture_read_below(cap, off, len, buf);

	if (!err)
		patch_zeroes(cap, cap->zeroed, off, len, buf);
	return err || !cap->stash ? err : patch_stashed(cap, off, len, buf);
}

errcode_t capture_read(const struct capture *cap, uint64_t off, size_t len, void *buf)
{
	errcode_t err = read_unchanged(cap, off, len, buf);

	if (!err)
		table_patch(&cap->changed, cap->block_size, off, len, buf);
	return err;
}

bool capture_read_cached(const struct capture *cap, uint64_t off, size_t len, void *buf)
{
	if (cap->overlay || cap->stash || !blkdev_read_cached(cap->dev, off, len, buf))
		return false;
	patch_sealed(cap, off, len, buf);
	patch_zeroes(cap, cap->zeroed, off, len, buf);
	table_patch(&cap->changed, cap->block_size, off, len, buf);
	return true;
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
	at = table_first(&cap->sealed, off / bs, at);
	at = table_first(&cap->changed, off / bs, at);
	if (cap->stash)
		at = stash_first(cap->stash, off / bs, at);
	if (at == stop || at * bs >= *start)
		return;
	*start = at * bs > off ? at * bs : off;
	*end = (at + 1) * bs;
}

/* ---- changing ---- */

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

/*
 * Blocks with different ones are different; of equal ones nothing is known. Far cheaper than
 * reading what is below once more, which most changed blocks are so spared.
 */
static uint64_t fingerprint(const uint8_t *data, uint32_t len)
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
		err = read_unchanged(cap, block * cap->block_size, cap->block_size, data);
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
		b.print = fingerprint(b.data, cap->block_size);
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

void capture_replace_zeroed(struct capture *cap, struct rangeset *set)
{
	rangeset_free(cap->zeroed);
	cap->zeroed = set;
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
	errcode_t err = len ? capture_note_zeroed(cap, &cap->zeroed, off, len) : 0;

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
	capture_replace_zeroed(cap, NULL);
	cap->changed = (struct block_table){.slots = NULL};
}

/* What becomes zero at home is sealed as ranges: what was sealed of it before is older. */
static errcode_t seal_zeroed(struct capture *cap)
{
	uint64_t from = 0, start, len, bs = cap->block_size;
	errcode_t err = 0;

	if (!cap->zero)
		cap->zero = calloc(1, bs);
	if (!cap->zero)
		return ENOMEM;
	while (!err && rangeset_next(cap->zeroed, &from, &start, &len)) {
		uint64_t end = start + len, at = start;

		err = capture_note_zeroed(cap, &cap->zeroes, start * bs, len * bs);
		for (; !err && (at = table_first(&cap->sealed, at, end)) < end; at++)
			table_find(&cap->sealed, at)->data = cap->zero;
	}
	return err;
}

errcode_t capture_seal(struct capture *cap, const struct captured *list, size_t count)
{
	errcode_t failed = INVARIANT("V4", count <= cap->changed.count);

	if (!failed && cap->zeroed)
		failed = seal_zeroed(cap);
	if (failed)
		return failed;
	for (size_t i = 0; i < count; i++) {
		errcode_t err = table_grow(&cap->sealed);
		struct captured *slot;

		if (err)
			return err;
		slot = table_find(&cap->sealed, list[i].block);
		cap->sealed.count += !slot->data;
		*slot = list[i];
		table_find(&cap->changed, list[i].block)->mark = GIVEN_AWAY;
	}
	for (size_t i = 0; i < cap->changed.room; i++)
		if (cap->changed.slots[i].mark == GIVEN_AWAY)
			cap->changed.slots[i].data = NULL;
	capture_drop_all(cap);
	return 0;
}

void capture_unseal(struct capture *cap)
{
	free(cap->sealed.slots);
	rangeset_free(cap->zeroes);
	cap->zeroes = NULL;
	cap->sealed = (struct block_table){.slots = NULL};
}

/* ---- what was changed ---- */

static int compare(const void *pa, const void *pb)
{
	const struct captured *a = pa, *b = pb;

	return (a->block > b->block) - (a->block < b->block);
}

static bool is_changed(const struct capture *cap, const struct captured *b)
{
	/* what is below will be something else */
	if (is_stashed(cap, b->block) || (cap->zeroed && rangeset_has(cap->zeroed, b->block)))
		return true;
	return b->loaded && b->print != fingerprint(b->data, cap->block_size);
}

/*
 * Keep those of LIST that differ from what is below, which is read, neighbours at once, where the
 * fingerprint does not tell.
 */
static errcode_t keep_changed(const struct capture *cap, struct captured *list, size_t *count)
{
	uint32_t bs = cap->block_size;
	size_t room = LIST_BYTES / bs ? LIST_BYTES / bs : 1, all = *count, kept = 0, n;
	AUTO_FREE uint8_t *below = malloc(room * bs);

	if (!below)
		return ENOMEM;
	for (size_t i = 0; i < all; i += n) {
		errcode_t err;

		if (is_changed(cap, &list[i])) {
			list[kept++] = list[i];
			n = 1;
			continue;
		}
		for (n = 1; n < room && i + n < all && list[i + n].block == list[i].block + n &&
			    !is_changed(cap, &list[i + n]);
		     n++)
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
	struct captured *list = malloc((cap->changed.count + 1) * sizeof(*list));
	size_t n = 0;

	*out = list;
	*count = 0;
	if (!list)
		return ENOMEM;
	for (size_t i = 0; i < cap->changed.room; i++)
		if (cap->changed.slots[i].data)
			list[n++] = cap->changed.slots[i];
	qsort(list, n, sizeof(*list), compare);
	*count = n;
	return keep_changed(cap, list, count);
}
