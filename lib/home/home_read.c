// SPDX-License-Identifier: GPL-2.0-or-later
// Reads stretches of the disk by all threads, and finds what is not zero in them.
#include "home/home_state.h"

#include "base/bytes.h"
#include "base/pool.h"
#include <errno.h>
#include <stdlib.h>

/* Neighbours so near are read with what is between them: that is faster than another call. */
#define GAP_BYTES 16384

/* Reads that the kernel is asked for in advance, where a disk has to be waited for. */
#define AHEAD 256

static int by_place(const void *pa, const void *pb)
{
	const struct part *a = pa, *b = pb;

	return (a->off > b->off) - (a->off < b->off);
}

static errcode_t make_chunks(struct home *home)
{
	const struct part *parts = home->parts.items;
	size_t n = home->parts.count, i = 1;

	while (i < n && parts[i - 1].off <= parts[i].off)
		i++;
	if (i < n)
		qsort(home->parts.items, n, sizeof(*parts), by_place);
	home->chunks.count = 0;
	for (i = 0; i < n; i++) {
		struct chunk *last =
			home->chunks.count ? &home->chunks.items[home->chunks.count - 1] : NULL;
		uint64_t end = parts[i].off + parts[i].len;

		if (last && parts[i].off <= last->end + GAP_BYTES &&
		    end <= parts[last->first].off + HOME_READ) {
			last->count++;
			last->end = end > last->end ? end : last->end;
		} else if (vec_push(&home->chunks, ((struct chunk){i, 1, end}))) {
			return ENOMEM;
		}
	}
	return 0;
}

/* LEN bytes of one block at P, which are at OFF. */
static errcode_t note_dirty(struct dirty_vec *dirty, uint32_t spot, uint64_t off, uint32_t len,
			    const uint8_t *p)
{
	struct bytes_stat stat = bytes_stat(p, len);
	struct dirty *last = dirty->count ? &dirty->items[dirty->count - 1] : NULL;

	if (last && last->spot == spot && last->off + last->len == off &&
	    last->len + len <= HOME_READ) {
		last->len += len;
		last->blocks++;
		last->last = off + stat.last;
		last->nonzero += stat.nonzero;
		return 0;
	}
	return vec_push(dirty, ((struct dirty){.off = off,
					       .len = len,
					       .first = off + stat.first,
					       .last = off + stat.last,
					       .nonzero = stat.nonzero,
					       .blocks = 1,
					       .spot = spot}))
		       ? ENOMEM
		       : 0;
}

static errcode_t search(const struct home *home, struct home_worker *w, const struct part *part,
			const uint8_t *data)
{
	uint32_t bs = home->img->block_size;
	errcode_t err = 0;

	if (bytes_are_zero(data, part->len))
		return 0;
	for (uint32_t at = 0, n; at < part->len && !err; at += n) {
		n = bs - (uint32_t)((part->off + at) & (bs - 1));
		n = n < part->len - at ? n : part->len - at;
		if (!bytes_are_zero(data + at, n))
			err = note_dirty(&w->dirty, part->spot, part->off + at, n, data + at);
	}
	return err;
}

/* One part alone, where reading several together failed. */
static errcode_t read_part(const struct home *home, struct home_worker *w, const struct part *part)
{
	if (!home_fetch(home, part->off, part->len, w->buf))
		return search(home, w, part, w->buf);
	return vec_push(&w->dirty, ((struct dirty){.off = part->off, .spot = part->spot})) ? ENOMEM
											   : 0;
}

static void will_need(const struct home *home, uint64_t n)
{
	if (home->cold && n < home->chunks.count) {
		const struct chunk *chunk = &home->chunks.items[n];
		uint64_t off = home->parts.items[chunk->first].off;

		blkdev_will_need(home->dev, off, chunk->end - off);
	}
}

static errcode_t chunk_job(void *arg, unsigned worker, uint64_t n)
{
	const struct home *home = arg;
	struct home_worker *w = &home->workers[worker];
	const struct chunk *chunk = &home->chunks.items[n];
	const struct part *parts = &home->parts.items[chunk->first];
	uint64_t off = parts->off;
	bool good = !home_fetch(home, off, chunk->end - off, w->buf);
	errcode_t err = 0;

	will_need(home, n + AHEAD);
	for (size_t i = 0; i < chunk->count && !err; i++)
		err = good ? search(home, w, &parts[i], w->buf + (parts[i].off - off))
			   : read_part(home, w, &parts[i]);
	return err;
}

errcode_t home_watch(void *arg, uint64_t taken)
{
	const struct home *home = arg;

	(void)taken;
	if (home->options.stop && *home->options.stop)
		return E4Z_ET_INTERRUPTED;
	return atomic_load(&home->dev->lost);
}

static int by_off(const void *pa, const void *pb)
{
	const struct dirty *a = pa, *b = pb;

	return (a->off > b->off) - (a->off < b->off);
}

errcode_t home_read(struct home *home)
{
	errcode_t err = make_chunks(home);

	home->dirty.count = 0;
	for (uint64_t n = 0; n < AHEAD; n++)
		will_need(home, n);
	if (!err && home->chunks.count)
		err = pool_run(home->options.workers, home->chunks.count, chunk_job, home_watch,
			       home);
	for (unsigned i = 0; i < home->options.workers; i++) {
		struct dirty_vec *found = &home->workers[i].dirty;

		for (size_t k = 0; k < found->count && !err; k++)
			err = vec_push(&home->dirty, found->items[k]) ? ENOMEM : 0;
		found->count = 0;
	}
	if (home->dirty.count)
		qsort(home->dirty.items, home->dirty.count, sizeof(struct dirty), by_off);
	return err;
}
