/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What carries the bytes of an image: a regular file or a block device, known by its numbers. */
#ifndef E4Z_BUSY_CARRIER_H
#define E4Z_BUSY_CARRIER_H

#include "io/blkdev.h"
#include <sys/stat.h>

struct carrier {
	bool is_block;
	dev_t dev;     /* of a file: where it lives; of a device: its own number */
	ino_t ino;     /* of a file */
	uint64_t size; /* of a file, bytes; 0: not known */
};

static inline bool carrier_same(const struct carrier *a, const struct carrier *b)
{
	return a->is_block == b->is_block && a->dev == b->dev && a->ino == b->ino;
}

static inline struct carrier carrier_of(const struct blkdev *dev)
{
	return (struct carrier){dev->is_block, dev->dev, dev->ino, dev->is_block ? 0 : dev->size};
}

/* A and B are the same file or device, whatever their names and places. */
static inline bool carrier_shared(const struct blkdev *a, const struct blkdev *b)
{
	const struct carrier of[] = {carrier_of(a), carrier_of(b)};

	return carrier_same(&of[0], &of[1]);
}

/* False: neither a regular file nor a block device. */
static inline bool carrier_of_stat(const struct stat *st, struct carrier *c)
{
	*c = (struct carrier){.is_block = S_ISBLK(st->st_mode)};
	c->dev = c->is_block ? st->st_rdev : st->st_dev;
	c->ino = c->is_block ? 0 : st->st_ino;
	c->size = c->is_block ? 0 : (uint64_t)st->st_size;
	return c->is_block || S_ISREG(st->st_mode);
}

#endif
