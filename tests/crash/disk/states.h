/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The states that a crash can leave, from a record of what was done.
 *
 * Each disk keeps what it was told before its last barrier. Of what came after it any sectors may
 * be there, in any order. A *group* is what no barrier has made durable when the next one comes.
 */
#ifndef TESTS_CRASH_STATES_H
#define TESTS_CRASH_STATES_H

#include "record.h"

enum state_kind {
	STATE_NONE, /* of the group: nothing */
	STATE_ALL,
	STATE_PREFIX,
	STATE_DROPPED, /* all but one */
	STATE_ALONE,
	STATE_SUBSET,
	STATE_TORN,
	STATE_MIXED, /* some, some torn, in another order */
	STATE_KINDS
};

extern const char *const state_kind_name[STATE_KINDS];

struct state {
	enum state_kind kind;
	size_t group; /* counts barriers */
	size_t at;    /* the step of the record that comes next */
	char text[96];
};

struct states_options {
	size_t limit; /* states to deliver at most, about; 0: all */
	uint64_t seed;
	size_t random; /* random ones in each group */
};

/*
 * Bring RECORD's disks, which hold what was there before it, into one state after the other and
 * call EACH, which leaves them as they are. STATE_NONE and STATE_ALL come first in each group and
 * are never left out. At the end the disks hold the end of the record.
 */
void states_each(const struct record *record, const struct states_options *options,
		 void (*each)(void *arg, const struct state *state), void *arg);

/* A seeded random number. */
uint64_t states_random(uint64_t *seed);

#endif
