// SPDX-License-Identifier: GPL-2.0-or-later
// A bounded pool of threads that take numbered jobs in order.
#include "base/pool.h"

#include "base/cleanup.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

struct pool {
	uint64_t jobs;
	_Atomic uint64_t next;
	atomic_bool ended;
	errcode_t (*work)(void *arg, unsigned worker, uint64_t job);
	void *arg;
	pthread_mutex_t lock; /* of the two below */
	uint64_t failed_job;
	errcode_t failure;
};

struct seat {
	struct pool *pool;
	unsigned worker;
	pthread_t thread;
};

static void fail(struct pool *pool, uint64_t job, errcode_t err)
{
	pthread_mutex_lock(&pool->lock);
	if (!pool->failure || job < pool->failed_job) {
		pool->failure = err;
		pool->failed_job = job;
	}
	pthread_mutex_unlock(&pool->lock);
	atomic_store(&pool->ended, true);
}

/* Take and do one job; false when there is none left. */
static bool take(struct pool *pool, unsigned worker)
{
	uint64_t job;
	errcode_t err;

	if (atomic_load(&pool->ended))
		return false;
	job = atomic_fetch_add(&pool->next, 1);
	if (job >= pool->jobs)
		return false;
	err = pool->work(pool->arg, worker, job);
	if (err)
		fail(pool, job, err);
	return !err;
}

static void *seat_run(void *arg)
{
	const struct seat *seat = arg;

	while (take(seat->pool, seat->worker))
		;
	return NULL;
}

errcode_t pool_run(unsigned workers, uint64_t jobs,
		   errcode_t (*work)(void *arg, unsigned worker, uint64_t job),
		   errcode_t (*watch)(void *arg, uint64_t taken), void *arg)
{
	struct pool pool = {.jobs = jobs, .work = work, .arg = arg};
	AUTO_FREE struct seat *seats = calloc(workers ? workers : 1, sizeof(*seats));
	unsigned started = 1;

	if (!seats)
		return ENOMEM;
	pthread_mutex_init(&pool.lock, NULL);
	for (; started < workers && started < jobs; started++) {
		seats[started] = (struct seat){.pool = &pool, .worker = started};
		/* fewer threads do the same work */
		if (pthread_create(&seats[started].thread, NULL, seat_run, &seats[started]))
			break;
	}
	while (take(&pool, 0)) {
		uint64_t taken = atomic_load(&pool.next);
		errcode_t err = watch ? watch(arg, taken < jobs ? taken : jobs) : 0;

		if (err)
			fail(&pool, jobs, err);
	}
	for (unsigned i = 1; i < started; i++)
		pthread_join(seats[i].thread, NULL);
	pthread_mutex_destroy(&pool.lock);
	return pool.failure;
}

unsigned pool_processors(void)
{
	cpu_set_t set;
	int count = 0;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		count = CPU_COUNT(&set);
	if (count < 1)
		count = (int)sysconf(_SC_NPROCESSORS_ONLN);
	return count < 1 ? 1 : (unsigned)count;
}
