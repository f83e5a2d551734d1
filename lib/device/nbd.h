/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The export of an NBD server as the carrier of an image. */
#ifndef E4Z_DEVICE_NBD_H
#define E4Z_DEVICE_NBD_H

#include "io/blkdev.h"

/* All zero is the default: for reading only. */
struct nbd_options {
	unsigned timeout_s; /* of connecting, and of one request; 0: NBD_TIMEOUT_S */
	/*
	 * The most connections, if the server allows several; 0: one per processor, up to
	 * NBD_LINKS.
	 */
	unsigned connections;
	const volatile int *stop; /* as of struct e4z_open_options; may be NULL */
	bool write; /* an export that is read-only, or cannot flush, is refused at once */
};

#define NBD_TIMEOUT_S 60
#define NBD_LINKS 4

/* Load libnbd, if it is installed, while the caller has to wait for something else. */
void nbd_preload(void);

/* NAME is an NBD URI, and no file has this name. */
bool nbd_is_uri(const char *name);

/*
 * Connect to URI: nbd://, nbd+unix://, nbd+vsock://, or nbds for an encrypted one. *DEV is NULL on
 * failure, and WHY one clause: all of the sentence if the code is E4Z_ET_NBD, otherwise what was
 * being done. EROFS: a read-only export that is to be written. OPTIONS may be NULL.
 *
 * A request ends after timeout_s without any reply: ETIMEDOUT. A connection that is lost, for this
 * or another reason, is not made again: dev->lost is the error, and all reads and writes fail with
 * it.
 */
errcode_t nbd_open_uri(const char *uri, const struct nbd_options *options, struct blkdev **dev,
		       char *why, size_t why_size);

/*
 * The same over one connected SOCKET, in two halves. DEV takes SOCKET over, also on failure. NAME
 * becomes dev->path. The first half does everything that a confined process could not do later, and
 * does not wait for the server. Until the second half has succeeded, DEV can only be closed, and
 * asked for its senders.
 */
errcode_t nbd_begin(const char *name, int socket, const struct nbd_options *options,
		    struct blkdev **dev, char *why, size_t why_size);
errcode_t nbd_finish(struct blkdev *dev, char *why, size_t why_size);

#endif
