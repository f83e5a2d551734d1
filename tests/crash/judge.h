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
#define MEMORY (1u << 14) /* verdicts remembered */

/* What a file system came to, in a few words. */
struct result {
	uint64_t content; /* of the disks, when the verdict was given */
	bool known, ok, recover, content_ok, none_ok, canary, valid;
	uint64_t digest; /* meta in ordered mode, else all */
	char why[160];
	struct fresh fresh;
};

struct counts {
	uint64_t states, distinct, kind[STATE_KINDS];
	uint64_t before, after, between; /* by what they recover to */
	uint64_t torn_super, torn_super_refused, overlay, nested, failed;
	uint64_t outside[OUTSIDE_JUDGES], torn_super_mended[OUTSIDE_JUDGES];
	uint64_t write_errors;
	uint64_t again;		     /* fixed once more */
	uint64_t past, past_written; /* looked at past EOF; of them with bytes of the edit there */
};

struct court {
	struct disks *disks;
	const struct workload *work;
	const char *label;
	enum journal_place place;
	enum e4z_data_mode data;
	bool metadata_csum;
	unsigned outside_every, nested_every, overlay_every;
	unsigned again_every; /* 0: it is no fix of all */
	const char *keep;     /* a directory for failing states; NULL */
	uint64_t seed;
	uint8_t *log_super;
	const uint8_t *base; /* the image before everything, for names */
	bool restless;	     /* e2fsck and the kernel change more of it than its log says */
	uint64_t *behind;    /* blocks that were written behind EOF before a fix */
	size_t behind_count, behind_room;
	struct verdict before, after;
	struct stale stale;		/* past EOF, before */
	uint64_t reference[REFERENCES]; /* digests, in the order in which they came to be */
	size_t references;
	size_t group, low, high; /* what the states of this group may be */
	struct result *memory;
	uint64_t *seen; /* hashes of states */
	size_t seen_count, seen_room;
	struct counts counts;
	unsigned complaints;
};

void court_open(struct court *court);
void court_close(struct court *court);

/* The disks as they are now, read without looking at any log. */
struct result court_look(struct court *court);

/* A state of the record that is being walked; for states_each. */
void court_judge(void *arg, const struct state *state);

/* The disks, as they are, must recover to reference LOW to HIGH; which one, or -1. */
int court_recover(struct court *court, const struct state *state, size_t low, size_t high);

/* The library replays the log of the disks, and RECORD sees it. */
errcode_t court_replay(struct court *court, struct record *record, char *why, size_t size);

__attribute__((format(printf, 3, 4))) void
court_complain(struct court *court, const struct state *state, const char *format, ...);

/* The disks are fixed once more, unless e2fsck has to repair them first. */
void court_fix_again(struct court *court, const struct state *state);

/* Every K-th state, the last ones of torn superblocks and rare kinds not left out. */
void court_ask_outside(struct court *court, const struct state *state, int index, size_t low,
		       size_t high);

#endif
