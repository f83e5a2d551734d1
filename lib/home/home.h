/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stretches of the disk that nobody reads: read by all threads in the order of the disk, holes of
 * the host left out, and, when scrubbing, zeroed in place without the journal and read again.
 *
 *   home_new
 *     for each group:  home_spot, home_add..., home_add...; home_end_group
 *   home_end, home_free
 *
 * A spot is what becomes one finding: a kind in a group. Memory is bounded: after each group the
 * stretches are read if there are many.
 */
#ifndef E4Z_HOME_HOME_H
#define E4Z_HOME_HOME_H

#include "findings/findings.h"
#include "home/marks.h"
#include "image/image.h"

struct home;

struct home_options {
	unsigned workers;
	const volatile int *stop;
	struct findings *findings; /* NULL: nothing is reported */
	bool scrub;		   /* what is fixable becomes zero; the view has no change */
	uint64_t *verified;	   /* bytes that were zeroed, and read as zero afterwards */
	struct marks *found;	   /* gets what is fixable; NULL: nobody wants to know */
	const struct marks *only;  /* nothing else is read; NULL: all that is given */
	struct blkdev *dev;	   /* where all of them are; NULL: in the view of the image */
	const char *what;	   /* what is written, for the trace; NULL: "free"; static */
};

errcode_t home_new(struct e4z_image *img, const struct home_options *options, struct home **home);
void home_free(struct home *home);

/*
 * From now on home_add() is about F: kind, ino or group, fixable and why are given. ALWAYS: it is a
 * finding although every byte is zero, about all of its blocks, and not those with other bytes.
 */
errcode_t home_spot(struct home *home, const struct e4z_finding *f, bool always);

/* LEN bytes at OFF of the file system, or of the device that was given. */
errcode_t home_add(struct home *home, uint64_t off, uint64_t len);

/*
 * Instead of home_end(): read, and when scrubbing zero, what was added to the only spot. More may
 * be added. Nothing is reported: *F is what was found so far.
 */
errcode_t home_gather(struct home *home, struct e4z_finding *f);

errcode_t home_end_group(struct home *home);
errcode_t home_end(struct home *home);

#endif
