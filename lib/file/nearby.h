/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the children of an index block. Leaves lie near each other, often several rows of them side
 * by side, as the allocator met them: a few stretches of the disk are kept, each read with one
 * call.
 */
#ifndef E4Z_FILE_NEARBY_H
#define E4Z_FILE_NEARBY_H

#include "image/image.h"

#define NEARBY_STRETCHES 4

/* All zero at first. 256 KiB at most, and only once there are leaves near each other. */
struct nearby {
	struct {
		uint8_t *buf;
		uint64_t start, len; /* blocks */
		uint64_t used;	     /* when, for the choice of what to forget */
	} stretch[NEARBY_STRETCHES];
	uint64_t clock;
	uint64_t room;	/* blocks that may still be read ahead for the leaves of one index block */
	unsigned asked; /* a bit for each depth: its children were asked for */
	errcode_t err;	/* of the disk, when a child cannot be read */
};

void nearby_free(struct nearby *nearby);

/* What was read may be outdated. */
void nearby_forget(struct nearby *nearby);

/* The children of INDEX, whose header was found good, come next. */
void nearby_begin(struct nearby *nearby, const uint8_t *index);

/* Request the children of INDEX, an index block or the root, as nearby_child() will read them. */
void nearby_ask(const struct e4z_image *img, const uint8_t *index);

/*
 * Child I of INDEX, which is a block of the file system: read into BUF, or where it is already,
 * valid until the next call. NULL: it cannot be read.
 */
const uint8_t *nearby_child(const struct e4z_image *img, struct nearby *nearby,
			    const uint8_t *index, unsigned i, uint8_t *buf);

#endif
