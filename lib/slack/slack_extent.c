// SPDX-License-Identifier: GPL-2.0-or-later
// extent-slack: entries of a tree block that are not in use, and what follows its checksum.
#include "slack/places.h"

#include "format/node.h"

void slack_extent(const struct unit *unit, struct slack *slack)
{
	const uint8_t *node = unit->bytes;
	unsigned entries = node_entries(node), max = node_max(node);
	size_t tail = node_tail(max);

	if (!node_has_magic(node) || entries > max || max > node_capacity(unit->len))
		return;
	if (!unit->img->metadata_csum || tail + 4 > unit->len) {
		slack_add(slack, node_tail(entries), unit->len);
		return;
	}
	slack_add(slack, node_tail(entries), tail);
	slack_add(slack, tail + 4, unit->len);
}
