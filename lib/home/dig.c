// SPDX-License-Identifier: GPL-2.0-or-later
// Finds zeroes in units of the host, by all threads, and has holes punched where they are.
#include "home/dig.h"

#include "base/bytes.h"
#include "base/pool.h"
#include "base/vec.h"
#include "device/hostfile_write.h"
#include <errno.h>
#include <stdlib.h>

/* Read at a time, and read before holes are punched: 1 GiB. */
#define PIECE 262144
#define PIECES_MAX 4096

VEC(span_vec, struct e4z_span);

struct digger {
	uint8_t *buf;
	struct span_vec zeroes;
};

struct dig {
	struct blkdev *dev;
	const volatile int *stop;
	uint32_t unit; /* bytes that the host allocates at a time, no more than a piece */
	unsigned workers;
	struct digger *diggers;
	struct span_vec pieces;
	bool unable; /* the host makes no holes */
};

/* ---- reading ---- */

static errcode_t note(struct span_vec *zeroes, uint64_t off, uint64_t len)
{
	struct e4z_span *last = zeroes->count ? &zeroes->items[zeroes->count - 1] : NULL;

	if (last && last->start + last->len == off) {
		last->len += len;
		return 0;
	}
	return vec_push(zeroes, ((struct e4z_span){off, len})) ? ENOMEM : 0;
}

/* Whole units of the image file in a piece; what cannot be read is left out. */
static errcode_t search(void *arg, unsigned worker, uint64_t n)
{
	const struct dig *dig = arg;
	struct digger *d = &dig->diggers[worker];
	struct e4z_span piece = dig->pieces.items[n];
	uint64_t skip = dig->unit - 1 - (dig->dev->base + piece.start - 1) % dig->unit;
	errcode_t err = 0;

	if (blkdev_read(dig->dev, piece.start, (size_t)piece.len, d->buf))
		return 0;
	for (uint64_t at = skip; at + dig->unit <= piece.len && !err; at += dig->unit)
		if (bytes_are_zero(d->buf + at, dig->unit))
			err = note(&d->zeroes, piece.start + at, dig->unit);
	return err;
}

static errcode_t watch(void *arg, uint64_t taken)
{
	const struct dig *dig = arg;

	(void)taken;
	return dig->stop && *dig->stop ? E4Z_ET_INTERRUPTED : 0;
}

/* ---- punching ---- */

static int by_start(const void *pa, const void *pb)
{
	const struct e4z_span *a = pa, *b = pb;

	return (a->start > b->start) - (a->start < b->start);
}

static errcode_t punch(struct dig *dig)
{
	struct span_vec *all = &dig->diggers[0].zeroes;
	errcode_t err = 0;

	for (unsigned i = 1; i < dig->workers; i++) {
		struct span_vec *some = &dig->diggers[i].zeroes;

		for (size_t k = 0; k < some->count && !err; k++)
			err = vec_push(all, some->items[k]) ? ENOMEM : 0;
		some->count = 0;
	}
	if (all->count)
		qsort(all->items, all->count, sizeof(*all->items), by_start);
	for (size_t i = 0, next; i < all->count && !err && !dig->unable; i = next) {
		struct e4z_span span = all->items[i];

		for (next = i + 1;
		     next < all->count && all->items[next].start == span.start + span.len; next++)
			span.len += all->items[next].len;
		err = blkdev_give_back(dig->dev, span.start, span.len, "hole", &dig->unable);
	}
	all->count = 0;
	return err;
}

static errcode_t do_pieces(struct dig *dig)
{
	errcode_t err = dig->pieces.count
				? pool_run(dig->workers, dig->pieces.count, search, watch, dig)
				: 0;

	dig->pieces.count = 0;
	return err ? err : punch(dig);
}

/* ---- all of it ---- */

/* [off, end) in pieces that end where a unit of the image file does, but for the last. */
static errcode_t add_pieces(struct dig *dig, uint64_t off, uint64_t end)
{
	errcode_t err = 0;

	while (off < end && !err) {
		uint64_t stop = off + PIECE - (dig->dev->base + off) % PIECE;

		stop = stop < end ? stop : end;
		err = vec_push(&dig->pieces, ((struct e4z_span){off, stop - off})) ? ENOMEM : 0;
		if (!err && dig->pieces.count == PIECES_MAX)
			err = do_pieces(dig);
		off = stop;
	}
	return err;
}

static errcode_t dig_all(struct dig *dig, uint64_t end)
{
	uint64_t at = 0, start, stop;
	errcode_t err = 0;

	while (at < end && !err && !dig->unable) {
		blkdev_next_data(dig->dev, at, &start, &stop);
		stop = stop < end ? stop : end;
		if (start >= stop)
			break;
		err = add_pieces(dig, start, stop);
		at = stop;
	}
	return err ? err : do_pieces(dig);
}

static errcode_t prepare(struct dig *dig)
{
	dig->diggers = calloc(dig->workers, sizeof(*dig->diggers));
	for (unsigned i = 0; dig->diggers && i < dig->workers; i++)
		if (!(dig->diggers[i].buf = blkdev_buffer(PIECE)))
			return ENOMEM;
	return dig->diggers ? 0 : ENOMEM;
}

errcode_t dig_image(struct e4z_image *img, unsigned workers, const volatile int *stop)
{
	struct dig dig = {.dev = img->dev, .stop = stop, .unit = hostfile_unit(img->dev)};
	uint64_t end = img->blocks << img->block_bits;
	errcode_t err;

	if (img->dev->holes != E4Z_HOLES_ALWAYS || !img->dev->host_holes || dig.unit > PIECE)
		return 0;
	dig.workers = workers ? workers : pool_processors();
	err = prepare(&dig);
	if (!err)
		err = dig_all(&dig, end < img->dev->len ? end : img->dev->len);
	for (unsigned i = 0; dig.diggers && i < dig.workers; i++) {
		free(dig.diggers[i].buf);
		vec_free(&dig.diggers[i].zeroes);
	}
	free(dig.diggers);
	vec_free(&dig.pieces);
	return err;
}
