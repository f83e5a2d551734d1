/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of a file system that are to be read from somewhere else: a log that was not replayed.
 * Only places are kept, 16 bytes a block; the data stay in the log until somebody asks. Build it
 * with put and drop, seal it, then any number of threads may read.
 */
#ifndef E4Z_IO_OVERLAY_H
#define E4Z_IO_OVERLAY_H

#include "io/blkdev.h"

struct overlay;

struct overlay_entry {
	uint64_t block; /* of the file system */
	uint64_t from;	/* block of the source */
	bool escaped;	/* its first four bytes are the magic number, whatever the source says */
};

/* An empty overlay of blocks of BLOCK_SIZE bytes; SOURCE holds their content, for the caller. */
errcode_t overlay_new(struct blkdev *source, uint32_t block_size, struct overlay **ov);
void overlay_free(struct overlay *ov);

/* ---- building ---- */

/* Cover a block, or cover it again. */
errcode_t overlay_put(struct overlay *ov, const struct overlay_entry *entry);

/* Uncover a block again; nothing happens if it was not covered. */
void overlay_drop(struct overlay *ov, uint64_t block);

/* No more put and drop. */
void overlay_seal(struct overlay *ov);

/* ---- asking; a sealed overlay, or NULL, which covers nothing ---- */

size_t overlay_count(const struct overlay *ov);

/* Any block of [block, block + count) is covered. */
bool overlay_meets(const struct overlay *ov, uint64_t block, uint64_t count);

/* The first covered block at or after *FROM: true, and *FROM moves past it; false: none. */
bool overlay_next(const struct overlay *ov, uint64_t *from, struct overlay_entry *entry);

/* [off, off + len) of DEV as it will be once the log is replayed: any bytes, not whole blocks. */
errcode_t overlay_read(const struct overlay *ov, struct blkdev *dev, uint64_t off, size_t len,
		       void *buf);

/* Every covered block in ascending order, until VISIT returns an error. */
errcode_t overlay_each(const struct overlay *ov,
		       errcode_t (*visit)(void *arg, uint64_t block, const void *data), void *arg);

#endif
