// SPDX-License-Identifier: GPL-2.0-or-later
// Finds blocks of zeroes: pieces are cut into parts, parts sorted by place make reads, reads are
// jobs of a pool.
#include "findings/zeros.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/pool.h"
#include <stdlib.h>

/* Bytes read at a time: they stay in a second-level cache while they are examined. */
#define READ_BYTES 262144
/* Neighbours so near are read with what is between them. */
#define GAP_BYTES 65536

/* What has to be read of a piece. */
struct part {
	uint64_t pblk;
	size_t piece;
	uint32_t start, len; /* blocks, from the start of the piece */
};
VEC(part_vec, struct part);

/* Parts [first, first + count) in one read, which ends before block END. Parts may overlap. */
struct chunk {
	size_t first, count;
	uint64_t end;
};
VEC(chunk_vec, struct chunk);

struct worker {
	uint8_t *buf;
	struct zeros_vec found;
};

struct search {
	const struct e4z_image *img;
	const struct run *pieces;
	size_t count;
	const struct zeros_options *options;
	struct zeros_vec *found;
	struct part_vec parts;
	struct chunk_vec chunks;
	struct worker *workers;
};

uint64_t zeros_skip_hole(const struct e4z_image *img, struct zeros_hint *hint, uint64_t pblk,
			 uint64_t end, uint64_t *stop)
{
	uint64_t bs = img->block_size, start, end_data;

	if (!hint->known || pblk < hint->asked || pblk >= hint->end) {
		hint->known = true;
		hint->asked = pblk;
		image_next_data(img, pblk * bs, &start, &end_data);
		hint->start = start / bs;
		hint->end = (end_data + bs - 1) / bs;
		if (start >= end_data)
			hint->start = hint->end = UINT64_MAX;
	}
	start = hint->start > pblk ? hint->start : pblk;
	*stop = hint->end < end ? hint->end : end;
	return start < end ? start : end;
}

/* ---- what has to be read ---- */

static errcode_t push_zeros(struct zeros_vec *found, size_t piece, uint64_t start, uint64_t len)
{
	struct zeros *last = found->count ? &found->items[found->count - 1] : NULL;

	if (last && last->piece == piece && last->len && last->start + last->len == start) {
		last->len += len;
		return 0;
	}
	return vec_push(found, ((struct zeros){piece, start, len}));
}

/* [pblk, end) of a piece that begins at BASE, in parts of one read at most. */
static errcode_t push_parts(struct search *s, size_t piece, uint64_t pblk, uint64_t end)
{
	uint64_t room = READ_BYTES >> s->img->block_bits;

	room = room ? room : 1;
	while (pblk < end) {
		uint64_t len = end - pblk < room ? end - pblk : room;
		struct part part = {.pblk = pblk,
				    .piece = piece,
				    .start = (uint32_t)(pblk - s->pieces[piece].pblk),
				    .len = (uint32_t)len};

		if (vec_push(&s->parts, part))
			return ENOMEM;
		pblk += len;
	}
	return 0;
}

/* Holes of the host are zero; the rest becomes parts. */
static errcode_t cut_piece(struct search *s, struct zeros_hint *hint, size_t piece)
{
	const struct run *run = &s->pieces[piece];
	uint64_t at = run->pblk, end = run->pblk + run->len, stop;
	errcode_t err = 0;

	if (run->unwritten)
		return push_zeros(s->found, piece, 0, run->len);
	while (at < end && !err) {
		uint64_t data = zeros_skip_hole(s->img, hint, at, end, &stop);

		if (data > at)
			err = push_zeros(s->found, piece, at - run->pblk, data - at);
		if (!err && data < end)
			err = push_parts(s, piece, data, stop);
		at = data < end ? stop : end;
	}
	return err;
}

static int by_place(const void *pa, const void *pb)
{
	const struct run *const *a = pa, *const *b = pb;

	return ((*a)->pblk > (*b)->pblk) - ((*a)->pblk < (*b)->pblk);
}

static errcode_t cut_pieces(struct search *s)
{
	AUTO_FREE const struct run **order = malloc((s->count + 1) * sizeof(*order));
	struct zeros_hint hint = {.known = false};
	bool sorted = true;
	errcode_t err = order ? 0 : ENOMEM;

	for (size_t i = 0; i < s->count && !err; i++) {
		order[i] = &s->pieces[i];
		sorted = sorted && (!i || s->pieces[i - 1].pblk < s->pieces[i].pblk);
	}
	if (!err && !sorted)
		qsort(order, s->count, sizeof(*order), by_place);
	for (size_t i = 0; i < s->count && !err; i++) {
		err = cut_piece(s, &hint, (size_t)(order[i] - s->pieces));
		if (!err && s->options->stop && *s->options->stop)
			err = E4Z_ET_INTERRUPTED;
	}
	return err;
}

/* Parts in one place become one read. */
static errcode_t make_chunks(struct search *s)
{
	uint64_t gap = GAP_BYTES >> s->img->block_bits, room = READ_BYTES >> s->img->block_bits;

	for (size_t i = 0; i < s->parts.count; i++) {
		const struct part *part = &s->parts.items[i];
		struct chunk *last = s->chunks.count ? &s->chunks.items[s->chunks.count - 1] : NULL;
		const struct part *first = last ? &s->parts.items[last->first] : NULL;
		uint64_t end = part->pblk + part->len;

		if (last && part->pblk >= part[-1].pblk && part->pblk <= last->end + gap &&
		    end <= first->pblk + room) {
			last->count++;
			last->end = end > last->end ? end : last->end;
		} else if (vec_push(&s->chunks, ((struct chunk){i, 1, end}))) {
			return ENOMEM;
		}
	}
	return 0;
}

/* ---- reading ---- */

static errcode_t search_part(const struct search *s, struct worker *w, const struct part *part,
			     const uint8_t *data)
{
	uint32_t bs = s->img->block_size;
	errcode_t err = 0;

	for (uint32_t i = 0; i < part->len && !err; i++)
		if (bytes_are_zero(data + (size_t)i * bs, bs))
			err = push_zeros(&w->found, part->piece, part->start + i, 1);
	return err;
}

/* One part alone, where reading several together failed. */
static errcode_t read_part(const struct search *s, struct worker *w, const struct part *part)
{
	uint64_t bs = s->img->block_size;

	if (image_read(s->img, part->pblk * bs, part->len * bs, w->buf))
		return vec_push(&w->found, ((struct zeros){.piece = part->piece}));
	return search_part(s, w, part, w->buf);
}

static errcode_t chunk_job(void *arg, unsigned worker, uint64_t n)
{
	const struct search *s = arg;
	struct worker *w = &s->workers[worker];
	const struct chunk *chunk = &s->chunks.items[n];
	const struct part *parts = &s->parts.items[chunk->first];
	uint64_t bs = s->img->block_size, off = parts->pblk * bs;
	bool good = !image_read(s->img, off, chunk->end * bs - off, w->buf);
	errcode_t err = 0;

	for (size_t i = 0; i < chunk->count && !err; i++)
		err = good ? search_part(s, w, &parts[i], w->buf + parts[i].pblk * bs - off)
			   : read_part(s, w, &parts[i]);
	return err;
}

static errcode_t watch(void *arg, uint64_t taken)
{
	const struct search *s = arg;

	if (s->options->stop && *s->options->stop)
		return E4Z_ET_INTERRUPTED;
	if (s->options->watch)
		s->options->watch(s->options->arg, taken, s->chunks.count);
	return 0;
}

static errcode_t read_chunks(struct search *s)
{
	unsigned n = s->options->workers ? s->options->workers : pool_processors();
	size_t room = READ_BYTES > s->img->block_size ? READ_BYTES : s->img->block_size;
	errcode_t err = 0;

	s->workers = calloc(n, sizeof(*s->workers));
	if (!s->workers)
		return ENOMEM;
	for (unsigned i = 0; i < n && !err; i++) {
		s->workers[i].buf = blkdev_buffer(room);
		err = s->workers[i].buf ? 0 : ENOMEM;
	}
	if (!err)
		err = pool_run(n, s->chunks.count, chunk_job, watch, s);
	for (unsigned i = 0; i < n; i++) {
		struct zeros_vec *found = &s->workers[i].found;

		for (size_t k = 0; k < found->count && !err; k++)
			err = vec_push(s->found, found->items[k]);
		vec_free(found);
		free(s->workers[i].buf);
	}
	free(s->workers);
	return err;
}

/* ---- the answer ---- */

static int by_piece(const void *pa, const void *pb)
{
	const struct zeros *a = pa, *b = pb;

	if (a->piece != b->piece)
		return a->piece > b->piece ? 1 : -1;
	return (a->start > b->start) - (a->start < b->start);
}

/* What is found in the order of the files, which is often that of the disk, need not be sorted. */
static bool is_sorted(const struct zeros_vec *found)
{
	for (size_t i = 1; i < found->count; i++)
		if (by_piece(&found->items[i - 1], &found->items[i]) > 0)
			return false;
	return true;
}

static void join(struct zeros_vec *found)
{
	size_t kept = 0;

	for (size_t i = 0; i < found->count; i++) {
		const struct zeros z = found->items[i];
		struct zeros *last = kept ? &found->items[kept - 1] : NULL;

		if (last && last->piece == z.piece && last->len && z.len &&
		    last->start + last->len == z.start)
			last->len += z.len;
		else
			found->items[kept++] = z;
	}
	found->count = kept;
}

errcode_t zeros_find(const struct e4z_image *img, const struct run *pieces, size_t count,
		     const struct zeros_options *options, struct zeros_vec *found)
{
	struct search s = {
		.img = img, .pieces = pieces, .count = count, .options = options, .found = found};
	errcode_t err = cut_pieces(&s);

	if (!err)
		err = make_chunks(&s);
	if (!err && s.chunks.count)
		err = read_chunks(&s);
	vec_free(&s.parts);
	vec_free(&s.chunks);
	if (err)
		return err;
	if (!is_sorted(found))
		qsort(found->items, found->count, sizeof(*found->items), by_piece);
	join(found);
	return 0;
}
