/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One image, whatever carries it, seen from where the file system starts: every access is an offset
 * in the file system, and clipped to the partition. Reads of several threads may run at once.
 *
 * What carries it is a table of functions: a file or device of this host (device/hostfile.h) or
 * something that is asked for its bytes. Observers stand above it and see the same of all.
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

/*
 * What a carrier does. AT counts from the start of the image; [AT, AT + LEN) is inside it. Threads
 * call read, read_cached, will_need, forget and next_data at once; the others one at a time.
 */
struct blkdev_ops {
	/* All LEN bytes or an error: E4Z_ET_SHORT_READ, errno. */
	errcode_t (*read)(struct blkdev *dev, uint64_t at, size_t len, void *buf);
	/* The same, but only without waiting; false: BUF is undefined. NULL: never. */
	bool (*read_cached)(struct blkdev *dev, uint64_t at, size_t len, void *buf);
	/* [AT, AT + LEN) will be read soon. NULL: nothing to be done. */
	void (*will_need)(struct blkdev *dev, uint64_t at, uint64_t len);
	/* Drop cached bytes of [AT, AT + LEN): they are out of date. NULL: nothing is cached. */
	void (*forget)(struct blkdev *dev, uint64_t at, uint64_t len);
	/*
	 * The first byte at or after AT that may not be zero, *START, the image's size if all
	 * of them are; and where that stretch ends, if END is not NULL. False: it is not known.
	 */
	bool (*next_data)(struct blkdev *dev, uint64_t at, uint64_t *start, uint64_t *end);

	/* As blkdev_hold(). NULL: nothing to be held. */
	errcode_t (*hold)(struct blkdev *dev);
	/* As blkdev_make_writable(); sets dev->writable. NULL: EROFS. */
	errcode_t (*make_writable)(struct blkdev *dev);
	/* *WRITTEN of the bytes were written, all of them if 0 is returned. */
	errcode_t (*writev)(struct blkdev *dev, uint64_t at, const struct iovec *pieces,
			    size_t count, uint64_t *written);
	/*
	 * Zeroes in the way that dev->holes allows. *ASKED is false, and nothing is done, where
	 * there is no such way. It is read back by the caller. NULL: it has no way.
	 */
	errcode_t (*zero)(struct blkdev *dev, uint64_t at, uint64_t len, bool *asked);
	/* Everything written so far is durable, or an error, which the caller remembers. */
	errcode_t (*sync)(struct blkdev *dev);
	/* As blkdev_reserve(). NULL: nothing can be reserved. */
	errcode_t (*reserve)(struct blkdev *dev, uint64_t at, uint64_t len, bool spare);
	/*
	 * Why something failed with ERR, in one clause; NULL: no more is known than its text. NULL:
	 * it never is.
	 */
	const char *(*explain)(struct blkdev *dev, errcode_t err);
	/* As blkdev_prepare(). NULL: all is open. */
	void (*prepare)(struct blkdev *dev);
	/* As blkdev_senders(). NULL: it sends nothing. */
	size_t (*senders)(struct blkdev *dev, int *fds, size_t room);
	/* As blkdev_end(). NULL: there is nothing that sync has not done. */
	errcode_t (*end)(struct blkdev *dev);
	/* Close and free what is dev->carrier's; what was opened so far. */
	void (*close)(struct blkdev *dev);
};

struct blkdev {
	char *path;
	const struct blkdev_ops *ops;
	void *carrier; /* of OPS */
	bool writable; /* open for writing */
	bool failed;   /* the program that writes it could not be started: nothing was written */
	enum e4z_holes holes;
	uint64_t size;	 /* whole image or device, bytes */
	uint64_t unseen; /* bytes after them, which are less than a block of an NBD server's */

	/* a file or device of this host whose bytes are the image's; otherwise -1 */
	int fd;
	int write_fd;	 /* -1: reading only */
	int hold_fd;	 /* of a block device that is held, else -1 */
	bool held;	 /* the block device is ours alone, by hold_fd or by that of its disk */
	bool host_holes; /* SEEK_DATA can be asked: a regular file, not on FUSE */

	/*
	 * The file or device of this host that holds the image, as it is or in another format; all
	 * 0: no such thing.
	 */
	bool is_block; /* a block device, not a regular file */
	dev_t dev;     /* of a regular file: where it lives; of a block device: itself (st_rdev) */
	ino_t ino;     /* of a regular file */
	struct blkdev *under; /* the holder, if the image is in another format; else NULL */

	uint64_t base, len; /* the file system's place: all offsets below count from base */
	_Atomic uint64_t bytes_read, reads_failed;
	uint64_t bytes_written, barriers;
	uint64_t bytes_missed; /* the host said that they are zero, and they were not */
	bool touched;	       /* a write or a zeroing was begun, or a barrier */
	errcode_t broken; /* the first failure of a write or barrier: nothing is written after it */
	_Atomic errcode_t lost; /* what carried it is gone, and why: nothing can be read any more */
	struct e4z_errands *errands; /* whose ERRAND is to settle the caches; NULL: we do it */
	unsigned errand;
	struct blkdev_observer observer[BLKDEV_OBSERVERS];
	unsigned observers;
};

/* A handle for PATH, which is copied, without a size; OPS outlives it. ENOMEM: *DEV is NULL. */
errcode_t blkdev_new(const char *path, const struct blkdev_ops *ops, struct blkdev **dev);
/* The carrier has SIZE bytes; all of them are the place. */
void blkdev_set_size(struct blkdev *dev, uint64_t size);
/* DEV may be NULL. */
void blkdev_close(struct blkdev *dev);

/* The bytes of DEV are those of a descriptor of this host. */
static inline bool blkdev_is_host(const struct blkdev *dev)
{
	return dev->fd >= 0;
}

/*
 * Open and create now what reading, and the first write if it is open for writing, would otherwise
 * open and create later. A failure is reported by that read or write.
 */
static inline void blkdev_prepare(struct blkdev *dev)
{
	if (dev->ops->prepare)
		dev->ops->prepare(dev);
}

/* Descriptors that requests are sent to, not those of files, into FDS: how many, ROOM at most. */
static inline size_t blkdev_senders(struct blkdev *dev, int *fds, size_t room)
{
	return dev->ops->senders ? dev->ops->senders(dev, fds, room) : 0;
}

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
 * Write to the final location without an observer: for what is written beside every edit. *WRITTEN
 * counts nowhere.
 */
errcode_t blkdev_write_unseen(struct blkdev *dev, uint64_t off, size_t len, const void *buf);
/* Make it durable, without an observer. */
errcode_t blkdev_sync_unseen(struct blkdev *dev);

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
 * The last write was made, and the last barrier: end what has written, which may have something of
 * its own to write, and be sure of it. DEV can only be closed after that. Nothing is done if
 * nothing was written.
 */
errcode_t blkdev_end(struct blkdev *dev);

/*
 * Have the host make a hole of [off, off + len), which reads as zero already: nothing is different,
 * and nothing counts as written. *UNABLE, and 0: the host makes no holes.
 */
errcode_t blkdev_give_back(struct blkdev *dev, uint64_t off, uint64_t len, const char *what,
			   bool *unable);

/*
 * Have the host allocate [off, off + len) without changing it, so that writing there cannot meet a
 * full host file system. 0 where the host does not know how. SPARE: nobody would miss what is
 * there, so that where allocating is writing it may be written again, the same.
 */
errcode_t blkdev_reserve(struct blkdev *dev, uint64_t off, uint64_t len, bool spare);

/* Tell the kernel that [off, off + len) will be read soon. Never fails. */
void blkdev_will_need(struct blkdev *dev, uint64_t off, uint64_t len);

/* Have the host read [off, off + len) from the disk the next time, if it lets go of it. */
void blkdev_forget(struct blkdev *dev, uint64_t off, uint64_t len);

/*
 * The first stretch at or after OFF that may hold something else than zeroes, as the host's file
 * system knows it: [*start, *end), end <= len of the place; start == end == len when only a hole is
 * left. Where the host cannot be asked everything may.
 */
void blkdev_next_data(struct blkdev *dev, uint64_t off, uint64_t *start, uint64_t *end);

#endif
