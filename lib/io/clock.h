/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For time limits. To count pauses is not enough: a signal that the program around us handles ends
 * a pause early. Setting the time of the host changes nothing.
 */
#ifndef E4Z_IO_CLOCK_H
#define E4Z_IO_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

#endif
