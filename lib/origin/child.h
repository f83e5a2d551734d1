/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image in one of QEMU's formats, served by qemu-nbd as a child process. */
#ifndef E4Z_ORIGIN_CHILD_H
#define E4Z_ORIGIN_CHILD_H

#include "header/chain.h"

struct child_options {
	const struct blkdev *host; /* the file or device with the image, already locked */
	enum e4z_format format;
	enum chain_lock lock;
	int secret;   /* a descriptor with the passphrase; -1: none */
	bool backing; /* other files may be opened */
	bool write;
	unsigned timeout_s;
	const volatile int *stop; /* as of struct e4z_open_options; may be NULL */
};

/*
 * Start a child for O->host, and connect to it: *DEV, whose blkdev_close() ends the child. *DEV is
 * NULL on failure, with WHY as of image_fail_below(): E4Z_ET_IMAGE_FORMAT: QEMU's message about
 * the image, or qemu-nbd is not installed; E4Z_ET_BUSY; E4Z_ET_PASSPHRASE.
 */
errcode_t child_open(const struct child_options *o, struct blkdev **dev, char *why,
		     size_t why_size);

/* The same, but WHY is the complete clause for every code. */
errcode_t child_open_late(const struct child_options *o, struct blkdev **dev, char *why,
			  size_t why_size);

/*
 * The two halves of child_open_late(). A prepared child has not been started, and has not opened
 * the image. A confined process can call the second half, which frees CHILD on failure.
 */
struct child;
errcode_t child_prepare(const struct child_options *o, struct child **child, char *why,
			size_t why_size);
errcode_t child_start(struct child *child, struct blkdev **dev, char *why, size_t why_size);
/* Free CHILD, which was not started; it may be NULL. */
void child_drop(struct child *child);
/* As blkdev_senders(): the descriptors to which the second half sends. */
size_t child_senders(const struct child *child, int *fds, size_t room);

/*
 * End the child of DEV, which child_open() has made. After that everything written is durable; EIO:
 * it is not. DEV can only be closed then.
 */
errcode_t child_end(struct blkdev *dev);

/*
 * Have qemu-img check the tables of O->host, to which nobody writes, for at most O->timeout_s. With
 * a sentence in WHY: E4Z_ET_IMAGE_FORMAT, they are corrupt, and writing would destroy data. Leaked
 * clusters are accepted, and so are formats that qemu-img cannot check.
 */
errcode_t child_check(const struct child_options *o, char *why, size_t why_size);

/*
 * The error for SAID, the message of PROGRAM before it failed; with a sentence in WHY.
 * E4Z_ET_IMAGE_FORMAT, E4Z_ET_BUSY, E4Z_ET_PASSPHRASE.
 */
errcode_t child_blame(const char *program, const char *said, char *why, size_t why_size);

/*
 * The name "json:{...}" by which QEMU opens the image as its descriptor FD; free() it. NULL: no
 * memory.
 */
char *child_describe(const struct child_options *o, int fd);

#endif
