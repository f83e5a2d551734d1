// SPDX-License-Identifier: GPL-2.0-or-later
// The view as it is read: which layer each block comes from.
#include "io/capture.h"

#include "base/cleanup.h"
#include "io/capture_state.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

bool capture_has(const struct capture *cap, uint64_t block)
{
	return table_held(&cap->changed, block) || capture_is_stashed(cap, block);
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

errcode_t capture_read_unchanged(const struct capture *cap, uint64_t off, size_t len, void *buf)
{
	errcode_t err = capture_read_below(cap, off, len, buf);

	if (!err)
		patch_zeroes(cap, cap->zeroed, off, len, buf);
	return err || !cap->stash ? err : patch_stashed(cap, off, len, buf);
}

errcode_t capture_read(const struct capture *cap, uint64_t off, size_t len, void *buf)
{
	errcode_t err = capture_read_unchanged(cap, off, len, buf);

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
