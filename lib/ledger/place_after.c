// SPDX-License-Identifier: GPL-2.0-or-later
// What is around the file system: the boot block; and, up to the end of its partition or of the
// image, bytes that are not its own, perhaps of an earlier and larger one.
#include "ledger/place.h"

#include "base/bytes.h"
#include "format/super.h"
#include "image/place.h"
#include "probe/trailer.h"
#include <stdio.h>

/* Read at a time: memory does not grow with a disk that is far larger than its file system. */
#define SLICE (UINT64_C(4) << 30)

static uint64_t fs_end(const struct e4z_image *img)
{
	return img->blocks << img->block_bits;
}

/*
 * Where the bytes end that no other partition has. On a disk with partitions they are those of the
 * one that the file system is in; without it nobody knows whose they are. Returns why, or NULL.
 */
static const char *find_end(const struct e4z_image *img, uint64_t *end)
{
	const struct parts *parts = &img->places->parts;
	uint64_t base = img->dev->base, start = base + fs_end(img), stop = base + img->dev->len;
	bool inside = !parts->count, torn = false;

	for (size_t i = 0; i < parts->count; i++) {
		uint64_t from = parts->items[i].start, to = from + parts->items[i].len;

		if (from <= base && base < to) {
			inside = true;
			stop = to < stop ? to : stop;
		} else if (from >= start) {
			stop = from < stop ? from : stop;
		} else if (from > base && to > start) {
			torn = true;
		}
	}
	*end = stop > start ? stop - base : fs_end(img);
	if (torn)
		return "a partition begins in the file system and ends after it";
	return inside ? NULL : "the file system is in none of the disk's partitions";
}

/* All of it in slices; F becomes what was found. */
static errcode_t read_all(const struct ledger *l, const struct home_options *options,
			  struct e4z_finding *f)
{
	struct home_options how = *options;
	struct home *home = NULL;
	errcode_t err;

	how.dev = l->img->dev;
	how.what = "after";
	/* it is past what marks are of */
	how.found = NULL;
	how.only = NULL;
	err = home_new(l->img, &how, &home);
	if (!err)
		err = home_spot(home, f, false);
	for (uint64_t at = fs_end(l->img); at < l->after_end && !err; at += SLICE) {
		uint64_t left = l->after_end - at;

		err = home_add(home, at, left < SLICE ? left : SLICE);
		if (!err)
			err = home_gather(home, f);
	}
	home_free(home);
	return err;
}

static errcode_t examine(struct ledger *l, const struct home_options *options)
{
	const struct e4z_image *img = l->img;
	struct e4z_finding f = {.kind = E4Z_AFTER_FS, .group = img->groups - 1, .fixable = true};
	const char *why = find_end(img, &l->after_end);
	bool known;
	errcode_t err;

	if (l->after_end == fs_end(img) || !ledger_wants(l, E4Z_AFTER_FS))
		return 0;
	err = read_all(l, options, &f);
	if (err || (!f.nonzero && !f.why))
		return err;
	snprintf(l->after_why, sizeof(l->after_why), "%s", why ? why : f.why ? f.why : "");
	known = !why && !f.why &&
		trailer_known(img->dev, fs_end(img), l->after_end, f.first, l->after_why,
			      sizeof(l->after_why));
	f.fixable = !why && !f.why && !known;
	f.why = f.fixable ? NULL : l->after_why;
	return findings_add(options->findings, &f);
}

errcode_t place_after(struct ledger *l, const struct home_options *options)
{
	struct e4z_finding f = {.kind = E4Z_AFTER_FS, .fixable = true};

	if (!options->scrub)
		return examine(l, options);
	if (!l->after_asked || *l->after_why || l->after_end <= fs_end(l->img))
		return 0;
	return read_all(l, options, &f);
}

errcode_t place_boot(struct ledger *l, struct findings *findings)
{
	uint8_t boot[SUPER_OFFSET];
	struct bytes_stat stat;
	struct e4z_finding f = {.kind = E4Z_BOOT_BLOCK,
				.lblk = E4Z_NONE,
				.blocks = 1,
				.why = owner_left(OWNER_BOOT)};

	if (!ledger_wants(l, E4Z_BOOT_BLOCK) || rangeset_has(l->disputed, 0))
		return 0;
	if (image_read(l->img, 0, sizeof(boot), boot)) {
		l->boot_unread = true;
		return 0;
	}
	stat = bytes_stat(boot, sizeof(boot));
	f.first = stat.first;
	f.last = stat.last;
	f.nonzero = stat.nonzero;
	return stat.nonzero ? findings_add(findings, &f) : 0;
}
