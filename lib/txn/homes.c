// SPDX-License-Identifier: GPL-2.0-or-later
// Collects what is written before a commit, and finds which changed blocks that does not make up
// for.
#include "txn/homes.h"

#include "base/cleanup.h"
#include "base/invariant.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct home new_home(struct homes *homes, uint64_t off, uint64_t len)
{
	return (struct home){
		.off = off,
		.len = len,
		.number = homes->number++,
		.group = homes->group,
	};
}

/* Within one block, or whole blocks. */
static bool has_shape(uint64_t off, uint64_t len, uint32_t block_size, bool zeroes)
{
	return len && (off / block_size == (off + len - 1) / block_size ||
		       (zeroes && off % block_size == 0 && len % block_size == 0));
}

/* H2, H5 and H6: before a piece is added. */
static errcode_t check(const struct homes *homes)
{
	const struct home *last = homes->list.count ? &homes->list.items[homes->list.count - 1]
						    : NULL;
	errcode_t err = INVARIANT("H6", !homes->written);

	if (!err && last)
		err = INVARIANT("H2", last->number < homes->number && last->group <= homes->group);
	return err ? err
		   : INVARIANT("H5", homes->mark <= homes->list.count &&
					     homes->group_mark <= homes->group);
}

errcode_t homes_add(struct homes *homes, uint64_t off, size_t len, uint32_t block_size,
		    const void *data)
{
	struct home home;
	errcode_t err = check(homes);

	if (!err)
		err = INVARIANT("H1", has_shape(off, len, block_size, false));
	if (err)
		return err;
	home = new_home(homes, off, len);
	home.data = malloc(len);
	if (!home.data)
		return ENOMEM;
	memcpy(home.data, data, len);
	err = vec_push(&homes->list, home);
	if (err)
		free(home.data);
	return err;
}

errcode_t homes_add_block(struct homes *homes, uint64_t block, uint32_t block_size,
			  const void *data, bool only)
{
	uint64_t off = block * block_size;
	errcode_t err = check(homes);

	if (err)
		return err;
	/* H4: within a group the order is that of the places, and zeroes may begin before it */
	if (off < homes->zeroes.end && off + block_size > homes->zeroes.from)
		homes_barrier(homes);
	return stash_put(homes->stash, block, data, homes->number++, homes->group, only);
}

errcode_t homes_add_zero(struct homes *homes, uint64_t off, uint64_t len, uint32_t block_size)
{
	struct homes_zeroes *zeroes = &homes->zeroes;
	uint64_t block = (off + block_size - 1) / block_size, end = (off + len) / block_size;
	struct home home;
	errcode_t err = check(homes);

	if (!err)
		err = INVARIANT("H1", has_shape(off, len, block_size, true));
	if (err)
		return err;
	home = new_home(homes, off, len);
	err = vec_push(&homes->list, home);
	if (zeroes->from == zeroes->end)
		zeroes->from = off;
	zeroes->from = off < zeroes->from ? off : zeroes->from;
	zeroes->end = off + len > zeroes->end ? off + len : zeroes->end;
	if (!homes->stash || block >= end)
		return err;
	for (; !err && (block = stash_first(homes->stash, block, end)) < end; block++)
		err = stash_put(homes->stash, block, NULL, home.number, home.group, false);
	return err;
}

void homes_barrier(struct homes *homes)
{
	homes->group++;
	homes->zeroes = (struct homes_zeroes){0};
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
	stash_free(homes->stash);
	*homes = (struct homes){.mark = 0};
}

void homes_mark(struct homes *homes)
{
	homes->mark = homes->list.count;
	homes->group_mark = homes->group;
	homes->zeroes_mark = homes->zeroes;
	if (homes->stash)
		stash_mark(homes->stash);
}

void homes_back(struct homes *homes)
{
	forget_from(homes, homes->mark);
	homes->group = homes->group_mark;
	homes->zeroes = homes->zeroes_mark;
	if (homes->stash)
		stash_back(homes->stash);
}

size_t homes_count(const struct homes *homes)
{
	size_t blocks = 0;

	if (homes->stash)
		(void)stash_all(homes->stash, &blocks);
	return homes->list.count + blocks;
}

static bool is_newest(const struct homes *homes, const struct stashed *it)
{
	return stash_find(homes->stash, it->block) == it;
}

errcode_t homes_each(const struct homes *homes, uint32_t block_size,
		     errcode_t (*fn)(void *arg, uint64_t off, uint64_t len), void *arg)
{
	size_t blocks = 0;
	const struct stashed *items = homes->stash ? stash_all(homes->stash, &blocks) : NULL;
	errcode_t err = 0;

	for (size_t i = 0; i < homes->list.count && !err; i++)
		err = fn(arg, homes->list.items[i].off, homes->list.items[i].len);
	for (size_t i = 0; i < blocks && !err; i++)
		if (is_newest(homes, &items[i]))
			err = fn(arg, items[i].block * block_size, block_size);
	return err;
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

/* What BLOCK will be at home, into BELOW, if *ANY: something goes there. */
static errcode_t read_home(const struct homes *homes, const struct home *const *sorted,
			   const struct capture *view, uint32_t block_size, uint64_t block,
			   uint8_t *below, bool *any)
{
	uint64_t start = block * block_size, end = start + block_size;
	const struct stashed *whole = homes->stash ? stash_find(homes->stash, block) : NULL;
	size_t stop = begin_before(sorted, homes->list.count, end), first = stop;
	errcode_t err = 0;

	/* they hardly ever overlap: missing one costs a block of the log, no more */
	while (first && sorted[first - 1]->off + sorted[first - 1]->len > start)
		first--;
	*any = whole || first < stop;
	if (whole)
		err = stash_read(homes->stash, whole, below);
	else if (*any)
		err = capture_read_below(view, start, block_size, below);
	for (size_t k = first; !err && k < stop; k++)
		if (!whole || sorted[k]->number > whole->number)
			apply(sorted[k], start, end, below);
	return err;
}

errcode_t homes_leave(const struct homes *homes, const struct capture *view, uint32_t block_size,
		      struct captured *list, size_t *count)
{
	AUTO_FREE uint8_t *below = malloc(block_size);
	AUTO_FREE const struct home **sorted = sort(homes);
	size_t all = *count, kept = 0;
	errcode_t err = below && sorted ? 0 : ENOMEM;

	for (size_t i = 0; !err && i < all; i++) {
		bool any;

		err = read_home(homes, sorted, view, block_size, list[i].block, below, &any);
		if (!err && (!any || memcmp(below, list[i].data, block_size) != 0)) {
			const struct captured other = list[kept];

			list[kept++] = list[i];
			list[i] = other;
		}
	}
	*count = kept;
	return err;
}
