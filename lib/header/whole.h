/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks that all blocks that the tables of an image refer to are in its file. QEMU reads zeros
 * past the end of the file, so a truncated file would look like an image without these bytes.
 */
#ifndef E4Z_HEADER_WHOLE_H
#define E4Z_HEADER_WHOLE_H

#include "io/blkdev.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * 0, or with a sentence in WHY: E4Z_ET_TRUNCATED, a table of FORMAT refers to bytes past the end of
 * the file of DEV; E4Z_ET_IMAGE_FORMAT, a table has an impossible size. A read error does not
 * change WHY. Formats without tables are accepted.
 */
errcode_t whole_look(struct blkdev *dev, enum e4z_format format, char *why, size_t why_size);

/* ---- for whole_*.c only ---- */

struct whole {
	struct blkdev *dev;
	enum e4z_format format;
	char *why;
	size_t why_size;
	uint64_t read; /* of tables */
};

/* A table of COUNT numbers of WIDTH bytes, at AT. */
struct whole_table {
	uint64_t at, count;
	unsigned width;
	bool zeros; /* zero is a valid entry */
};

/* Entry I of a table. */
typedef errcode_t whole_take(struct whole *w, void *arg, uint64_t i, const uint8_t *entry);

/* E4Z_ET_TRUNCATED: LEN bytes at AT are not all in the file. */
errcode_t whole_need(struct whole *w, uint64_t at, uint64_t len);
/* Read LEN bytes at AT into BUF; they must be in the file. */
errcode_t whole_get(struct whole *w, uint64_t at, size_t len, void *buf);
/* Call TAKE with each entry until one fails; the table must be in the file. */
errcode_t whole_walk(struct whole *w, const struct whole_table *table, whole_take *take, void *arg);
/* Returns E4Z_ET_IMAGE_FORMAT: the header has an impossible number. */
errcode_t whole_corrupt(struct whole *w);

errcode_t whole_qcow2(struct whole *w);
errcode_t whole_qed(struct whole *w);
errcode_t whole_vmdk(struct whole *w);
errcode_t whole_vdi(struct whole *w);
errcode_t whole_parallels(struct whole *w);
errcode_t whole_sectors(struct whole *w); /* VHD and VHDX */

#endif
