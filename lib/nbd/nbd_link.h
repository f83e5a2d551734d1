/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection to an NBD server, used by any number of threads at once.
 *
 * No thread waits inside libnbd. A thread that waits for its request also waits for the socket, if
 * no other thread does, and then completes the requests of all threads. So no additional thread is
 * needed.
 *
 *   L1  the handle of libnbd is used under the lock only
 *   L2  one thread at most is in poll(2), without the lock
 *   L3  a connection that failed has no handle: no reply is written to memory any more
 */
#ifndef E4Z_NBD_NBD_LINK_H
#define E4Z_NBD_NBD_LINK_H

#include "nbd/nbd_load.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct nbd_link;

enum nbd_op { NBD_READ, NBD_WRITE, NBD_ZERO, NBD_FLUSH, NBD_STATUS };

/* A request; the memory it refers to must exist until nbd_link_wait() has returned. */
struct nbd_request {
	enum nbd_op op;
	uint32_t flags; /* LIBNBD_CMD_FLAG_ */
	uint64_t at, len;
	void *buf;   /* of a read, or of a write, which does not change it */
	bool again;  /* of a write: the bytes are there already */
	bool filled; /* of a read: bytes that a faulty server leaves out may keep their values */
	/* of NBD_STATUS: an nbd_extent_callback, called before the request is done */
	int (*extents)(void *arg, const char *context, uint64_t at, uint32_t *entries, size_t count,
		       int *error);
	void *arg;

	/* the connection's */
	struct nbd_link *link;
	uint64_t since; /* ms, when it was sent */
	_Atomic bool done;
	errcode_t err; /* if done */
};

/*
 * A link without a connection. Connecting, and each request, end after TIMEOUT_S seconds. STOP is
 * that of struct e4z_open_options.
 */
errcode_t nbd_link_new(const struct nbd_api *api, unsigned timeout_s, const volatile int *stop,
		       struct nbd_link **link);
/* Disconnect and free LINK. Requests in flight get no reply. LINK may be NULL. */
void nbd_link_free(struct nbd_link *link);

/* Begin to connect to URI or, if that is NULL, over SOCKET, which LINK takes over. */
errcode_t nbd_link_begin(struct nbd_link *link, const char *uri, int socket);
/* Wait until the connection can be used; WHY as for nbd_open_uri(). */
errcode_t nbd_link_finish(struct nbd_link *link, char *why, size_t why_size);
/* Continue to connect without waiting. True: the connection can be used. */
bool nbd_link_come_up(struct nbd_link *link);

/*
 * Get a property of the export, by a function of libnbd that does not wait, with the lock held. -1:
 * CALL failed.
 */
typedef int64_t nbd_property(const struct nbd_api *api, struct nbd_handle *handle);
int64_t nbd_link_ask(struct nbd_link *link, nbd_property *call);
/* The socket is not one of a network. */
bool nbd_link_is_local(struct nbd_link *link);
/* What it is written to: its socket, -1 if it has none, and what wakes up who waits for it. */
void nbd_link_senders(struct nbd_link *link, int fds[2]);

/* Send REQUEST; an error is returned by nbd_link_wait(). */
void nbd_link_send(struct nbd_link *link, struct nbd_request *request);
/* Wait for it: 0, the error of the server, or the error by which the connection was lost. */
errcode_t nbd_link_wait(struct nbd_request *request);
/* Take what has arrived, without waiting. */
void nbd_link_pump(struct nbd_link *link);
/* The error by which the connection was lost; 0: it was not lost, or never could be used. */
errcode_t nbd_link_lost(struct nbd_link *link);

#endif
