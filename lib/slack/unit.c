// SPDX-License-Identifier: GPL-2.0-or-later
// Counts, or zeroes, what a place has of a unit.
#include "slack/unit.h"

#include <string.h>

void slack_add(struct slack *slack, size_t from, size_t end)
{
	const struct unit *unit = slack->unit;
	uint64_t at = (unit->pblk << unit->img->block_bits) + unit->off;

	if (from >= end || end > unit->len)
		return;
	slack->bytes += end - from;
	if (slack->to)
		memset(slack->to + from, 0, end - from);
	else
		examine_memory(unit->bytes + from, end - from, at + from, &slack->examined);
}
