/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says of each crash state whether it is in its class: the table of the design's first section. */
#ifndef TESTS_CRASH_JUDGE_H
#define TESTS_CRASH_JUDGE_H

#include "base.h"
#include "disk/states.h"
#include "outside.h"
#include "stale.h"
#include "work.h"

#define REFERENCES 64
#define MEMORY (1u << 14) /* cached verdicts */

/* The state of a file system, in brief. */
struct result {
	uint64_t content; /* of the disks, when the verdict was given */
	bool known, ok, recover, content_ok, none_ok, canary, valid;
	uint64_t digest; /* meta in ordered mode, else all */
	char why[160];
	struct fresh fresh;
};

struct counts {
	uint64_t states, distinct, kind[STATE_KINDS];
	uint64_t before, after, between; /* by the result of recovery */
	uint64_t torn_super, torn_super_refused, overlay, nested, failed;
	uint64_t outside[OUTSIDE_JUDGES], torn_super_mended[OUTSIDE_JUDGES];
	uint64_t write_errors;
	uint64_t again;		     /* fixed once more */
	uint64_t past, past_written; /* checked past EOF; of these with bytes of the edit there */
};

struct court {
	struct disks *disks;
	const struct workload *work;
	const char *label;
	enum journal_place place;
	enum e4z_data_mode data;
	bool metadata_csum;
	unsigned outside_every, nested_every, overlay_every;
	unsigned again_every; /* 0: the edit is not --fix --all */
	const char *keep;     /* a directory for failing states; NULL */
	uint64_t seed;
	uint8_t *log_super;
	const uint8_t *base; /* the original image, for names */
	bool restless;	     /* e2fsck and the kernel change more of the image than its log does */
	uint64_t *behind;    /* written blocks past EOF before a fix */
	size_t behind_count, behind_room;
	struct verdict before, after;
	struct stale stale;		/* past EOF, before */
	uint64_t reference[REFERENCES]; /* digests, in the order of the transactions */
	size_t references;
	size_t group, low, high; /* the references that states of this group may reach */
	struct result *memory;
	uint64_t *seen; /* hashes of states */
	size_t seen_count, seen_room;
	struct counts counts;
	unsigned complaints;
};

void court_open(struct court *court);
void court_close(struct court *court);

/* The current state of the disks, without their log. */
struct result court_look(struct court *court);

/* A state of the record that is being walked; for states_each. */
void court_judge(void *arg, const struct state *state);

/* The disks must recover to a reference from LOW to HIGH. Returns which one, or -1. */
int court_recover(struct court *court, const struct state *state, size_t low, size_t high);

/* Let the library replay the log of the disks, and record that in RECORD. */
errcode_t court_replay(struct court *court, struct record *record, char *why, size_t size);

__attribute__((format(printf, 3, 4))) void
court_complain(struct court *court, const struct state *state, const char *format, ...);

/* Fix the disks again, unless e2fsck has to repair them first. */
void court_fix_again(struct court *court, const struct state *state);

/* Every K-th state, including the last ones of torn superblocks and of rare kinds. */
void court_ask_outside(struct court *court, const struct state *state, int index, size_t low,
		       size_t high);

#endif
