/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame of the property tests: a file system with one file, the ways to edit it, complaints. */
#ifndef TESTS_PROPS_PROPS_H
#define TESTS_PROPS_PROPS_H

#include "content.h"
#include "small.h"

#define ACTS 200
#define LONGEST 3
#define PROPS 29 /* invariants of tests/README.md */

struct start {
	const char *states;
	unsigned quarters; /* of a block: the size */
};

/* A sequence, and the way in which it is done. */
struct sequence {
	const struct start *start;
	struct act act[LONGEST];
	unsigned length;
	const struct e4z_edit_options *way;
};

struct props {
	struct small small;
	uint8_t *fresh; /* the image as it was made */
	uint32_t ino;	/* of /f */
	struct model before;
	uint8_t past[MODEL_BYTES];  /* what is past its EOF before */
	unsigned at[MODEL_BLOCKS];  /* where its blocks are afterwards; MODEL_BLOCKS: nowhere */
	uint64_t checks[PROPS + 1]; /* of each invariant */
	uint64_t sequences, committed, states;
	struct content content;
	struct model model;
};

/* Invariant N holds for SEQUENCE, or everything stops with a description. */
#define INVARIANT(p, seq, n, what)                                                                 \
	do {                                                                                       \
		(p)->checks[n]++;                                                                  \
		if (!(what))                                                                       \
			props_broken(p, seq, n, #what, __FILE__, __LINE__);                        \
	} while (0)

__attribute__((noreturn)) void props_broken(const struct props *p, const struct sequence *seq,
					    int n, const char *what, const char *file, int line);

/* ACT, which is LEGAL or not, came to ERR. */
bool props_as_said(const struct props *p, const struct act *act, bool legal, errcode_t err);

/* Commit SEQ and look at what was written, in which order, and what every prefix of it leaves. */
void durable_run(struct props *p, const struct sequence *seq, bool every_state);

#endif
