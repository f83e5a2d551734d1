/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One image file or block device, seen from where the file system starts: every access is an offset
 * in the file system, and clipped to the partition. Reads of several threads may run at once.
 */
#ifndef E4Z_IO_BLKDEV_H
#define E4Z_IO_BLKDEV_H

#include <et/com_err.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct blkdev {
	char *path;
	int fd;
	bool is_block;	 /* a block device, not a regular file */
	bool host_holes; /* SEEK_DATA can be asked: a regular file, not on FUSE */
	dev_t dev;     /* of a regular file: where it lives; of a block device: itself (st_rdev) */
	ino_t ino;     /* of a regular file */
	uint64_t size; /* whole image or device, bytes */
	uint64_t base, len; /* the file system's place: all offsets below count from base */
	_Atomic uint64_t bytes_read;
};

/*
 * Open PATH for reading without blocking (a FIFO does not hang) and accept only a regular file or
 * a block device: E4Z_ET_NOT_REGULAR otherwise. base 0, len = size. *DEV is NULL on failure.
 */
errcode_t blkdev_open(const char *path, struct blkdev **dev);
void blkdev_close(struct blkdev *dev);

/* Narrow the view to [base, base + len) of the image: E4Z_ET_CLIPPED when it is not inside. */
errcode_t blkdev_set_place(struct blkdev *dev, uint64_t base, uint64_t len);

/* All LEN bytes at OFF or an error: E4Z_ET_CLIPPED outside the place, E4Z_ET_SHORT_READ, errno. */
errcode_t blkdev_read(struct blkdev *dev, uint64_t off, size_t len, void *buf);

/*
 * The same, but only when the page cache has all of it: false, with BUF undefined, when a disk
 * would have to be waited for, or when the host cannot tell.
 */
bool blkdev_read_cached(struct blkdev *dev, uint64_t off, size_t len, void *buf);

/* Tell the kernel that [off, off + len) will be read soon. Never fails. */
void blkdev_will_need(struct blkdev *dev, uint64_t off, uint64_t len);

/* Take back what libblkid advises on the descriptor: random access, no readahead. */
void blkdev_reset_advice(struct blkdev *dev);

/*
 * The first stretch at or after OFF that may hold something else than zeroes, as the host's file
 * system knows it: [*start, *end), end <= len of the place; start == end == len when only a hole is
 * left. Where the host cannot be asked everything may.
 */
void blkdev_next_data(struct blkdev *dev, uint64_t off, uint64_t *start, uint64_t *end);

#endif
