/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One image file or block device, seen from where the file system starts: every access is an offset
 * in the file system, and clipped to the partition. Reads of several threads may run at once.
 */
#ifndef E4Z_IO_BLKDEV_H
#define E4Z_IO_BLKDEV_H

#include "e4zero.h"
#include <et/com_err.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct blkdev;

enum blkdev_op_type { BLKDEV_WRITE, BLKDEV_ZERO, BLKDEV_SYNC };

/* One thing that is about to be done to the image; zeroing may punch a hole into the host file. */
struct blkdev_op {
	enum blkdev_op_type type;
	uint64_t off, len;	    /* from the start of the image or device, not of the place */
	const struct iovec *pieces; /* of a write: what is written, LEN bytes in all */
	size_t count;		    /* of the pieces */
	const char *what;	    /* what it is for: "log", "commit", "home" ...; static */
};

/*
 * Is asked before every write, zeroing and barrier, in order: what it returns, if not 0, is what
 * the operation fails with, and nothing is done. Undo files, traces, tests that record or break
 * things all stand here.
 */
struct blkdev_observer {
	errcode_t (*before)(void *arg, struct blkdev *dev, const struct blkdev_op *op);
	void *arg;
};

#define BLKDEV_OBSERVERS 4

struct blkdev {
	char *path;
	int fd;
	int write_fd;  /* -1: reading only */
	int hold_fd;   /* of a block device that is held, else -1 */
	bool held;     /* the block device is ours alone, by hold_fd or by that of its disk */
	bool is_block; /* a block device, not a regular file */
	enum e4z_holes holes;
	bool host_holes; /* SEEK_DATA can be asked: a regular file, not on FUSE */
	dev_t dev;     /* of a regular file: where it lives; of a block device: itself (st_rdev) */
	ino_t ino;     /* of a regular file */
	uint64_t size; /* whole image or device, bytes */
	uint64_t base, len; /* the file system's place: all offsets below count from base */
	_Atomic uint64_t bytes_read;
	uint64_t bytes_written, barriers;
	uint64_t bytes_missed; /* the host said that they are zero, and they were not */
	bool touched;	       /* a write or a zeroing was begun, or a barrier */
	errcode_t broken; /* the first failure of a write or barrier: nothing is written after it */
	struct blkdev_observer observer[BLKDEV_OBSERVERS];
	unsigned observers;
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
 * LEN bytes to read into, for free(); NULL when memory runs out. They begin on a page: the kernel
 * copies a quarter slower to where malloc() puts large ones, 16 bytes past the start of one. For
 * what is kept for long: it is mapped each time, where malloc() takes again what was freed.
 */
void *blkdev_buffer(size_t len);

/*
 * The same, but only when the page cache has all of it: false, with BUF undefined, when a disk
 * would have to be waited for, or when the host cannot tell.
 */
bool blkdev_read_cached(struct blkdev *dev, uint64_t off, size_t len, void *buf);

/*
 * Keep mounts and other exclusive openers away from a block device until it is closed: EBUSY when
 * one is there. Nothing happens to a file.
 */
errcode_t blkdev_hold(struct blkdev *dev);

/*
 * Open the image once more, for writing too; the reading descriptor and its locks stay. The name
 * must still lead to the same file: ESTALE otherwise. EROFS for a device that is read-only, and for
 * a memory file that is sealed against writes.
 */
errcode_t blkdev_make_writable(struct blkdev *dev);

/* ENOSPC when there are BLKDEV_OBSERVERS already. */
errcode_t blkdev_observe(struct blkdev *dev, const struct blkdev_observer *observer);

/*
 * Write all LEN bytes at OFF (writev: COUNT pieces of memory, one after the other; for the
 * observers that is one write), or make them zero, or make everything written so far durable.
 * WHAT says what for. The first failure sticks: from then on all of them return it and do nothing.
 *
 * Zeroes are the host's where it has a way, as dev->holes says; they are read back, and what is not
 * zero is written: a write of its own, for the observers too.
 */
errcode_t blkdev_write(struct blkdev *dev, uint64_t off, size_t len, const void *buf,
		       const char *what);
errcode_t blkdev_writev(struct blkdev *dev, uint64_t off, const struct iovec *pieces, size_t count,
			const char *what);
errcode_t blkdev_zero(struct blkdev *dev, uint64_t off, uint64_t len, const char *what);
errcode_t blkdev_sync(struct blkdev *dev, const char *what);

/*
 * Have the host make a hole of [off, off + len), which reads as zero already: nothing is different,
 * and nothing counts as written. *UNABLE, and 0: the host makes no holes.
 */
errcode_t blkdev_give_back(struct blkdev *dev, uint64_t off, uint64_t len, const char *what,
			   bool *unable);

/*
 * Have the host allocate [off, off + len) without changing it, so that writing there cannot meet a
 * full host file system. 0 where the host does not know how.
 */
errcode_t blkdev_reserve(struct blkdev *dev, uint64_t off, uint64_t len);

/* Tell the kernel that [off, off + len) will be read soon. Never fails. */
void blkdev_will_need(struct blkdev *dev, uint64_t off, uint64_t len);

/* Have the host read [off, off + len) from the disk the next time, if it lets go of it. */
void blkdev_forget(struct blkdev *dev, uint64_t off, uint64_t len);

/* Take back what libblkid advises on the descriptor: random access, no readahead. */
void blkdev_reset_advice(struct blkdev *dev);

/*
 * The first stretch at or after OFF that may hold something else than zeroes, as the host's file
 * system knows it: [*start, *end), end <= len of the place; start == end == len when only a hole is
 * left. Where the host cannot be asked everything may.
 */
void blkdev_next_data(struct blkdev *dev, uint64_t off, uint64_t *start, uint64_t *end);

#endif
