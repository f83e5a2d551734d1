// SPDX-License-Identifier: GPL-2.0-or-later
// The heartbeat: a new number in the block of multiple mount protection each interval, by a thread
// of its own, since what is done meanwhile may take long.
#include "base/bytes.h"
#include "errors.h"
#include "open/mmp_state.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

uint64_t mmp_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

errcode_t mmp_beat(struct mmp *m)
{
	uint64_t now = mmp_now();
	uint32_t seq = get_le32(&m->ours.mmp_seq);
	errcode_t err = mmp_still(m, &m->ours);

	if (!err) {
		put_le32(&m->ours.mmp_seq, seq < EXT4_MMP_SEQ_MAX ? seq + 1 : 1);
		put_le64(&m->ours.mmp_time, (uint64_t)time(NULL));
		err = mmp_write(m, &m->ours);
	}
	m->seen_at = now;
	if (err) {
		m->state = MMP_LOST;
		m->err = err;
	}
	return err;
}

static void *run(void *arg)
{
	struct mmp *m = arg;

	pthread_mutex_lock(&m->lock);
	while (!m->stop && m->state == MMP_TAKEN) {
		uint64_t next = m->seen_at + m->interval * UINT64_C(1000);
		struct timespec at = {.tv_sec = (time_t)(next / 1000),
				      .tv_nsec = (long)(next % 1000) * 1000000};

		if (mmp_now() >= next)
			(void)mmp_beat(m);
		else
			pthread_cond_timedwait(&m->wake, &m->lock, &at);
	}
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

errcode_t mmp_beat_start(struct mmp *m)
{
	sigset_t all, before;
	int err;

	/* signals are for the threads of the caller */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	m->stop = false;
	err = pthread_create(&m->thread, NULL, run, m);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	m->running = !err;
	return err;
}

void mmp_beat_stop(struct mmp *m)
{
	if (!m->running)
		return;
	pthread_mutex_lock(&m->lock);
	m->stop = true;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->lock);
	pthread_join(m->thread, NULL);
	m->running = false;
}
