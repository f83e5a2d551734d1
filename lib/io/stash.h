/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole blocks that are written before the commit, by their number: the newest content of each.
 * Some megabytes are held in memory, what is more in an unlinked temporary file, so that a
 * transaction may write more data than there is memory; 64 bytes or so are needed for each block.
 *
 * S1. What is put has neither a lower number nor a lower group than anything that is there.
 * S2. `older` leads to something that was put before, of the same block: the chain ends.
 * S3. A mark never lies ahead of what is there, neither of entries nor of bytes of content.
 * S4. Content is never overwritten but after stash_back(), which forgets what it belonged to.
 */
#ifndef E4Z_IO_STASH_H
#define E4Z_IO_STASH_H

#include "sets/tmpfiles.h"
#include <et/com_err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STASH_BYTES (32u << 20) /* in memory, unless the caller says */

struct stash;

/* What was put: the newest of its block has no newer one. */
struct stashed {
	uint64_t block;
	uint64_t place;	 /* of the content; STASH_ZERO: zeroes, which are written as a range */
	uint32_t number; /* the caller's */
	uint32_t group;	 /* the caller's */
	uint32_t older;	 /* index + 1 of what the block had before; 0: nothing */
	bool only;	 /* what the block had before must never be at home */
};

#define STASH_ZERO UINT64_MAX

/*
 * Of blocks of BLOCK_SIZE bytes, a power of two up to 64 KiB. NULL: no memory. FILES, for what does
 * not fit into MEMORY bytes, may be NULL.
 */
struct stash *stash_new(uint32_t block_size, size_t memory, struct tmpfiles *files);
void stash_free(struct stash *stash);

/* BLOCK is DATA from now on, or, with NULL, zeroes. ENOMEM, or an error of the temporary file. */
errcode_t stash_put(struct stash *stash, uint64_t block, const void *data, uint32_t number,
		    uint32_t group, bool only);

/* The newest of BLOCK, valid until the next call that changes the stash, or NULL. */
const struct stashed *stash_find(const struct stash *stash, uint64_t block);

/* The first block in [from, end) that is there, or END. */
uint64_t stash_first(const struct stash *stash, uint64_t from, uint64_t end);

/* What IT holds into BUF, a block. Any number of threads may read while nobody puts. */
errcode_t stash_read(const struct stash *stash, const struct stashed *it, void *buf);

/* Everything that was put, in its order, and how much that is. */
const struct stashed *stash_all(const struct stash *stash, size_t *count);

/* Remember how it is now; forget what came since. */
void stash_mark(struct stash *stash);
void stash_back(struct stash *stash);

#endif
