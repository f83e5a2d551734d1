// SPDX-License-Identifier: GPL-2.0-or-later
// xattr-slack: what of an extended-attribute block is neither its header nor an attribute's.
#include "slack/places.h"

#include "format/xattr.h"
#include "slack/attributes.h"

#define BLOCK_SHIFT 16

/* Of all hashes in the block, whose attributes are valid: 0 where one of them has none. */
static uint32_t hash_all(const uint8_t *p)
{
	uint32_t hash = 0;

	for (const uint8_t *e = p + XATTR_HEADER; get_le32(e); e += xattr_entry_len(e)) {
		if (!xattr_hash(e))
			return 0;
		hash = (hash << BLOCK_SHIFT ^ hash >> (32 - BLOCK_SHIFT)) ^ xattr_hash(e);
	}
	return hash;
}

void slack_xattr(const struct unit *unit, struct slack *slack)
{
	const struct attributes area = {0, XATTR_HEADER, unit->len};
	struct slack before = {.unit = unit, .examined = EXAMINED_NOTHING};
	bool right;

	before.why = attributes_block_fault(unit->img, unit->pblk, unit->bytes);
	if (!before.why)
		attributes_slack(unit, &area, &before);
	slack->why = before.why;
	if (slack->why)
		return;
	right = xattr_block_hash(unit->bytes) == hash_all(unit->bytes);
	attributes_slack(unit, &area, slack);
	slack_add(slack, XATTR_RESERVED, XATTR_HEADER);
	if (slack->to && right)
		xattr_block_set_hash(slack->to, hash_all(slack->to));
}
