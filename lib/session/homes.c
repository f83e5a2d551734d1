// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps what goes home before a commit, and finds which changed blocks that does not make up for.
#include "session/homes.h"

#include "base/cleanup.h"
#include "errors.h"
#include <errno.h>
#include <ext2fs/ext2_fs.h>
#include <stdlib.h>
#include <string.h>

errcode_t homes_add(struct homes *homes, uint64_t off, size_t len, const void *data)
{
	struct home home = {
		.off = off,
		.len = len,
		.data = malloc(len),
		.number = homes->list.count,
		.group = homes->group,
	};

	if (!home.data)
		return ENOMEM;
	memcpy(home.data, data, len);
	if (vec_push(&homes->list, home) == 0)
		return 0;
	free(home.data);
	return ENOMEM;
}

errcode_t homes_add_zero(struct homes *homes, uint64_t off, uint64_t len)
{
	const struct home home = {
		.off = off,
		.len = len,
		.number = homes->list.count,
		.group = homes->group,
	};

	return vec_push(&homes->list, home);
}

void homes_barrier(struct homes *homes)
{
	homes->group++;
}

static void forget_from(struct homes *homes, size_t count)
{
	while (homes->list.count > count)
		free(homes->list.items[--homes->list.count].data);
}

void homes_free(struct homes *homes)
{
	forget_from(homes, 0);
	vec_free(&homes->list);
	homes->mark = 0;
	homes->group = homes->group_mark = 0;
}

void homes_mark(struct homes *homes)
{
	homes->mark = homes->list.count;
	homes->group_mark = homes->group;
}

void homes_back(struct homes *homes)
{
	forget_from(homes, homes->mark);
	homes->group = homes->group_mark;
}

/* ---- against the changed blocks ---- */

static int compare(const void *pa, const void *pb)
{
	const struct home *a = pa, *b = pb;

	if (a->off != b->off)
		return a->off < b->off ? -1 : 1;
	/* the later one is what it comes to */
	return (a->number > b->number) - (a->number < b->number);
}

static int compare_groups(const void *pa, const void *pb)
{
	const struct home *a = pa, *b = pb;

	return a->group != b->group ? (a->group < b->group ? -1 : 1) : compare(pa, pb);
}

static int compare_pointers(const void *pa, const void *pb)
{
	return compare(*(const struct home *const *)pa, *(const struct home *const *)pb);
}

/* By place, in an array that is the caller's; a mark counts on the order of the list itself. */
static const struct home **sort(const struct homes *homes)
{
	const struct home **sorted = malloc((homes->list.count + 1) * sizeof(*sorted));

	for (size_t i = 0; sorted && i < homes->list.count; i++)
		sorted[i] = &homes->list.items[i];
	if (sorted && homes->list.count)
		qsort(sorted, homes->list.count, sizeof(*sorted), compare_pointers);
	return sorted;
}

/* The number of SORTED ones that begin before OFF. */
static size_t begin_before(const struct home *const *sorted, size_t count, uint64_t off)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sorted[middle]->off < off)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Put what HOME has of [start, end) into BELOW. */
static void apply(const struct home *home, uint64_t start, uint64_t end, uint8_t *below)
{
	uint64_t from = home->off > start ? home->off : start;
	uint64_t to = home->off + home->len < end ? home->off + home->len : end;

	if (home->data)
		memcpy(below + (from - start), home->data + (from - home->off), to - from);
	else
		memset(below + (from - start), 0, to - from);
}

errcode_t homes_leave(const struct homes *homes, const struct capture *view, uint32_t block_size,
		      struct captured *list, size_t *count)
{
	AUTO_FREE uint8_t *below = malloc(block_size);
	AUTO_FREE const struct home **sorted = sort(homes);
	size_t all = *count, kept = 0;
	errcode_t err = below && sorted ? 0 : ENOMEM;

	for (size_t i = 0; !err && i < all; i++) {
		uint64_t start = list[i].block * block_size, end = start + block_size;
		size_t stop = begin_before(sorted, homes->list.count, end), first = stop;

		/* they hardly ever overlap: missing one costs a block of the log, no more */
		while (first && sorted[first - 1]->off + sorted[first - 1]->len > start)
			first--;
		if (first < stop)
			err = capture_read_below(view, start, block_size, below);
		for (size_t k = first; !err && k < stop; k++)
			apply(sorted[k], start, end, below);
		if (!err && (first == stop || memcmp(below, list[i].data, block_size) != 0)) {
			const struct captured other = list[kept];

			list[kept++] = list[i];
			list[i] = other;
		}
	}
	*count = kept;
	return err;
}

/* ---- writing ---- */

/* Parts of a block are written, so that their neighbours stay what they are. */
static errcode_t write_zeroes(struct blkdev *dev, const struct home *home, uint32_t block_size)
{
	static const uint8_t zeroes[EXT2_MAX_BLOCK_SIZE];

	if (home->off % block_size == 0 && home->len % block_size == 0)
		return blkdev_zero(dev, home->off, home->len, "data");
	if (home->len <= sizeof(zeroes))
		return blkdev_write(dev, home->off, home->len, zeroes, "data");
	return E4Z_ET_USAGE;
}

errcode_t homes_write(struct homes *homes, struct blkdev *dev, uint32_t block_size)
{
	errcode_t err = 0;

	if (homes->list.count)
		qsort(homes->list.items, homes->list.count, sizeof(*homes->list.items),
		      compare_groups);
	for (size_t i = 0; i < homes->list.count && !err; i++) {
		const struct home *home = &homes->list.items[i];

		if (i && home->group != home[-1].group)
			err = blkdev_sync(dev, "data");
		if (err)
			break;
		if (home->data)
			err = blkdev_write(dev, home->off, home->len, home->data, "data");
		else
			err = write_zeroes(dev, home, block_size);
	}
	return err;
}
