// SPDX-License-Identifier: GPL-2.0-or-later
// Looks up the name of a host within a time limit.
#ifdef HAVE_LIBNBD
#include "nbd/nbd_dial.h"

#include "errors.h"
#include "io/clock.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_NS 100000000L /* the interval at which *STOP is read */

/* Shared by the thread and its caller; the last of the two frees it. */
struct call {
	struct nbd_api api;
	struct nbd_handle *handle;
	char *uri;
	errcode_t err;
	char why[256];
	sem_t over;
	bool gone;	   /* the caller has left HANDLE to the thread */
	_Atomic bool left; /* one of the two does not use this any more */
};

static void free_call(struct call *call)
{
	if (call->gone)
		call->api.close(call->handle);
	sem_destroy(&call->over);
	free(call->uri);
	free(call);
}

static void *dial(void *arg)
{
	struct call *call = arg;
	const struct nbd_api *api = &call->api;

	if (api->aio_connect_uri(call->handle, call->uri) < 0) {
		call->err = api->get_errno();
		call->err = call->err ? call->err : EPROTO;
		nbd_words(api, call->why, sizeof(call->why));
	}
	sem_post(&call->over);
	if (atomic_exchange(&call->left, true))
		free_call(call);
	return NULL;
}

/* Signals of the process are handled by other threads. */
static int start_thread(struct call *call)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;
	int err = pthread_attr_init(&attr);

	if (err)
		return err;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread, &attr, dial, call);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return err;
}

/* True: the lookup has ended; false: waiting ended with *ERR. */
static bool await(struct call *call, unsigned timeout_s, const volatile int *stop, errcode_t *err)
{
	const uint64_t end = clock_now_ms() + (uint64_t)timeout_s * 1000;

	*err = ETIMEDOUT;
	while (clock_now_ms() < end) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += LOOK_NS;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		if (!sem_timedwait(&call->over, &until))
			return true;
		if (stop && *stop) {
			*err = E4Z_ET_INTERRUPTED;
			return false;
		}
	}
	return false;
}

errcode_t nbd_dial(const struct nbd_api *api, struct nbd_handle *handle, const char *uri,
		   unsigned timeout_s, const volatile int *stop, bool *gone, char *why,
		   size_t why_size)
{
	struct call *call = calloc(1, sizeof(*call));
	errcode_t err;

	*gone = false;
	if (!call)
		return ENOMEM;
	call->api = *api;
	call->handle = handle;
	call->uri = strdup(uri);
	sem_init(&call->over, 0, 0);
	err = call->uri ? start_thread(call) : ENOMEM;
	if (err) {
		free_call(call);
		return err;
	}
	*gone = call->gone = !await(call, timeout_s, stop, &err);
	if (!*gone) {
		err = call->err;
		snprintf(why, why_size, "%s", call->why);
	}
	if (atomic_exchange(&call->left, true))
		free_call(call);
	return err;
}
#endif
