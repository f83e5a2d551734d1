// SPDX-License-Identifier: GPL-2.0-or-later
// The table of the operations on one file: a row each.

#include "verbs/operation.h"
#include "script/source.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static errcode_t truncate_file(struct e4z_image *img, const struct operation *op,
			       struct e4z_edit *edit)
{
	return e4z_truncate(img, op->file, op->size, edit);
}

static errcode_t zero_range(struct e4z_image *img, const struct operation *op,
			    struct e4z_edit *edit)
{
	return e4z_zero_range(img, op->file, op->off, op->len, op->keep_size, edit);
}

static errcode_t punch_hole(struct e4z_image *img, const struct operation *op,
			    struct e4z_edit *edit)
{
	return e4z_punch_hole(img, op->file, op->off, op->len, edit);
}

static errcode_t allocate(struct e4z_image *img, const struct operation *op, struct e4z_edit *edit)
{
	return e4z_allocate(img, op->file, op->off, op->len, op->keep_size, edit);
}

static errcode_t write_zeroes(struct e4z_image *img, const struct operation *op,
			      struct e4z_edit *edit)
{
	return e4z_write_zeroes(img, op->file, op->off, op->len, edit);
}

static errcode_t zero(struct e4z_image *img, const struct operation *op, struct e4z_edit *edit)
{
	return e4z_zero(img, op->file, op->off, op->len, edit);
}

static errcode_t collapse_range(struct e4z_image *img, const struct operation *op,
				struct e4z_edit *edit)
{
	return e4z_collapse_range(img, op->file, op->off, op->len, edit);
}

static errcode_t insert_range(struct e4z_image *img, const struct operation *op,
			      struct e4z_edit *edit)
{
	return e4z_insert_range(img, op->file, op->off, op->len, edit);
}

static errcode_t write_bytes(struct e4z_image *img, const struct operation *op,
			     struct e4z_edit *edit)
{
	return e4z_write_from(img, op->file, op->off, op->source, edit);
}

enum { WANTS_RANGE = WANTS_OFFSET | WANTS_LENGTH };

static const struct operation_row rows[] = {
	{"truncate", WANTS_SIZE, truncate_file},
	{"zero-range", WANTS_RANGE | MAY_KEEP, zero_range},
	{"punch-hole", WANTS_RANGE, punch_hole},
	{"allocate", WANTS_RANGE | MAY_KEEP, allocate},
	{"write-zeroes", WANTS_RANGE, write_zeroes},
	{"zero", WANTS_RANGE, zero},
	{"collapse-range", WANTS_RANGE, collapse_range},
	{"insert-range", WANTS_RANGE, insert_range},
	{"write", WANTS_OFFSET | WANTS_BYTES, write_bytes},
};

const struct operation_row *operation_find(const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

errcode_t operation_run(struct e4z_image *img, struct operation *op, struct e4z_edit *edit)
{
	struct operation writing = *op;
	struct source source;
	errcode_t err, beyond = EFBIG;
	uint64_t room;

	op->why[0] = '\0';
	if (!(op->row->wants & WANTS_BYTES))
		return op->row->run(img, op, edit);
	err = e4z_write_room(img, op->file, op->off, &room, &beyond);
	if (err)
		return err;
	err = source_open(&source, op->from, op->file_from, room, beyond, op->stop);
	writing.source = &source.bytes;
	if (err)
		snprintf(op->why, sizeof(op->why), "%s", source.why);
	else
		err = op->row->run(img, &writing, edit);
	source_close(&source);
	return err;
}
