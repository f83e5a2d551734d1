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
 * Take SPEC apart into *PARSED, whose path is the caller's to free (NULL after a failure). If a
 * file with the literal name SPEC exists, that file is meant, unless SPEC is a URI. E4Z_ET_USAGE
 * with a sentence in WHY: the offset is not a number. ENOMEM leaves WHY as it is.
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
 * partition's, 0 if it is not one. PLACES, all zero before, is the caller's to free with
 * places_free(), after a failure too.
 *
 * E4Z_ET_USAGE: both an offset and a partition. E4Z_ET_AMBIGUOUS, E4Z_ET_NO_PARTITION and
 * E4Z_ET_NOT_EXT with the partitions or volumes to choose from in PLACES. E4Z_ET_TRUNCATED: a part
 * of it is past the end of the image. Each with a sentence in WHY. ENOMEM. After a failure DEV's
 * place is undefined.
 */
errcode_t place_choose(struct blkdev *dev, const struct place_spec *spec, const char *partition,
		       struct places *places, int *number, char *why, size_t why_size);
void places_free(struct places *places);

/*
 * No ext file system was found in DEV's place: fill PLACES with the linear volumes of an LVM
 * physical volume there, if it is one; then DEV's place is the whole image afterwards. PLACES comes
 * from a place_choose() that succeeded. ENOMEM.
 */
errcode_t place_offer_volumes(struct blkdev *dev, struct places *places);

#endif
