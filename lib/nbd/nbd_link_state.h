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
	char why[NBD_WHY]; /* libnbd's words */
	bool ready;	   /* connected, some time ago */
	bool polling;	   /* a thread is in poll(2), for these: */
	unsigned direction;
	bool ended;	   /* a request was done since MOVED was signalled */
	unsigned waiting;  /* threads that wait for MOVED */
	int wake;	   /* an eventfd that ends poll(2) */
	uint64_t timeout;  /* ms */
	uint64_t progress; /* ms, when a request was done last */
	const volatile int *stop;
	uint64_t stopped; /* ms, when that was seen; 0: never */
	bool wrote;	  /* or tried to */
};

/* All of them with the lock. */

/* Lose the connection: for ERR, or for what libnbd says if that is 0. */
void nbd_link_lose(struct nbd_link *link, errcode_t err);
/*
 * Wait for the socket, or for another thread that does, a moment at most; no lock meanwhile. What
 * is waited for was asked for at SINCE, in ms: if that is too long ago, lose the connection.
 */
void nbd_link_turn(struct nbd_link *link, uint64_t since);
/* Do what can be done without waiting. */
void nbd_link_glance(struct nbd_link *link);
/* Take what has arrived, and send what waits, by EVENTS of poll(2). */
void nbd_link_notify(struct nbd_link *link, short events);

#endif
