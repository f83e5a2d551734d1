/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image in one of QEMU's formats, served by qemu-nbd as a child process. */
#ifndef E4Z_ORIGIN_CHILD_H
#define E4Z_ORIGIN_CHILD_H

#include "header/chain.h"

struct child_options {
	const struct blkdev *host; /* the file or device with the image, which is locked already */
	enum e4z_format format;
	enum chain_lock lock;
	int secret;   /* a descriptor with the passphrase, -1: none */
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

/* The same, later: WHY is all of the clause, whatever the code is. */
errcode_t child_open_late(const struct child_options *o, struct blkdev **dev, char *why,
			  size_t why_size);

/*
 * End the child of DEV, which child_open() has made, now: everything written to it is durable. EIO:
 * it was not so at its end. DEV can only be closed after that.
 */
errcode_t child_end(struct blkdev *dev);

/*
 * Have qemu-img check the tables of O->host, which nobody writes to, for O->timeout_s at most. With
 * a sentence in WHY: E4Z_ET_IMAGE_FORMAT, they are corrupt, so that to write would destroy data.
 * Clusters that are lost are no harm, and formats that it cannot check are taken as they are.
 */
errcode_t child_check(const struct child_options *o, char *why, size_t why_size);

/*
 * The error that SAID means, which is what PROGRAM wrote before it failed; with a sentence in WHY.
 * E4Z_ET_IMAGE_FORMAT, E4Z_ET_BUSY, E4Z_ET_PASSPHRASE.
 */
errcode_t child_blame(const char *program, const char *said, char *why, size_t why_size);

/*
 * What QEMU is to open, for free(): "json:{...}", with the image as descriptor FD of the program.
 * NULL: memory ran out.
 */
char *child_describe(const struct child_options *o, int fd);

#endif
