/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of nbd_link. */
#ifndef E4Z_NBD_NBD_LINK_STATE_H
#define E4Z_NBD_NBD_LINK_STATE_H

#include "nbd/nbd_link.h"
#include <pthread.h>

#define NBD_WHY 256

struct nbd_link {
	const struct nbd_api *api;
	pthread_mutex_t lock;	   /* of all below */
	pthread_cond_t moved;	   /* the socket was polled, or the connection lost */
	struct nbd_handle *handle; /* NULL: lost */
	errcode_t lost;
	char why[NBD_WHY]; /* the message of libnbd */
	bool ready;	   /* connected, some time ago */
	bool polling;	   /* a thread is in poll(2), for these events: */
	unsigned direction;
	bool ended;	   /* a request was done since MOVED was signalled */
	unsigned waiting;  /* threads that wait for MOVED */
	int wake;	   /* an eventfd that ends poll(2) */
	uint64_t timeout;  /* ms */
	uint64_t progress; /* ms, when the last request was done */
	const volatile int *stop;
	uint64_t stopped; /* ms, when that was first seen; 0: never */
	bool wrote;	  /* a write was sent, or should have been */
};

/* These require the lock. */

/* End the connection with ERR or, if that is 0, with the error of libnbd. */
void nbd_link_lose(struct nbd_link *link, errcode_t err);
/*
 * Wait for the socket, or for another thread that does, for a moment; the lock is released
 * meanwhile. If SINCE, the time of the request in ms, is too long ago, end the connection.
 */
void nbd_link_turn(struct nbd_link *link, uint64_t since);
/* Receive and send as much as is possible without waiting. */
void nbd_link_glance(struct nbd_link *link);
/* Receive and send, according to EVENTS of poll(2). */
void nbd_link_notify(struct nbd_link *link, short events);

#endif
