// SPDX-License-Identifier: GPL-2.0-or-later
// Zeroes what was found where nobody reads it, and proves that it is zero.
#include "home/home_state.h"

#include "base/bytes.h"
#include <errno.h>

/* A shorter stretch is written: a hole that small saves nothing and costs more. */
#define PUNCH_MIN 65536

static errcode_t zero(const struct home *home, uint64_t off, uint64_t len)
{
	static const uint8_t zeroes[PUNCH_MIN];

	return len < PUNCH_MIN ? blkdev_write(home->dev, off, (size_t)len, zeroes, home->what)
			       : blkdev_zero(home->dev, off, len, home->what);
}

/* What is fixable, in runs as long as they are. */
static errcode_t list_runs(struct home *home, uint64_t *bytes)
{
	home->runs.count = 0;
	for (size_t i = 0; i < home->dirty.count; i++) {
		const struct dirty *d = &home->dirty.items[i];
		struct e4z_span *last = home->runs.count ? &home->runs.items[home->runs.count - 1]
							 : NULL;

		if (!home_is_fixable(home, d))
			continue;
		*bytes += d->len;
		if (last && last->start + last->len == d->off)
			last->len += d->len;
		else if (vec_push(&home->runs, ((struct e4z_span){d->off, d->len})))
			return ENOMEM;
	}
	return 0;
}

static errcode_t zero_all(const struct home *home)
{
	errcode_t err = 0;

	for (size_t i = 0; i < home->runs.count && !err; i++)
		err = zero(home, home->runs.items[i].start, home->runs.items[i].len);
	return err ? err : blkdev_sync(home->dev, home->what);
}

/*
 * Read what was zeroed once more; from the disk, where the host lets go of what it keeps in memory.
 */
static errcode_t read_again(struct home *home)
{
	errcode_t err = 0;

	home->parts.count = 0;
	home->data_end = 0;
	for (size_t i = 0; i < home->runs.count && !err; i++) {
		const struct e4z_span *run = &home->runs.items[i];

		blkdev_forget(home->dev, run->start, run->len);
		err = run->len < PUNCH_MIN ? home_add_parts(home, run->start, run->start + run->len)
					   : home_add_data(home, run->start, run->start + run->len);
	}
	home->data_end = 0;
	home->cold = true;
	if (!err)
		err = home_read(home);
	home->cold = false;
	return err;
}

errcode_t home_scrub(struct home *home)
{
	uint64_t bytes = 0;
	errcode_t err = list_runs(home, &bytes);

	if (err || !bytes)
		return err;
	err = zero_all(home);
	if (!err)
		err = read_again(home);
	if (!err && home->dirty.count)
		return image_refuse(home->img, EIO,
				    "byte %llu was zeroed and does not read as zero",
				    (unsigned long long)home->dirty.items[0].off);
	*home->options.verified += err ? 0 : bytes;
	return err;
}
