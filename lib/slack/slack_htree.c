// SPDX-License-Identifier: GPL-2.0-or-later
// htree-slack: entries of a hash tree's block that are not in use, and what follows them.
#include "slack/places.h"

#include "format/dirent.h"
#include "slack/index.h"

void slack_htree(const struct unit *unit, struct slack *slack)
{
	struct index_block index;
	size_t used, tail;

	slack->why = index_parse(unit, &index);
	if (slack->why)
		return;
	used = index.off + index.count * DX_ENTRY;
	tail = index.off + index.limit * DX_ENTRY;
	if (!unit->img->metadata_csum) {
		slack_add(slack, used, unit->len);
		return;
	}
	slack_add(slack, used, tail + DX_TAIL_CSUM);
	slack_add(slack, tail + DX_TAIL_LEN, unit->len);
}
