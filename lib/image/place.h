/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where in the image the file system is: "IMAGE?offset=N", a partition, or the only one. */
#ifndef E4Z_IMAGE_PLACE_H
#define E4Z_IMAGE_PLACE_H

#include "io/blkdev.h"
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
 * sentence, or the lines to choose from, in WHY.
 */
errcode_t place_parse(const char *spec, struct place_spec *parsed, char *why, size_t why_size);

/*
 * Narrow DEV to the file system that SPEC and PARTITION (may be NULL) name. *NUMBER becomes the
 * partition's, 0 when it is none.
 */
errcode_t place_choose(struct blkdev *dev, const struct place_spec *spec, const char *partition,
		       int *number, char *why, size_t why_size);

#endif
