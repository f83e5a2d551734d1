// SPDX-License-Identifier: GPL-2.0-or-later
// The recorder: an observer below everything that writes.
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void record_init(struct record *record, struct disks *disks)
{
	*record = (struct record){.disks = disks, .fail_at = SIZE_MAX};
}

void record_free(struct record *record)
{
	for (size_t i = 0; i < record->count; i++)
		free(record->steps[i].data);
	free(record->steps);
	record->steps = NULL;
	record->count = record->room = 0;
}

static void gather(uint8_t *data, const struct blkdev_op *op)
{
	for (size_t i = 0; i < op->count; data += op->pieces[i++].iov_len)
		if (op->pieces[i].iov_len)
			memcpy(data, op->pieces[i].iov_base, op->pieces[i].iov_len);
}

static errcode_t note(struct record *record, unsigned n, const struct blkdev_op *op)
{
	struct step *step;

	record->after_failure += record->failed;
	if (record->count >= record->fail_at) {
		record->failed = true;
		return EIO;
	}
	if (record->count == record->room) {
		record->room = record->room ? record->room * 2 : 64;
		record->steps = realloc(record->steps, record->room * sizeof(*record->steps));
		if (!record->steps)
			die("no memory");
	}
	step = &record->steps[record->count++];
	*step = (struct step){op->type, n, op->off, op->len, NULL, op->what ? op->what : ""};
	if (op->type == BLKDEV_SYNC)
		return 0;
	if (op->type == BLKDEV_WRITE) {
		step->data = malloc(op->len + !op->len);
		if (!step->data)
			die("no memory");
		gather(step->data, op);
	}
	disks_will_write(record->disks, n, op->off, op->len, step->data);
	return 0;
}

static errcode_t note_first(void *arg, struct blkdev *dev, const struct blkdev_op *op)
{
	(void)dev;
	return note(arg, 0, op);
}

static errcode_t note_second(void *arg, struct blkdev *dev, const struct blkdev_op *op)
{
	(void)dev;
	return note(arg, 1, op);
}

void record_attach(struct record *record, unsigned n, struct blkdev *dev)
{
	const struct blkdev_observer observer = {n ? note_second : note_first, record};

	for (unsigned i = 0; i < dev->observers; i++)
		if (dev->observer[i].arg == record)
			return;
	if (blkdev_observe(dev, &observer))
		die("no room for the recorder");
}

void record_apply(struct disks *disks, const struct step *step)
{
	if (step->type != BLKDEV_SYNC)
		disks_write(disks, step->disk, step->off, step->len, step->data);
}
