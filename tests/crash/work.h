/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The edits that are crashed: small scripts of calls of e4zero.h, one row each in work.c, and their
 * expected results.
 */
#ifndef TESTS_CRASH_WORK_H
#define TESTS_CRASH_WORK_H

#include "e4zero.h"
#include "reader/verify.h"

#define WORK_STEPS 12

/* blocks * block size + bytes */
struct amount {
	int32_t blocks, bytes;
};

struct work_step {
	/* the call; the model in work.c has its meaning */
	errcode_t (*call)(struct e4z_image *img, const char *file, uint64_t a, uint64_t b);
	const char *file;
	struct amount a, b;
};

struct workload {
	const char *name;
	const char *dirty_by; /* the workload whose transaction is still in the log */
	bool split;
	bool fix, paranoid; /* e4z_fix() instead of steps: they name the files that it changes */
	bool all;	    /* --all: with bytes outside of files, and the slots of all inodes */
	uint64_t kinds;	    /* of findings that it fixes; 0: all */
	struct work_step steps[WORK_STEPS];
};

/* The row NAME, or NULL. */
const struct workload *work_find(const char *name);
const struct workload *work_number(size_t n);

/* The first file of its steps that IMAGE does not have; NULL: it has all. */
const char *work_misses(const struct workload *work, const uint8_t *image, uint64_t size);

struct work_options {
	enum e4z_data_mode data;
	enum e4z_policy policy;
	size_t cache_blocks;
	uint32_t block_size;
};

/* Begin, all steps, commit. IMG is open for writing. */
errcode_t work_run(const struct workload *work, const struct work_options *options,
		   struct e4z_image *img, void (*begun)(void *arg, struct e4z_image *img),
		   void *arg, struct e4z_commit_summary *summary);

/* Whether a step changes the inode. */
bool work_touches(const struct workload *work, const uint8_t *image, uint64_t size, uint32_t ino);

/*
 * AFTER, of an image with the same names as IMAGE, is the result of the steps on BEFORE; otherwise
 * WHY has a message.
 */
bool work_came_true(const struct workload *work, uint32_t block_size, const uint8_t *image,
		    uint64_t size, const struct verdict *before, const struct verdict *after,
		    char *why, size_t why_size);

#endif
