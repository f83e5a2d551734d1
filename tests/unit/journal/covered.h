/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an overlay has of one block. */
#ifndef TESTS_COVERED_H
#define TESTS_COVERED_H

#include "io/overlay.h"

static inline bool overlay_find(const struct overlay *ov, uint64_t block,
				struct overlay_entry *entry)
{
	uint64_t from = block;

	return overlay_next(ov, &from, entry) && entry->block == block;
}

#endif
