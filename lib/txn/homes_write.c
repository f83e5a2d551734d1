// SPDX-License-Identifier: GPL-2.0-or-later
// Writes the homes of a transaction: group by group, and within a group by location.
#include "txn/homes.h"

#include "base/cleanup.h"
#include "base/invariant.h"
#include <errno.h>
#include <ext2fs/ext2_fs.h>
#include <stdlib.h>

#define PIECE_BYTES (1u << 20) /* of neighbours that are written at once */

static int compare_groups(const void *pa, const void *pb)
{
	const struct home *a = pa, *b = pb;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->off != b->off)
		return a->off < b->off ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

static int compare_blocks(const void *pa, const void *pb)
{
	const struct stashed *a = *(const struct stashed *const *)pa;
	const struct stashed *b = *(const struct stashed *const *)pb;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return (a->block > b->block) - (a->block < b->block);
}

/* Parts of a block are written, so that their neighbours stay what they are. */
static errcode_t write_zeroes(struct blkdev *dev, const struct home *home, uint32_t block_size)
{
	static const uint8_t zeroes[EXT2_MAX_BLOCK_SIZE];

	if (home->off % block_size == 0 && home->len % block_size == 0)
		return blkdev_zero(dev, home->off, home->len, "data");
	/* H1: within a block */
	return blkdev_write(dev, home->off, home->len, zeroes, "data");
}

/*
 * What of the stash is to be written, by group and place, in an array of *COUNT for the caller:
 * what a block had last in each group. What was flushed is written although it is changed later.
 */
static errcode_t sort_blocks(const struct homes *homes, const struct stashed ***out, size_t *count)
{
	size_t all;
	const struct stashed *items = stash_all(homes->stash, &all);
	const struct stashed **sorted = malloc((all + 1) * sizeof(*sorted));
	AUTO_FREE bool *replaced = calloc(all + 1, sizeof(*replaced));
	AUTO_FREE bool *only = calloc(all + 1, sizeof(*only));

	*out = sorted;
	*count = 0;
	if (!sorted || !replaced || !only)
		return ENOMEM;
	/* from the newest on: what is replaced for good replaces what is older, too */
	for (size_t i = all; i-- > 0;) {
		const struct stashed *it = &items[i];
		size_t older = it->older ? it->older - 1 : all;

		if (older < all && (only[i] || it->only || items[older].group == it->group)) {
			replaced[older] = true;
			only[older] = only[i] || it->only;
		}
	}
	for (size_t i = 0; i < all; i++)
		if (items[i].place != STASH_ZERO && !replaced[i])
			sorted[(*count)++] = &items[i];
	if (*count)
		qsort(sorted, *count, sizeof(*sorted), compare_blocks);
	return 0;
}

struct writing {
	const struct homes *homes;
	struct blkdev *dev;
	uint32_t block_size;
	const struct stashed **blocks; /* that are left */
	size_t count;
	uint8_t *piece; /* PIECE_BYTES */
	uint32_t group; /* of what was written last */
	bool any;	/* something was */
};

/* The barrier before something of GROUP. */
static errcode_t enter(struct writing *w, uint32_t group)
{
	errcode_t err = w->any && group != w->group ? blkdev_sync(w->dev, "data") : 0;

	w->any = true;
	w->group = group;
	return err;
}

/* The next blocks, as far as they are neighbours in one group. */
static errcode_t write_blocks(struct writing *w)
{
	const struct stashed *first = w->blocks[0];
	size_t n = 0, room = PIECE_BYTES / w->block_size;
	errcode_t err = enter(w, first->group);

	while (!err && n < w->count && n < room && w->blocks[n]->group == first->group &&
	       w->blocks[n]->block == first->block + n) {
		err = stash_read(w->homes->stash, w->blocks[n], w->piece + n * w->block_size);
		n++;
	}
	w->blocks += n;
	w->count -= n;
	return err ? err
		   : blkdev_write(w->dev, first->block * w->block_size, n * w->block_size, w->piece,
				  "data");
}

/* HOME is part of a block that was wholly replaced since, before a barrier. */
static bool is_old(const struct writing *w, const struct home *home)
{
	const struct stash *stash = w->homes->stash;
	const struct stashed *it;
	size_t count;

	it = home->data && stash ? stash_find(stash, home->off / w->block_size) : NULL;
	while (it && it->group > home->group && !it->only)
		it = it->older ? &stash_all(stash, &count)[it->older - 1] : NULL;
	return it && (it->only || it->group == home->group) && it->number > home->number;
}

static errcode_t write_home(struct writing *w, const struct home *home)
{
	errcode_t err = is_old(w, home) ? 0 : enter(w, home->group);

	if (err || is_old(w, home))
		return err;
	return home->data ? blkdev_write(w->dev, home->off, home->len, home->data, "data")
			  : write_zeroes(w->dev, home, w->block_size);
}

/* The next block is to be written before HOME. */
static bool is_before(const struct writing *w, const struct home *home)
{
	const struct stashed *next = w->blocks[0];

	if (next->group != home->group)
		return next->group < home->group;
	return next->block * w->block_size <= home->off;
}

errcode_t homes_write(struct homes *homes, struct blkdev *dev, uint32_t block_size)
{
	struct writing w = {.homes = homes, .dev = dev, .block_size = block_size};
	AUTO_FREE const struct stashed **blocks = NULL;
	AUTO_FREE uint8_t *piece = homes->stash ? malloc(PIECE_BYTES) : NULL;
	errcode_t err = INVARIANT("H6", !homes->written);

	homes->written = true;
	if (!err && homes->stash)
		err = sort_blocks(homes, &blocks, &w.count);
	if (homes->stash && !piece)
		err = ENOMEM;
	w.blocks = blocks;
	w.piece = piece;
	if (homes->list.count)
		qsort(homes->list.items, homes->list.count, sizeof(*homes->list.items),
		      compare_groups);
	for (size_t i = 0; i < homes->list.count && !err; i++) {
		while (w.count && !err && is_before(&w, &homes->list.items[i]))
			err = write_blocks(&w);
		if (!err)
			err = write_home(&w, &homes->list.items[i]);
	}
	while (w.count && !err)
		err = write_blocks(&w);
	return err;
}
