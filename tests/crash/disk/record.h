/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was done to the disks, in order, with the data: writes, zeroings and barriers. */
#ifndef TESTS_CRASH_RECORD_H
#define TESTS_CRASH_RECORD_H

#include "disks.h"

struct step {
	enum blkdev_op_type type;
	unsigned disk;
	uint64_t off;
	size_t len;
	uint8_t *data; /* of a write */
	const char *what;
};

struct record {
	struct disks *disks;
	struct step *steps;
	size_t count, room;
	size_t fail_at; /* the step that fails; SIZE_MAX: none */
	bool failed;
	size_t after_failure; /* steps that were tried after it */
};

void record_init(struct record *record, struct disks *disks);
void record_free(struct record *record);

/* Record what DEV does from now on, which is disk N of record->disks. Can be said twice. */
void record_attach(struct record *record, unsigned n, struct blkdev *dev);

/* One step of a record, applied. */
void record_apply(struct disks *disks, const struct step *step);

#endif
