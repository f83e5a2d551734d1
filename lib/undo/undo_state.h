/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An undo file while it is written: undo.c begins and ends it, undo_save.c puts old content into
 * it.
 */
#ifndef E4Z_UNDO_UNDO_STATE_H
#define E4Z_UNDO_UNDO_STATE_H

#include "io/blkdev.h"
#include "sets/rangeset.h"
#include "undo/undo_format.h"

#define BLOCK 4096U
#define ROOM UNDO_KEYS_ROOM(BLOCK)
#define SUPERS_AT 1
#define SUPERS 2 /* they take turns */
#define PIECE ((size_t)64 * 1024)

struct undo {
	struct blkdev *dev; /* of the image */
	int fd;
	char *path;
	struct rangeset *saved; /* blocks of the file system's place */
	struct undo_header header;
	uint64_t keys_at, next; /* blocks of the undo file: of the keys below, past all data */
	uint64_t sealed_at;	/* NEXT when it was sealed last */
	uint8_t *buf;		/* PIECE bytes */
	unsigned count;		/* of the keys below that are used */
	union {
		struct undo_keys keys;
		uint8_t block[BLOCK];
	};
};

/* LEN bytes at AT of the undo file; make what was put durable. */
errcode_t undo_put(const struct undo *undo, uint64_t at, const void *data, size_t len);
errcode_t undo_barrier(const struct undo *undo);

/* The header, durably: from now on it is what the file says. */
errcode_t undo_put_header(struct undo *undo);

/* The next block becomes one of keys. */
void undo_new_keys(struct undo *undo);

/* What was saved since the last time becomes part of the file. */
errcode_t undo_flush_keys(struct undo *undo);

/* The observer that saves before each write: ARG is the undo file. */
errcode_t undo_before(void *arg, struct blkdev *dev, const struct blkdev_op *op);

#endif
