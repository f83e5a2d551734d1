/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files that make an NBD export a carrier. */
#ifndef E4Z_NBD_NBD_DISK_H
#define E4Z_NBD_NBD_DISK_H

#include "base/bytes.h"
#include "base/vec.h"
#include "device/nbd.h"
#include "nbd/nbd_link.h"
#include "sets/rangeset.h"
#include <pthread.h>

/* Requests in flight at most: more gain nothing over a local socket, or over any network. */
#define NBD_DEPTH_LOCAL 4u
#define NBD_DEPTH 16u

/* ---- reading ahead ---- */

#define NBD_SLOTS 16
#define NBD_WISHES 4096

/* A stretch that was requested before it is read. */
struct nbd_slot {
	struct nbd_request request; /* READ; the slot is free if it has no buffer */
	void *memory;		    /* for its buffer, of the size of a piece; NULL: not yet */
	uint64_t order;		    /* its number among the slots of its row */
	unsigned users;		    /* threads that copy from it, or wait for it */
	bool is_long;		    /* its row: tree blocks are numbered apart from tables */
	bool around;		    /* it was not asked for, but is near to a read */
	bool followed;		    /* the next stretch was requested, or need not be */
	bool stale;		    /* out of date: freed as soon as possible */
};

/*
 * Stretches that will be read soon wait in a queue; as many as there are slots have been requested
 * or have arrived.
 *
 *   A1  no slot with a request in flight, or with users, is freed
 *   A2  a slot that is not stale holds the server's data of some time since it was requested, and
 *       nothing was written there since
 */
struct nbd_ahead {
	pthread_mutex_t lock; /* of all below */
	struct nbd_slot slots[NBD_SLOTS];
	unsigned slot_count;   /* that may be used */
	size_t piece;	       /* maximum bytes of a slot */
	size_t around;	       /* bytes that are read in place of a few */
	size_t gap;	       /* bytes between two wishes that are read to save a request */
	uint64_t order[2];     /* slots so far, short and long ones */
	uint64_t reached[2];   /* the last one that was read from */
	unsigned missed;       /* consecutive reads that no slot could serve */
	struct e4z_span *wish; /* a ring of NBD_WISHES */
	unsigned first, count; /* in it */
};

/* ---- where zeroes are ---- */

struct nbd_stretch {
	uint64_t start, end;
	bool zero; /* otherwise any bytes */
	bool hole; /* not allocated, as the server reports it */
};

VEC(nbd_stretch_vec, struct nbd_stretch);

struct nbd_map {
	pthread_mutex_t lock;
	bool off;		    /* the server cannot be asked, or its replies are useless */
	struct nbd_stretch_vec all; /* the known stretches, in order */
	uint64_t calls, told;	    /* requests, and bytes that the replies covered */
	uint64_t ask;		    /* bytes of the next request */
	struct e4z_span fine;	    /* not worth asking about */
};

/* ---- the carrier ---- */

/* The sizes of an export, in bytes; -1: the server reports none. */
struct nbd_sizes {
	int64_t size, min, max;
};

enum nbd_known { NBD_NEW, NBD_SAME, NBD_OTHER };

struct nbd_disk {
	struct nbd_api api;
	struct nbd_options how;
	bool local;			   /* the first connection is not over a network */
	struct nbd_link *links[NBD_LINKS]; /* the first one is up; others may come up */
	struct nbd_sizes said;		   /* over the first one, and whether the others say that */
	_Atomic enum nbd_known known[NBD_LINKS];
	unsigned count;
	_Atomic unsigned turn;
	_Atomic bool wrote; /* from then on only the first one is used */
	uint64_t size;
	uint32_t min, max; /* bytes: requests are multiples of min, and not longer than max */
	unsigned depth;
	bool read_only, can_zero, fast_zero;
	struct nbd_ahead ahead;
	struct nbd_map map;
	struct rangeset *reserved; /* reserved pieces of NBD_RESERVED bytes; NULL: none yet */
};

/* Space is reserved in pieces of so many bytes, or of a server's block if that is larger. */
#define NBD_RESERVED 4096u

static inline struct nbd_disk *nbd_disk_of(const struct blkdev *dev)
{
	return dev->carrier;
}

/* AT rounded up to a block of the server. */
static inline uint64_t nbd_round_up(const struct nbd_disk *disk, uint64_t at)
{
	return at + (disk->min - at % disk->min) % disk->min;
}

/* What is said over LINK. */
struct nbd_sizes nbd_sizes_of(struct nbd_link *link);
/* The connection for the next read. */
struct nbd_link *nbd_disk_pick(struct nbd_disk *disk);
/* Returns ERR of a request; if the connection was lost, that is recorded in DEV. */
errcode_t nbd_disk_note(struct blkdev *dev, errcode_t err);
/* Read without the slots. [AT, AT + LEN) is in the export; it need not be aligned. */
errcode_t nbd_disk_read_now(struct blkdev *dev, uint64_t at, uint64_t len, void *buf);

/* 0 or ENOMEM. */
errcode_t nbd_ahead_init(struct nbd_ahead *ahead, bool local, uint32_t max);
/* Call it after all connections are closed. */
void nbd_ahead_free(struct nbd_ahead *ahead);
/* Copy [AT, AT + LEN) into BUF if slots have all of it; with WAIT also if it was requested. */
bool nbd_ahead_take(struct blkdev *dev, uint64_t at, size_t len, void *buf, bool wait);
/* Request the surroundings of a short [AT, AT + LEN) too; false: it must be read alone. */
bool nbd_ahead_around(struct blkdev *dev, uint64_t at, uint64_t len);
/* [AT, AT + LEN) is read otherwise. */
void nbd_ahead_miss(struct blkdev *dev, uint64_t at, uint64_t len);
/* It will be read soon. */
void nbd_ahead_wish(struct blkdev *dev, uint64_t at, uint64_t len);
/* The range has been written. */
void nbd_ahead_drop(struct blkdev *dev, uint64_t at, uint64_t len);

/* MAP is all zero. */
void nbd_map_init(struct nbd_map *map);
void nbd_map_free(struct nbd_map *map);
/* As next_data of struct blkdev_ops. */
bool nbd_map_next(struct blkdev *dev, uint64_t at, uint64_t *start, uint64_t *end);
/* The stretch at AT as far as it is known: END > AT, ZERO and HOLE. False: not known. */
bool nbd_map_at(struct blkdev *dev, uint64_t at, struct nbd_stretch *stretch);
/* It has changed. */
void nbd_map_forget(struct nbd_map *map, uint64_t at, uint64_t len);

/* The functions of struct blkdev_ops that write. */
errcode_t nbd_disk_make_writable(struct blkdev *dev);
errcode_t nbd_disk_writev(struct blkdev *dev, uint64_t at, const struct iovec *pieces, size_t count,
			  uint64_t *written);
errcode_t nbd_disk_zero(struct blkdev *dev, uint64_t at, uint64_t len, bool *asked);
errcode_t nbd_disk_sync(struct blkdev *dev);
errcode_t nbd_disk_reserve(struct blkdev *dev, uint64_t at, uint64_t len, bool spare);

#endif
