/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded pool of worker threads over numbered jobs. A worker takes the next number, so results
 * are made independent of the number of threads by whoever owns the jobs.
 */
#ifndef E4Z_BASE_POOL_H
#define E4Z_BASE_POOL_H

#include <et/com_err.h>
#include <stdint.h>

/*
 * Run work(arg, worker, job) for every job in [0, jobs) on up to WORKERS threads (0 <= worker <
 * workers), the caller's being one of them; with one worker no thread is made. After a failure no
 * new job starts; returns the first failure of the lowest-numbered job that failed. WATCH, if not
 * NULL, is called by the calling thread between its jobs with the number of jobs taken so far; its
 * non-zero result ends the run like a failure.
 */
errcode_t pool_run(unsigned workers, uint64_t jobs,
		   errcode_t (*work)(void *arg, unsigned worker, uint64_t job),
		   errcode_t (*watch)(void *arg, uint64_t taken), void *arg);

/* Processors that this process may use, at least 1. */
unsigned pool_processors(void);

#endif
