/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places of a disk that have to be scrubbed, as they were found: nothing else is read twice. They
 * are kept in units of a block, on large disks of several, and never take much memory.
 */
#ifndef E4Z_HOME_MARKS_H
#define E4Z_HOME_MARKS_H

#include "sets/rangeset.h"
#include <et/com_err.h>

struct marks {
	struct rangeset *units;
	unsigned bits; /* a unit has 1 << bits bytes */
};

/* None, of a disk of SIZE bytes, with units of 1 << BITS bytes or more. ENOMEM. */
errcode_t marks_new(uint64_t size, unsigned bits, struct marks *marks);
void marks_free(struct marks *marks);

/* All units that [off, off + len) has a part of. 0 or ENOMEM. */
errcode_t marks_add(struct marks *marks, uint64_t off, uint64_t len);

/* The members of BLOCKS, of 1 << BITS bytes each. */
errcode_t marks_add_blocks(struct marks *marks, const struct rangeset *blocks, unsigned bits);

bool marks_any(const struct marks *marks);
bool marks_meet(const struct marks *marks, uint64_t off, uint64_t len);

/*
 * The first stretch of [*off, end) that is marked: true and [*start, *stop), and *OFF moves past
 * it; false when there is none.
 */
bool marks_next(const struct marks *marks, uint64_t *off, uint64_t end, uint64_t *start,
		uint64_t *stop);

#endif
