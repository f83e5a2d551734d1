/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the reading and the scrubbing of home.h share. */
#ifndef E4Z_HOME_HOME_STATE_H
#define E4Z_HOME_HOME_STATE_H

#include "base/vec.h"
#include "home/home.h"

/* Bytes read at a time: they stay in a second-level cache while they are examined. */
#define HOME_READ 262144

struct spot {
	struct e4z_finding finding;
	bool always;
};

/* Bytes of one spot that have to be read, at most as many as one read takes. */
struct part {
	uint64_t off;
	uint32_t len, spot;
};

/* Parts [first, first + count) in one read, which ends at byte END. */
struct chunk {
	size_t first, count;
	uint64_t end;
};

/*
 * Blocks next to each other that are not zero, no more than one read. LEN 0: the part could not be
 * read.
 */
struct dirty {
	uint64_t off, first, last, nonzero;
	uint32_t len, blocks, spot;
};
VEC(dirty_vec, struct dirty);

struct home_worker {
	uint8_t *buf;
	struct dirty_vec dirty;
};

struct home {
	struct e4z_image *img;
	struct home_options options;
	struct blkdev *dev; /* what is written to */
	const char *what;
	struct home_worker *workers;
	VEC(, struct spot) spots;
	VEC(, struct part) parts;
	VEC(, struct chunk) chunks;
	struct dirty_vec dirty;
	VEC(, struct e4z_span) runs; /* that are zeroed */
	bool cold;		     /* the disk has to be waited for: many reads at a time */
	uint64_t blocks;	     /* that the parts may have, all of them dirty */
	/* between data_from and data_start, and at data_end, there is a hole of the host */
	uint64_t data_from, data_start, data_end;
};

/* More parts, of the last spot: [off, end), or what of it is no hole of the host. */
errcode_t home_add_parts(struct home *home, uint64_t off, uint64_t end);
errcode_t home_add_data(struct home *home, uint64_t off, uint64_t end);

/* Read the parts: home->dirty is what is not zero of them, in the order of the disk. */
errcode_t home_read(struct home *home);

/* LEN bytes at OFF, from the device that was given or the view of the image. Any thread. */
static inline errcode_t home_fetch(const struct home *home, uint64_t off, size_t len, void *buf)
{
	return home->options.dev ? blkdev_read(home->options.dev, off, len, buf)
				 : image_read(home->img, off, len, buf);
}

/* It could be read, and may be zeroed. */
static inline bool home_is_fixable(const struct home *home, const struct dirty *dirty)
{
	return dirty->len && home->spots.items[dirty->spot].finding.fixable;
}

/* E4Z_ET_INTERRUPTED where the caller wants an end; ARG is a struct home. */
errcode_t home_watch(void *arg, uint64_t taken);

/* Zero what was found of the spots that are fixable, make it durable, and read it again. */
errcode_t home_scrub(struct home *home);

#endif
