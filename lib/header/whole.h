/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether all that the tables of an image refer to is in its file. QEMU reads zeros past the end of
 * the file: a file that was cut off would look like an image without these bytes.
 */
#ifndef E4Z_HEADER_WHOLE_H
#define E4Z_HEADER_WHOLE_H

#include "io/blkdev.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * 0, or with a sentence in WHY: E4Z_ET_TRUNCATED, the file of DEV ends before what the tables of
 * FORMAT refer to; E4Z_ET_IMAGE_FORMAT, the tables have no possible size. An error of reading
 * leaves WHY alone. Formats without tables are whole.
 */
errcode_t whole_look(struct blkdev *dev, enum e4z_format format, char *why, size_t why_size);

/* ---- for the files of whole alone ---- */

struct whole {
	struct blkdev *dev;
	enum e4z_format format;
	char *why;
	size_t why_size;
	uint64_t read; /* of tables */
};

/* A table of COUNT numbers, each WIDTH bytes, the first at AT. */
struct whole_table {
	uint64_t at, count;
	unsigned width;
	bool zeros; /* an entry of zeros is one, too */
};

/* Entry I of a table. */
typedef errcode_t whole_take(struct whole *w, void *arg, uint64_t i, const uint8_t *entry);

/* LEN bytes at AT have to be in the file: E4Z_ET_TRUNCATED. */
errcode_t whole_need(struct whole *w, uint64_t at, uint64_t len);
/* LEN bytes at AT into BUF, which have to be in the file. */
errcode_t whole_get(struct whole *w, uint64_t at, size_t len, void *buf);
/* Call TAKE with each entry until one fails; the table has to be in the file. */
errcode_t whole_walk(struct whole *w, const struct whole_table *table, whole_take *take, void *arg);
/* E4Z_ET_IMAGE_FORMAT: the header has an impossible number. */
errcode_t whole_corrupt(struct whole *w);

errcode_t whole_qcow2(struct whole *w);
errcode_t whole_qed(struct whole *w);
errcode_t whole_vmdk(struct whole *w);
errcode_t whole_vdi(struct whole *w);
errcode_t whole_parallels(struct whole *w);
errcode_t whole_sectors(struct whole *w); /* VHD and VHDX */

#endif
