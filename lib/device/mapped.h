/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image, for reading only, that is described by a map: each piece of it is a range of a file of
 * this host, is zero, is a repeated number, or is read from another handle.
 */
#ifndef E4Z_DEVICE_MAPPED_H
#define E4Z_DEVICE_MAPPED_H

#include "base/vec.h"
#include "io/blkdev.h"

enum mapped_kind { MAPPED_ZERO, MAPPED_FILE, MAPPED_FILL, MAPPED_REST };

struct mapped_piece {
	uint64_t at, len; /* of the image; LEN is not 0 */
	uint64_t off;	  /* MAPPED_FILE: where in the file */
	uint32_t fill;	  /* MAPPED_FILL: as in memory, repeated from AT on */
	enum mapped_kind kind;
};

/* A map under construction; all zero is empty. Free it with vec_free(). */
VEC(mapped_list, struct mapped_piece);

/* Pieces that a map may have (64 MiB of memory). */
#define MAPPED_PIECES_MAX ((size_t)1 << 21)

/*
 * Append LEN bytes, to the last piece if they continue it. EFBIG: the image would have 2^63 bytes
 * or more; E2BIG: MAPPED_PIECES_MAX; ENOMEM.
 */
errcode_t mapped_add(struct mapped_list *list, enum mapped_kind kind, uint64_t len, uint64_t off,
		     uint32_t fill);

/* The source of the bytes of MAPPED_REST. */
struct mapped_rest {
	/*
	 * Called at most once, from any thread; *DEV must have the size of the map. On failure WHY
	 * is a clause or "".
	 */
	errcode_t (*open)(void *arg, struct blkdev **dev, char *why, size_t why_size);
	/* Called when the image is closed. May be NULL. */
	void (*free)(void *arg);
	void *arg;
};

/*
 * PIECES are sorted, without gaps, and begin at 0. DEV takes them over, and FILE_FD, a regular file
 * or block device. REST may be NULL if no piece needs it. On failure all of them are closed and
 * freed, and *DEV is NULL.
 */
errcode_t mapped_open(const char *path, int file_fd, struct mapped_piece *pieces, size_t count,
		      const struct mapped_rest *rest, struct blkdev **dev);

#endif
