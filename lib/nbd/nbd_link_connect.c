// SPDX-License-Identifier: GPL-2.0-or-later
// Makes a connection to an NBD server, in bounded time.
#ifdef HAVE_LIBNBD
#include "errors.h"
#include "io/clock.h"
#include "nbd/nbd_dial.h"
#include "nbd/nbd_link.h"
#include "nbd/nbd_link_state.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Begin to connect to URI; no other thread uses LINK yet. */
static void dial(struct nbd_link *link, const char *uri)
{
	errcode_t err;
	bool gone;

	/* the URI is the user's own, so it may name files of keys and certificates */
	(void)link->api->set_uri_allow_local_file(link->handle, true);
	err = nbd_dial(link->api, link->handle, uri, (unsigned)(link->timeout / 1000), link->stop,
		       &gone, link->why, sizeof(link->why));
	if (gone)
		link->handle = NULL;
	link->lost = err;
	if (err)
		nbd_link_lose(link, err);
}

errcode_t nbd_link_begin(struct nbd_link *link, const char *uri, int socket)
{
	const struct nbd_api *api = link->api;
	int err = api->add_meta_context(link->handle, LIBNBD_CONTEXT_BASE_ALLOCATION);

	if (err < 0 && !uri)
		close(socket);
	if (err >= 0 && uri)
		dial(link, uri);
	else if (err >= 0)
		err = api->aio_connect_socket(link->handle, socket);
	pthread_mutex_lock(&link->lock);
	if (link->handle && (err < 0 || api->aio_is_dead(link->handle)))
		nbd_link_lose(link, 0);
	pthread_mutex_unlock(&link->lock);
	return link->lost;
}

/* The text of an error of connect(2) or of the time limit is sufficient. */
static bool speaks_for_itself(const struct nbd_link *link)
{
	errcode_t err = link->lost;

	if (err == ETIMEDOUT || err == ENOMEM || err == E4Z_ET_INTERRUPTED)
		return true;
	/* a message of the server can come with any code */
	return !strncmp(link->why, "connect", strlen("connect")) &&
	       (err == ECONNREFUSED || err == ENOENT || err == EACCES || err == EHOSTUNREACH ||
		err == ENETUNREACH || err == EPERM);
}

static errcode_t explain(const struct nbd_link *link, char *why, size_t why_size)
{
	if (speaks_for_itself(link)) {
		snprintf(why, why_size, "connecting to the NBD server");
		return link->lost;
	}
	snprintf(why, why_size, "the NBD server cannot be used: %s",
		 *link->why ? link->why : "the connection was closed");
	return E4Z_ET_NBD;
}

/* With the lock. */
static bool is_up(struct nbd_link *link)
{
	link->ready = link->ready || (link->handle && link->api->aio_is_ready(link->handle));
	return link->ready && link->handle;
}

errcode_t nbd_link_finish(struct nbd_link *link, char *why, size_t why_size)
{
	uint64_t since = clock_now_ms();
	errcode_t err = 0;

	pthread_mutex_lock(&link->lock);
	while (!is_up(link) && link->handle)
		nbd_link_turn(link, since);
	if (!link->handle)
		err = explain(link, why, why_size);
	pthread_mutex_unlock(&link->lock);
	return err;
}

bool nbd_link_come_up(struct nbd_link *link)
{
	bool up;

	if (pthread_mutex_trylock(&link->lock))
		return false;
	if (!is_up(link) && link->handle)
		nbd_link_glance(link);
	up = is_up(link);
	pthread_mutex_unlock(&link->lock);
	return up;
}

int64_t nbd_link_ask(struct nbd_link *link, nbd_property *call)
{
	int64_t answer;

	pthread_mutex_lock(&link->lock);
	answer = link->handle ? call(link->api, link->handle) : -1;
	pthread_mutex_unlock(&link->lock);
	return answer;
}

void nbd_link_senders(struct nbd_link *link, int fds[2])
{
	pthread_mutex_lock(&link->lock);
	fds[0] = link->handle ? link->api->aio_get_fd(link->handle) : -1;
	fds[1] = link->wake;
	pthread_mutex_unlock(&link->lock);
}

bool nbd_link_is_local(struct nbd_link *link)
{
	struct sockaddr_storage name = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(name);
	bool local;

	pthread_mutex_lock(&link->lock);
	local = link->handle &&
		!getsockname(link->api->aio_get_fd(link->handle), (struct sockaddr *)&name, &len) &&
		name.ss_family == AF_UNIX;
	pthread_mutex_unlock(&link->lock);
	return local;
}
#endif
