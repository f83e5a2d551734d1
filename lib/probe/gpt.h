/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The primary GPT of an image whose end, with the backup, is cut off. */
#ifndef E4Z_PROBE_GPT_H
#define E4Z_PROBE_GPT_H

#include "base/vec.h"
#include "io/blkdev.h"
#include <et/com_err.h>
#include <stdint.h>

struct gpt_entry {
	int number;
	uint64_t start, len; /* bytes */
	char *name, *uuid;   /* malloc()ed */
};

VEC(gpt_entry_vec, struct gpt_entry);

/*
 * Read the table that libblkid refuses because it describes more than there is. ENTRIES, empty
 * before, and their strings are the caller's to free, after a failure too; they stay empty if there
 * is no such table, or a checksum of it is wrong. *MISSING: bytes that the image is shorter than
 * the disk was. DEV is set to all of the image. ENOMEM.
 */
errcode_t gpt_read_cut(struct blkdev *dev, struct gpt_entry_vec *entries, uint64_t *missing);

#endif
