// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A child that ends when this process does. The kernel tells a child of the death of the thread
 * that has made it, not of the process: that thread is one that lives as long as the child.
 */
#include "origin/keeper.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

struct keeper {
	pthread_t thread;
	sem_t started, over;
	const struct spawn *s;
	struct spawned *child;
	errcode_t err;
};

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem) < 0 && errno == EINTR)
		;
}

static void *keep(void *arg)
{
	struct keeper *keeper = arg;

	keeper->err = spawn_start(keeper->s, keeper->child);
	sem_post(&keeper->started);
	wait_for(&keeper->over);
	return NULL;
}

/* The signals of this process are for its other threads. */
static int start_thread(struct keeper *keeper)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&keeper->thread, NULL, keep, keeper);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

errcode_t keeper_start(const struct spawn *s, struct spawned *child, struct keeper **out)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));
	errcode_t err;

	*out = NULL;
	if (!keeper)
		return ENOMEM;
	keeper->s = s;
	keeper->child = child;
	sem_init(&keeper->started, 0, 0);
	sem_init(&keeper->over, 0, 0);
	err = start_thread(keeper);
	if (err) {
		free(keeper);
		return err;
	}
	wait_for(&keeper->started);
	/* it does not use these any more */
	keeper->s = NULL;
	keeper->child = NULL;
	err = keeper->err;
	if (err)
		keeper_end(keeper);
	else
		*out = keeper;
	return err;
}

void keeper_end(struct keeper *keeper)
{
	if (!keeper)
		return;
	sem_post(&keeper->over);
	pthread_join(keeper->thread, NULL);
	sem_destroy(&keeper->started);
	sem_destroy(&keeper->over);
	free(keeper);
}
