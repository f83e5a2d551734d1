// SPDX-License-Identifier: GPL-2.0-or-later
// Collects stretches of the disk until there are many, has them read, and makes findings of them.
#include "home/home_state.h"

#include "base/pool.h"
#include <errno.h>
#include <stdlib.h>

/* What is collected before it is read: blocks, any of which may be dirty, and spots. */
#define BLOCKS_MAX 262144
#define SPOTS_MAX 16384

errcode_t home_new(struct e4z_image *img, const struct home_options *options, struct home **out)
{
	struct home *home = calloc(1, sizeof(*home));

	*out = home;
	if (!home)
		return ENOMEM;
	home->img = img;
	home->options = *options;
	home->dev = options->dev ? options->dev : img->dev;
	home->what = options->what ? options->what : "free";
	if (!home->options.workers)
		home->options.workers = pool_processors();
	home->workers = calloc(home->options.workers, sizeof(*home->workers));
	if (!home->workers)
		return ENOMEM;
	for (unsigned i = 0; i < home->options.workers; i++)
		if (!(home->workers[i].buf = blkdev_buffer(HOME_READ)))
			return ENOMEM;
	return 0;
}

void home_free(struct home *home)
{
	if (!home)
		return;
	for (unsigned i = 0; home->workers && i < home->options.workers; i++) {
		free(home->workers[i].buf);
		vec_free(&home->workers[i].dirty);
	}
	free(home->workers);
	vec_free(&home->spots);
	vec_free(&home->parts);
	vec_free(&home->chunks);
	vec_free(&home->dirty);
	vec_free(&home->runs);
	free(home);
}

/* ---- collecting ---- */

errcode_t home_spot(struct home *home, const struct e4z_finding *f, bool always)
{
	struct spot spot = {.finding = *f, .always = always};

	spot.finding.lblk = spot.finding.pblk = E4Z_NONE;
	spot.finding.first = spot.finding.last = E4Z_NONE;
	spot.finding.blocks = spot.finding.nonzero = 0;
	return vec_push(&home->spots, spot) ? ENOMEM : 0;
}

/* In parts of one read at most; each ends where a read would. */
errcode_t home_add_parts(struct home *home, uint64_t off, uint64_t end)
{
	while (off < end) {
		uint64_t stop = (off / HOME_READ + 1) * HOME_READ;
		struct part part = {.off = off, .spot = (uint32_t)(home->spots.count - 1)};

		stop = stop < end ? stop : end;
		part.len = (uint32_t)(stop - off);
		if (vec_push(&home->parts, part))
			return ENOMEM;
		home->blocks += (part.len >> home->img->block_bits) + 1;
		off = stop;
	}
	return 0;
}

static void next_data(struct home *home, uint64_t off)
{
	if (home->options.dev)
		blkdev_next_data(home->options.dev, off, &home->data_start, &home->data_end);
	else
		image_next_data(home->img, off, &home->data_start, &home->data_end);
}

errcode_t home_add_data(struct home *home, uint64_t off, uint64_t end)
{
	errcode_t err = 0;

	while (off < end && !err) {
		uint64_t stop;

		if (off >= home->data_end || off < home->data_from) {
			home->data_from = off;
			next_data(home, off);
			if (home->data_start >= home->data_end)
				home->data_start = home->data_end = UINT64_MAX;
		}
		if (off < home->data_start)
			off = home->data_start < end ? home->data_start : end;
		stop = end < home->data_end ? end : home->data_end;
		err = home_add_parts(home, off, stop);
		off = off < end ? stop : end;
	}
	return err;
}

errcode_t home_add(struct home *home, uint64_t off, uint64_t len)
{
	struct spot *spot = &home->spots.items[home->spots.count - 1];
	uint64_t end = off + len, start, stop;
	errcode_t err = 0;

	if (home->options.scrub && !spot->finding.fixable)
		return 0;
	if (spot->always) {
		if (!spot->finding.blocks)
			spot->finding.pblk = off >> home->img->block_bits;
		spot->finding.blocks +=
			((end - 1) >> home->img->block_bits) - (off >> home->img->block_bits) + 1;
	}
	if (!home->options.only)
		return home_add_data(home, off, end);
	while (!err && marks_next(home->options.only, &off, end, &start, &stop))
		err = home_add_data(home, start, stop);
	return err;
}

/* ---- what was found ---- */

static void note_spot(struct home *home, const struct dirty *dirty)
{
	struct spot *spot = &home->spots.items[dirty->spot];
	struct e4z_finding *f = &spot->finding;

	if (!dirty->len) {
		f->why = "a block cannot be read";
		f->fixable = false;
		spot->always = true;
		return;
	}
	if (f->first == E4Z_NONE)
		f->first = dirty->first;
	if (f->pblk == E4Z_NONE)
		f->pblk = dirty->first >> home->img->block_bits;
	f->last = dirty->last;
	f->nonzero += dirty->nonzero;
	if (!spot->always)
		f->blocks += dirty->blocks;
}

/* What can be fixed is to be found again. */
static errcode_t mark_dirty(const struct home *home)
{
	errcode_t err = 0;

	for (size_t i = 0; i < home->dirty.count && !err && home->options.found; i++)
		if (home_is_fixable(home, &home->dirty.items[i]))
			err = marks_add(home->options.found, home->dirty.items[i].off,
					home->dirty.items[i].len);
	return err;
}

/* Read what was added, and note what is found of each spot. */
static errcode_t look(struct home *home)
{
	errcode_t err = home_read(home);

	for (size_t i = 0; i < home->dirty.count && !err; i++)
		note_spot(home, &home->dirty.items[i]);
	return err ? err : mark_dirty(home);
}

/* What was freed since the check is read for the first time: it may be anything. */
static errcode_t must_be_read(const struct home *home)
{
	for (size_t i = 0; i < home->dirty.count; i++)
		if (!home->dirty.items[i].len)
			return image_refuse(home->img, EIO,
					    "byte %llu cannot be read: it may not be zero",
					    (unsigned long long)home->dirty.items[i].off);
	return 0;
}

static errcode_t scrub(struct home *home)
{
	errcode_t err = home->options.scrub ? must_be_read(home) : 0;

	if (!err && home->options.scrub)
		err = home_scrub(home);
	home->parts.count = 0;
	home->blocks = 0;
	return err;
}

static errcode_t flush(struct home *home)
{
	errcode_t err = look(home);

	for (size_t i = 0; i < home->spots.count && !err && home->options.findings; i++) {
		const struct spot *spot = &home->spots.items[i];

		if (spot->always || spot->finding.nonzero)
			err = findings_add(home->options.findings, &spot->finding);
	}
	if (!err)
		err = scrub(home);
	home->spots.count = 0;
	return err;
}

errcode_t home_gather(struct home *home, struct e4z_finding *f)
{
	errcode_t err = home_watch(home, 0);

	if (!err)
		err = look(home);
	*f = home->spots.items[0].finding;
	return err ? err : scrub(home);
}

errcode_t home_end_group(struct home *home)
{
	errcode_t err = home_watch(home, 0);

	if (err || (home->blocks < BLOCKS_MAX && home->spots.count < SPOTS_MAX))
		return err;
	return flush(home);
}

errcode_t home_end(struct home *home)
{
	return flush(home);
}
