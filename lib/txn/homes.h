/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a transaction that go home directly, before the commit, because nobody sees them
 * there (or, ordered, because the kernel would do so too).
 */
#ifndef E4Z_TXN_HOMES_H
#define E4Z_TXN_HOMES_H

#include "base/vec.h"
#include "io/capture.h"
#include "io/stash.h"
#include <stdbool.h>

/* Parts of a block, or zeroes of any length: data NULL. */
struct home {
	uint64_t off, len;
	uint8_t *data;
	uint32_t number; /* in the order in which they came */
	uint32_t group;	 /* a barrier stands between one and the next */
};

struct homes {
	VEC(, struct home) list;
	struct stash *stash; /* whole blocks; NULL: none yet */
	uint32_t number;     /* of the next one */
	size_t mark;	     /* how many were in the list then */
	uint32_t group, group_mark;
	struct homes_zeroes {
		uint64_t from, end; /* bytes */
	} zeroes, zeroes_mark;	    /* that the zeroes of this group are within */
};

/* Append a piece within a block; the DATA are copied. 0 or ENOMEM. */
errcode_t homes_add(struct homes *homes, uint64_t off, size_t len, const void *data);

/*
 * BLOCK, whole, is to be DATA at home: an older piece of it is not written any more, unless a
 * barrier stands between them. ONLY: not then, either, because what goes there can be seen. The
 * stash must be there. Errors as stash_put().
 */
errcode_t homes_add_block(struct homes *homes, uint64_t block, uint32_t block_size,
			  const void *data, bool only);

/* [off, off + len) is to be zero; what the stash has of it, whole blocks, becomes zero too. */
errcode_t homes_add_zero(struct homes *homes, uint64_t off, uint64_t len, uint32_t block_size);

/* How many pieces there are, and the place of each. */
size_t homes_count(const struct homes *homes);
errcode_t homes_each(const struct homes *homes, uint32_t block_size,
		     errcode_t (*fn)(void *arg, uint64_t off, uint64_t len), void *arg);

/* What comes later is written after a barrier behind what came so far. */
void homes_barrier(struct homes *homes);

void homes_free(struct homes *homes);

/* Remember how many there are; forget those that came since, in VIEW too. */
void homes_mark(struct homes *homes);
void homes_back(struct homes *homes, struct capture *view);

/*
 * Leave those of LIST, blocks of BLOCK_SIZE bytes of VIEW, that will still differ from the disk
 * when the pieces are home; the others go behind the new end.
 */
errcode_t homes_leave(const struct homes *homes, const struct capture *view, uint32_t block_size,
		      struct captured *list, size_t *count);

/*
 * Write what is the newest of each place, group by group, by their place. Whole blocks of zeroes
 * may become holes of the host file.
 */
errcode_t homes_write(struct homes *homes, struct blkdev *dev, uint32_t block_size);

#endif
