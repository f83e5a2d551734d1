// SPDX-License-Identifier: GPL-2.0-or-later
// Two workers of the pool increment a counter without synchronisation: tools must report the race.
#include "base/pool.h"

#include <pthread.h>
#include <unistd.h>

static uint64_t count;
static pthread_barrier_t both_counted;

static errcode_t job(void *arg, unsigned worker, uint64_t number)
{
	(void)arg, (void)worker, (void)number;
	count++;
	/* none does both jobs, and nothing before this orders the two */
	pthread_barrier_wait(&both_counted);
	return 0;
}

int main(void)
{
	alarm(60);
	return pthread_barrier_init(&both_counted, NULL, 2) || pool_run(2, 2, job, NULL, NULL) ||
	       !count;
}
