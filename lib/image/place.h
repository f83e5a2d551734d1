/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where in the image the file system is: "IMAGE?offset=N", a partition, or the only one. */
#ifndef E4Z_IMAGE_PLACE_H
#define E4Z_IMAGE_PLACE_H

#include "e4zero.h"
#include "io/blkdev.h"
#include "probe/parts.h"
#include <et/com_err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct place_spec {
	char *path; /* owned */
	bool has_offset;
	uint64_t offset; /* bytes */
};

/*
 * Take SPEC apart. An existing file whose name is all of SPEC wins. Every failure below leaves one
 * sentence in WHY.
 */
errcode_t place_parse(const char *spec, struct place_spec *parsed, char *why, size_t why_size);

/* What was read of the partition table and, after some failures, what there is to choose from. */
struct places {
	struct parts parts;
	struct e4z_place *items; /* their strings are those of the parts */
	size_t count;
};

/*
 * Narrow DEV to the file system that SPEC and PARTITION (may be NULL) name. *NUMBER becomes the
 * partition's, 0 when it is none. PLACES, all zero before, holds something after a failure, too.
 */
errcode_t place_choose(struct blkdev *dev, const struct place_spec *spec, const char *partition,
		       struct places *places, int *number, char *why, size_t why_size);
void places_free(struct places *places);

/*
 * After nothing of ext was found in DEV's place: fill PLACES with what an LVM physical volume there
 * holds in one piece. DEV's place is the whole image afterwards, if there is any.
 */
errcode_t place_offer_volumes(struct blkdev *dev, struct places *places);

#endif
