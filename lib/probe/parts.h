/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The partitions of a whole-disk image, by libblkid. */
#ifndef E4Z_PROBE_PARTS_H
#define E4Z_PROBE_PARTS_H

#include "io/blkdev.h"
#include <et/com_err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct part {
	int number;	     /* 0: not a partition */
	uint64_t start, len; /* bytes */
	char *name, *uuid;   /* PARTLABEL or a volume's GROUP/NAME, PARTUUID; may be NULL */
	/* of its contents, as libblkid names them; may be NULL */
	char *fs_type, *fs_label, *fs_uuid;
	bool is_ext;
};

struct parts {
	struct part *items;
	size_t count;
	char table[8];	  /* "gpt", "dos", ... ; "" if there is no partition table */
	uint64_t missing; /* bytes missing at the end of the disk, with the backup GPT; usually 0 */
};

/*
 * Read the partition table of all of DEV, whatever its place, into PARTS, which the caller frees
 * with parts_free(). PARTS is empty after a failure, or if no table can be read. DEV's place is
 * unchanged. ENOMEM is the only error.
 */
errcode_t parts_read(struct blkdev *dev, struct parts *parts);
void parts_free(struct parts *parts);

/*
 * Add a place without a number that starts at START, LEN bytes long, if an ext file system is
 * there, all of it is inside DEV, and PARTS holds fewer than 1,024 places. NAME, malloc()ed, is
 * taken in any case.
 */
errcode_t parts_add_ext(struct parts *parts, struct blkdev *dev, char *name, uint64_t start,
			uint64_t len);

/*
 * The partition that WANT names: a number, or a LABEL, UUID, PARTLABEL or PARTUUID, bare or as
 * "KEY=value". *FOUND points into PARTS. E4Z_ET_NO_PARTITION if none has the name (*FOUND is NULL),
 * E4Z_ET_AMBIGUOUS if several have.
 */
errcode_t parts_find(const struct parts *parts, const char *want, const struct part **found);

/* Whether PART has the name WANT; a number is not a name. */
bool parts_match(const struct part *part, const char *want);

#endif
