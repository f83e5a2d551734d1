/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes past EOF in written blocks: those that were there before an edit, and those that came with
 * it. Two opinions: the verifier's, byte for byte, and what --check reports.
 */
#ifndef TESTS_CRASH_STALE_H
#define TESTS_CRASH_STALE_H

#include "reader/verify.h"
#include <et/com_err.h>

/* Of one inode, or group, and kind: how many bytes are not zero. */
struct reported {
	uint32_t ino, group;
	int kind;
	uint64_t nonzero;
};

struct reports {
	struct reported *items;
	size_t count, room;
	char why[160]; /* the check failed */
};

/* As it was before the edit. */
struct stale {
	const uint8_t *image;
	const struct verdict *verdict;
	uint64_t blocks;
	uint32_t *from; /* of each block: the first byte past EOF; the block size: none is */
	struct reports reports;
};

/* What came with an edit. */
struct fresh {
	uint64_t strange; /* bytes that were not there, and that no step of the edit writes */
	uint64_t moved;	  /* those that stand where they did, below EOF then: of a shifted map */
	uint64_t written; /* bytes that a step writes */
	char why[160]; /* where the first of them is, or what is reported; "": nowhere, nothing */
};

/* IMAGE of SIZE bytes with its VERDICT, both of which stay; PATH leads to the same bytes. */
void stale_know(struct stale *stale, const uint8_t *image, uint64_t size,
		const struct verdict *verdict, const char *path, const char *journal);
void stale_forget(struct stale *stale);

/* IMAGE, at PATH, which recovered to VERDICT: what of it is not in STALE. */
void stale_compare(const struct stale *stale, const uint8_t *image, const struct verdict *verdict,
		   const char *path, const char *journal, struct fresh *fresh);

#endif
