// SPDX-License-Identifier: GPL-2.0-or-later
// Zeroes what was found where nobody reads it, and proves that it is zero.
#include "home/home_state.h"

#include "base/bytes.h"
#include <errno.h>

/* A shorter stretch is written: a hole that small saves nothing and costs more. */
#define PUNCH_MIN 65536

static bool is_fixable(const struct home *home, const struct dirty *dirty)
{
	return dirty->len && home->spots.items[dirty->spot].finding.fixable;
}

static errcode_t zero(const struct home *home, uint64_t off, uint64_t len)
{
	static const uint8_t zeroes[PUNCH_MIN];

	return len < PUNCH_MIN ? blkdev_write(home->dev, off, (size_t)len, zeroes, home->what)
			       : blkdev_zero(home->dev, off, len, home->what);
}

/* What is fixable becomes zero, in stretches as long as they are, and is all that is in parts. */
static errcode_t zero_all(struct home *home, uint64_t *bytes)
{
	uint64_t off = 0, len = 0;
	errcode_t err = 0;

	home->parts.count = 0;
	for (size_t i = 0; i < home->dirty.count && !err; i++) {
		const struct dirty *d = &home->dirty.items[i];

		if (!is_fixable(home, d))
			continue;
		*bytes += d->len;
		if (vec_push(&home->parts, ((struct part){d->off, d->len, d->spot})))
			return ENOMEM;
		if (len && off + len == d->off) {
			len += d->len;
			continue;
		}
		if (len)
			err = zero(home, off, len);
		off = d->off;
		len = d->len;
	}
	return err || !len ? err : zero(home, off, len);
}

/* The page cache is no proof, where the host lets go of it. */
static void forget(const struct home *home)
{
	for (size_t i = 0; i < home->parts.count; i++)
		blkdev_forget(home->dev, home->parts.items[i].off, home->parts.items[i].len);
}

errcode_t home_scrub(struct home *home)
{
	uint64_t bytes = 0;
	errcode_t err = zero_all(home, &bytes);

	if (err || !bytes)
		return err;
	err = blkdev_sync(home->dev, home->what);
	if (err)
		return err;
	forget(home);
	err = home_read(home);
	if (!err && home->dirty.count)
		return image_refuse(home->img, EIO,
				    "byte %llu was zeroed and does not read as zero",
				    (unsigned long long)home->dirty.items[0].off);
	*home->options.verified += err ? 0 : bytes;
	return err;
}
