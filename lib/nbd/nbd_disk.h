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

/* A stretch that was asked for before it is read. */
struct nbd_slot {
	struct nbd_request request; /* READ; the slot is free if it has no buffer */
	void *memory;		    /* for its buffer, of the size of a piece; NULL: not yet */
	uint64_t order;		    /* its number in the order of slots of its row */
	unsigned users;		    /* who copies from it, or waits for it */
	bool is_long;		    /* its row: blocks of a tree must not count for tables */
	bool around;		    /* it was not asked for, but is near to what is read */
	bool followed;		    /* what follows was sent for, or need not be */
	bool stale;		    /* out of date: freed as soon as possible */
};

/*
 * Stretches that will be read soon wait in a queue; as many as there are slots are in flight
 * or here.
 *
 *   A1  no slot that a request is in flight for, or that has users, is freed
 *   A2  a slot that is not stale holds what the server has had at some time since it was asked for,
 *       and nothing was written there since
 */
struct nbd_ahead {
	pthread_mutex_t lock; /* of all below */
	struct nbd_slot slots[NBD_SLOTS];
	unsigned slot_count;   /* that may be used */
	size_t piece;	       /* bytes of a slot, at most */
	size_t around;	       /* bytes that are read where a few are wanted */
	size_t gap;	       /* bytes that are read over, to ask once and not twice */
	uint64_t order[2];     /* slots so far, short and long ones */
	uint64_t reached[2];   /* the last one that was read from */
	unsigned missed;       /* reads in a row that found nothing */
	struct e4z_span *wish; /* a ring of NBD_WISHES */
	unsigned first, count; /* in it */
};

/* ---- where zeroes are ---- */

struct nbd_stretch {
	uint64_t start, end;
	bool zero; /* otherwise it can be anything */
	bool hole; /* not allocated, as the server reports it */
};

VEC(nbd_stretch_vec, struct nbd_stretch);

struct nbd_map {
	pthread_mutex_t lock;
	bool off;		    /* the server cannot be asked, or answers nonsense */
	struct nbd_stretch_vec all; /* what is known, in order */
	uint64_t calls, told;	    /* requests, and bytes that their answers covered */
	uint64_t ask;		    /* bytes that the next question is about */
	struct e4z_span fine;	    /* not worth asking about */
};

/* ---- the carrier ---- */

/* What a server says of an export, in bytes; -1: nothing. */
struct nbd_sizes {
	int64_t size, min, max;
};

enum nbd_known { NBD_NEW, NBD_SAME, NBD_OTHER };

struct nbd_disk {
	struct nbd_api api;
	struct nbd_link *links[NBD_LINKS]; /* the first one is up; others may come up */
	struct nbd_sizes said;		   /* over the first one, and whether the others say that */
	_Atomic enum nbd_known known[NBD_LINKS];
	unsigned count;
	_Atomic unsigned turn;
	_Atomic bool wrote; /* from then on all goes over the first one */
	uint64_t size;
	uint32_t min, max; /* bytes: what requests are a multiple of; of one at most */
	unsigned depth;
	bool read_only, can_zero, fast_zero;
	struct nbd_ahead ahead;
	struct nbd_map map;
	struct rangeset *reserved; /* in such pieces: NBD_RESERVED; NULL: nothing yet */
};

/* Room is made in pieces of so many bytes, or of a block of the server's if that is larger. */
#define NBD_RESERVED 4096u

static inline struct nbd_disk *nbd_disk_of(const struct blkdev *dev)
{
	return dev->carrier;
}

/* The end of the server's block that has the byte before AT. */
static inline uint64_t nbd_round_up(const struct nbd_disk *disk, uint64_t at)
{
	return at + (disk->min - at % disk->min) % disk->min;
}

/* What is said over LINK. */
struct nbd_sizes nbd_sizes_of(struct nbd_link *link);
/* The connection for the next read. */
struct nbd_link *nbd_disk_pick(struct nbd_disk *disk);
/* ERR of a request: if a connection was lost, DEV says so from now on. */
errcode_t nbd_disk_note(struct blkdev *dev, errcode_t err);
/* Read without the slots. [AT, AT + LEN) is inside; it needs not be aligned. */
errcode_t nbd_disk_read_now(struct blkdev *dev, uint64_t at, uint64_t len, void *buf);

/* 0 or ENOMEM. */
errcode_t nbd_ahead_init(struct nbd_ahead *ahead, bool local, uint32_t max);
/* When there are no connections any more. */
void nbd_ahead_free(struct nbd_ahead *ahead);
/* Copy [AT, AT + LEN) into BUF if slots have all of it; with WAIT also if it is on its way. */
bool nbd_ahead_take(struct blkdev *dev, uint64_t at, size_t len, void *buf, bool wait);
/* Have a slot read all that is near to a short [AT, AT + LEN); false: it has to be read alone. */
bool nbd_ahead_around(struct blkdev *dev, uint64_t at, uint64_t len);
/* [AT, AT + LEN) is read otherwise. */
void nbd_ahead_miss(struct blkdev *dev, uint64_t at, uint64_t len);
/* It will be read soon. */
void nbd_ahead_wish(struct blkdev *dev, uint64_t at, uint64_t len);
/* It has changed. */
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
