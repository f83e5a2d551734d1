/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The primary GPT of an image whose end, with the backup GPT, is missing. */
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
 * Read a table that libblkid refuses because it describes more than the image has. ENTRIES must be
 * empty; the caller frees them and their strings, after a failure, too. They stay empty if there is
 * no such table, or one of its checksums is wrong. *MISSING: bytes by which the image is shorter
 * than the disk. DEV is set to all of the image. ENOMEM.
 */
errcode_t gpt_read_cut(struct blkdev *dev, struct gpt_entry_vec *entries, uint64_t *missing);

#endif
