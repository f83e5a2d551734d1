/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same numbers on every run and machine. */
#ifndef E4Z_TESTS_UNIT_RANDOM_H
#define E4Z_TESTS_UNIT_RANDOM_H

#include <stdint.h>

/* The next number; *STATE must not be 0. */
static inline uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

#endif
