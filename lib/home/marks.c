// SPDX-License-Identifier: GPL-2.0-or-later
// A set of bytes in units that are as small as a bounded set of them allows.
#include "home/marks.h"

#include <errno.h>

/* A bit for each: 8 MiB, if every other one is marked. */
#define UNITS_MAX (1ull << 26)

errcode_t marks_new(uint64_t size, unsigned bits, struct marks *marks)
{
	while (size >> bits >= UNITS_MAX)
		bits++;
	*marks = (struct marks){.units = rangeset_new((size >> bits) + 1), .bits = bits};
	return marks->units ? 0 : ENOMEM;
}

void marks_free(struct marks *marks)
{
	rangeset_free(marks->units);
}

errcode_t marks_add(struct marks *marks, uint64_t off, uint64_t len)
{
	uint64_t first = off >> marks->bits, last = (off + len - 1) >> marks->bits;

	return len ? rangeset_add(marks->units, first, last - first + 1, NULL) : 0;
}

errcode_t marks_add_blocks(struct marks *marks, const struct rangeset *blocks, unsigned bits)
{
	uint64_t from = 0, start, len;
	errcode_t err = 0;

	while (!err && rangeset_next(blocks, &from, &start, &len))
		err = marks_add(marks, start << bits, len << bits);
	return err;
}

bool marks_any(const struct marks *marks)
{
	return rangeset_count(marks->units) != 0;
}

bool marks_meet(const struct marks *marks, uint64_t off, uint64_t len)
{
	uint64_t first = off >> marks->bits, last = (off + len - 1) >> marks->bits;

	return len && rangeset_meets(marks->units, first, last - first + 1);
}

bool marks_next(const struct marks *marks, uint64_t *off, uint64_t end, uint64_t *start,
		uint64_t *stop)
{
	uint64_t unit = *off >> marks->bits, len;

	if (*off >= end ||
	    !rangeset_next_in(marks->units, &unit, ((end - 1) >> marks->bits) + 1, start, &len))
		return false;
	*stop = (*start + len) << marks->bits;
	*start <<= marks->bits;
	*start = *start > *off ? *start : *off;
	*stop = *stop < end ? *stop : end;
	*off = *stop;
	return true;
}
