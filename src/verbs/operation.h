/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operations on one file: a table that the command line and scripts are read by. */
#ifndef E4ZERO_OPERATION_H
#define E4ZERO_OPERATION_H

#include "script/source.h"

/* The arguments that an operation requires. */
enum operation_wants {
	WANTS_SIZE = 1,	  /* a size */
	WANTS_OFFSET = 2, /* where in the file */
	WANTS_LENGTH = 4, /* and how much of it */
	MAY_KEEP = 8,	  /* that the size stays may be said */
	WANTS_BYTES = 16, /* what to write */
};

struct operation {
	const struct operation_row *row;
	const char *file; /* in the image */
	uint64_t size, off, len;
	bool keep_size;
	const char *from; /* what is written: a file of the host, "-": standard input */
	struct source_file *file_from; /* it is open already; NULL: not yet */
	const volatile int *stop;      /* ends the reading of it */
	const struct e4z_source *source;
	char why[256]; /* what could not be read, "": the library failed */
};

struct operation_row {
	const char *name;
	unsigned wants;
	errcode_t (*run)(struct e4z_image *img, const struct operation *op, struct e4z_edit *edit);
};

/* Do OP; the data that it writes are read first, no more than there is room for. */
errcode_t operation_run(struct e4z_image *img, struct operation *op, struct e4z_edit *edit);

/* NULL: none of that name. */
const struct operation_row *operation_find(const char *name);

#endif
