// SPDX-License-Identifier: GPL-2.0-or-later
// Sends requests over a connection to an NBD server, and waits for them.
#ifdef HAVE_LIBNBD
#include "nbd/nbd_link.h"

#include "errors.h"
#include "io/clock.h"
#include "nbd/nbd_link_state.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* Time limit for disconnecting from a server that does not answer, ms. */
#define GOODBYE 500
/* The interval at which STOP is read; then the time without a reply that ends a write. ms. */
#define LOOK 100
#define STOP_SILENCE 5000

/* ---- the handle ---- */

/* CLOCK_MONOTONIC: setting the time must not end a request. */
static int init_moved(pthread_cond_t *moved)
{
	pthread_condattr_t attr;
	int err = pthread_condattr_init(&attr);

	if (err)
		return err;
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	err = pthread_cond_init(moved, &attr);
	pthread_condattr_destroy(&attr);
	return err;
}

errcode_t nbd_link_new(const struct nbd_api *api, unsigned timeout_s, const volatile int *stop,
		       struct nbd_link **out)
{
	struct nbd_link *link = calloc(1, sizeof(*link));
	int err = link ? init_moved(&link->moved) : ENOMEM;

	*out = NULL;
	if (err) {
		free(link);
		return err;
	}
	pthread_mutex_init(&link->lock, NULL);
	link->api = api;
	link->timeout = (uint64_t)timeout_s * 1000;
	link->stop = stop;
	link->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = link->wake < 0 ? errno : 0;
	link->handle = api->create();
	if (!err && !link->handle)
		err = ENOMEM;
	if (err)
		nbd_link_free(link);
	else
		*out = link;
	return err;
}

/* Send NBD_CMD_DISC, unless sending it would block. */
static void say_goodbye(struct nbd_link *link)
{
	const struct nbd_api *api = link->api;
	struct pollfd fd = {.fd = api->aio_get_fd(link->handle), .events = POLLOUT};

	if (api->aio_disconnect(link->handle, 0) < 0)
		return;
	while (api->aio_get_direction(link->handle) & LIBNBD_AIO_DIRECTION_WRITE)
		if (poll(&fd, 1, GOODBYE) != 1 || api->aio_notify_write(link->handle) < 0)
			break;
}

void nbd_link_free(struct nbd_link *link)
{
	if (!link)
		return;
	if (link->handle && link->ready)
		say_goodbye(link);
	if (link->handle)
		link->api->close(link->handle);
	if (link->wake >= 0)
		close(link->wake);
	pthread_cond_destroy(&link->moved);
	pthread_mutex_destroy(&link->lock);
	free(link);
}

/* ---- waiting ---- */

static void wake_poller(const struct nbd_link *link)
{
	const uint64_t one = 1;

	/* if the counter is full, the thread has been woken already */
	if (link->polling && write(link->wake, &one, sizeof(one)) < 0)
		return;
}

void nbd_link_lose(struct nbd_link *link, errcode_t err)
{
	if (!link->handle)
		return;
	if (!err) {
		int code = link->api->get_errno();

		nbd_words(link->api, link->why, sizeof(link->why));
		err = code ? code : link->ready ? ENOTCONN : EPROTO;
	}
	link->lost = err;
	link->api->close(link->handle);
	link->handle = NULL;
	wake_poller(link);
	pthread_cond_broadcast(&link->moved);
}

void nbd_link_notify(struct nbd_link *link, short events)
{
	const struct nbd_api *api = link->api;
	unsigned direction = api->aio_get_direction(link->handle);
	int err = 0;

	/* replies first: they belong to older requests than those that wait to be sent */
	if (direction & LIBNBD_AIO_DIRECTION_READ && events & (POLLIN | POLLHUP | POLLERR)) {
		err = api->aio_notify_read(link->handle);
	} else if (direction & LIBNBD_AIO_DIRECTION_WRITE &&
		   events & (POLLOUT | POLLHUP | POLLERR)) {
		err = api->aio_notify_write(link->handle);
	}
	if (err < 0 || api->aio_is_dead(link->handle) || api->aio_is_closed(link->handle))
		nbd_link_lose(link, 0);
}

static short events_of(unsigned direction)
{
	return (short)((direction & LIBNBD_AIO_DIRECTION_READ ? POLLIN : 0) |
		       (direction & LIBNBD_AIO_DIRECTION_WRITE ? POLLOUT : 0));
}

/*
 * Wake the other threads only if a request was done: one of them, or the thread that polled, then
 * leaves, and another one must poll.
 */
static void tell(struct nbd_link *link)
{
	if (link->waiting && link->ended)
		pthread_cond_broadcast(&link->moved);
	link->ended = false;
}

/* This thread waits for the socket. */
static void poll_socket(struct nbd_link *link, uint64_t deadline)
{
	struct pollfd fds[2] = {{.fd = link->wake, .events = POLLIN},
				{.fd = link->api->aio_get_fd(link->handle)}};
	uint64_t now = clock_now_ms(), count;

	link->direction = link->api->aio_get_direction(link->handle);
	fds[1].events = events_of(link->direction);
	link->polling = true;
	pthread_mutex_unlock(&link->lock);
	/* a signal ends poll(2): all threads that wait read STOP again */
	if (poll(fds, 2, deadline > now ? (int)(deadline - now) : 0) < 0)
		fds[0].revents = fds[1].revents = 0;
	pthread_mutex_lock(&link->lock);
	link->polling = false;
	if (fds[0].revents && read(link->wake, &count, sizeof(count)) < 0)
		fds[0].revents = 0;
	if (link->handle && fds[1].revents)
		nbd_link_notify(link, fds[1].revents);
	tell(link);
}

/* The end of the wait for a request sent at SINCE; 0: it is over, with *ERR. */
static uint64_t patience(struct nbd_link *link, uint64_t since, errcode_t *err)
{
	/* each completed request extends the wait for the others: slow is not silent */
	uint64_t now = clock_now_ms(), from = since > link->progress ? since : link->progress;
	uint64_t end = from + link->timeout;

	*err = ETIMEDOUT;
	if (link->stop && *link->stop) {
		link->stopped = link->stopped ? link->stopped : now;
		from = link->stopped > from ? link->stopped : from;
		/* a transaction that has begun should be completed */
		if (!link->wrote || now >= from + STOP_SILENCE) {
			*err = link->wrote ? ECANCELED : E4Z_ET_INTERRUPTED;
			return 0;
		}
	}
	if (now >= end)
		return 0;
	return link->stop && end > now + LOOK ? now + LOOK : end;
}

void nbd_link_turn(struct nbd_link *link, uint64_t since)
{
	errcode_t err;
	uint64_t deadline = patience(link, since, &err);
	const struct timespec until = {.tv_sec = (time_t)(deadline / 1000),
				       .tv_nsec = (long)(deadline % 1000) * 1000000};

	if (!deadline) {
		nbd_link_lose(link, err);
		return;
	}
	if (!link->polling) {
		poll_socket(link, deadline);
		return;
	}
	link->waiting++;
	pthread_cond_timedwait(&link->moved, &link->lock, &until);
	link->waiting--;
}

/* ---- requests ---- */

static int end_request(void *arg, int *error)
{
	struct nbd_request *request = arg;

	request->err = *error;
	request->link->progress = clock_now_ms();
	request->link->ended = true;
	atomic_store(&request->done, true);
	return 1;
}

static int64_t issue(struct nbd_link *link, struct nbd_request *r)
{
	const struct nbd_api *api = link->api;
	const nbd_completion_callback end = {.callback = end_request, .user_data = r};

	switch (r->op) {
	case NBD_READ:
		(void)api->set_pread_initialize(link->handle, !r->filled);
		return api->aio_pread(link->handle, r->buf, r->len, r->at, end, r->flags);
	case NBD_WRITE: return api->aio_pwrite(link->handle, r->buf, r->len, r->at, end, r->flags);
	case NBD_ZERO: return api->aio_zero(link->handle, r->len, r->at, end, r->flags);
	case NBD_FLUSH: return api->aio_flush(link->handle, end, r->flags);
	case NBD_STATUS:
		return api->aio_block_status(
			link->handle, r->len, r->at,
			(nbd_extent_callback){.callback = r->extents, .user_data = r->arg}, end,
			r->flags);
	}
	return -1;
}

void nbd_link_send(struct nbd_link *link, struct nbd_request *request)
{
	errcode_t err = 0;

	request->link = link;
	request->since = clock_now_ms();
	atomic_store(&request->done, false);
	pthread_mutex_lock(&link->lock);
	link->wrote |= (request->op == NBD_WRITE && !request->again) || request->op == NBD_ZERO;
	if (!link->handle) {
		err = link->lost;
	} else if (issue(link, request) < 0) {
		err = link->api->get_errno();
		err = err ? err : EIO;
		if (link->api->aio_is_dead(link->handle))
			nbd_link_lose(link, 0);
	} else if (link->polling && link->api->aio_get_direction(link->handle) & ~link->direction) {
		wake_poller(link);
	}
	/* the request may be done already, by libnbd */
	if (err && !atomic_load(&request->done)) {
		request->err = err;
		atomic_store(&request->done, true);
	}
	pthread_mutex_unlock(&link->lock);
}

errcode_t nbd_link_wait(struct nbd_request *request)
{
	struct nbd_link *link = request->link;
	errcode_t err;

	if (atomic_load(&request->done) && !request->err)
		return 0;
	pthread_mutex_lock(&link->lock);
	while (!atomic_load(&request->done) && link->handle)
		nbd_link_turn(link, request->since);
	err = atomic_load(&request->done) ? request->err : link->lost;
	/* libnbd completes requests in flight with its own error */
	if (err && link->lost)
		err = link->lost;
	pthread_mutex_unlock(&link->lock);
	return err;
}

void nbd_link_glance(struct nbd_link *link)
{
	struct pollfd fd = {.fd = link->api->aio_get_fd(link->handle),
			    .events = events_of(link->api->aio_get_direction(link->handle))};

	/* if notified of input that does not exist, libnbd would block and not send */
	if (poll(&fd, 1, 0) == 1)
		nbd_link_notify(link, fd.revents);
}

void nbd_link_pump(struct nbd_link *link)
{
	if (pthread_mutex_trylock(&link->lock))
		return;
	if (link->handle && link->ready && !link->polling)
		nbd_link_glance(link);
	tell(link);
	pthread_mutex_unlock(&link->lock);
}

errcode_t nbd_link_lost(struct nbd_link *link)
{
	errcode_t err;

	pthread_mutex_lock(&link->lock);
	err = link->ready ? link->lost : 0;
	pthread_mutex_unlock(&link->lock);
	return err;
}
#endif
