/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a transaction that go home directly, before the commit, because nobody sees them
 * there (or, ordered, because the kernel would do so too).
 */
#ifndef E4Z_SESSION_HOMES_H
#define E4Z_SESSION_HOMES_H

#include "base/vec.h"
#include "io/capture.h"
#include <stdbool.h>

/* data NULL: zeroes, of any length. */
struct home {
	uint64_t off, len;
	uint8_t *data;
	size_t number;	/* in the order in which they came */
	uint32_t group; /* a barrier stands between one and the next */
};

struct homes {
	VEC(, struct home) list;
	size_t mark; /* how many there were then */
	uint32_t group, group_mark;
};

/* Append a piece; the DATA are copied. 0 or ENOMEM. */
errcode_t homes_add(struct homes *homes, uint64_t off, size_t len, const void *data);
errcode_t homes_add_zero(struct homes *homes, uint64_t off, uint64_t len);

/* What comes later is written after a barrier behind what came so far. */
void homes_barrier(struct homes *homes);

void homes_free(struct homes *homes);

/* Remember how many there are; forget those that came since. */
void homes_mark(struct homes *homes);
void homes_back(struct homes *homes);

/*
 * Leave those of LIST, blocks of BLOCK_SIZE bytes of VIEW, that will still differ from the disk
 * when the pieces are home; the others go behind the new end.
 */
errcode_t homes_leave(const struct homes *homes, const struct capture *view, uint32_t block_size,
		      struct captured *list, size_t *count);

/*
 * Write all of them, group by group, by their place. Whole blocks of zeroes may become holes of the
 * host file.
 */
errcode_t homes_write(struct homes *homes, struct blkdev *dev, uint32_t block_size);

#endif
