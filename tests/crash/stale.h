/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes past EOF in written blocks: the bytes from before an edit, and the bytes that it added.
 * There are two sources: the verifier, byte for byte, and the findings of --check.
 */
#ifndef TESTS_CRASH_STALE_H
#define TESTS_CRASH_STALE_H

#include "reader/verify.h"
#include <et/com_err.h>

/* The number of non-zero bytes of one inode, or group, and kind. */
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

/* The state before the edit. */
struct stale {
	const uint8_t *image;
	const struct verdict *verdict;
	uint64_t blocks;
	uint32_t *from; /* per block: the first byte past EOF; the block size: none */
	struct reports reports;
};

/* The bytes that an edit added. */
struct fresh {
	uint64_t strange; /* new bytes that no step of the edit writes */
	uint64_t moved;	  /* unmoved bytes that were below EOF: of a shifted map */
	uint64_t written; /* bytes that a step writes */
	char why[160]; /* where the first of them is, or what is reported; "": nowhere, nothing */
};

/* IMAGE of SIZE bytes with its VERDICT, both of which must stay valid; PATH has the same bytes. */
void stale_know(struct stale *stale, const uint8_t *image, uint64_t size,
		const struct verdict *verdict, const char *path, const char *journal);
void stale_forget(struct stale *stale);

/* Find the bytes of IMAGE, at PATH, which recovered to VERDICT, that are not in STALE. */
void stale_compare(const struct stale *stale, const uint8_t *image, const struct verdict *verdict,
		   const char *path, const char *journal, struct fresh *fresh);

#endif
