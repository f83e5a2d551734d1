// SPDX-License-Identifier: GPL-2.0-or-later
// The table of places in units: a new one is a row here and a file.
#include "slack/slack.h"

#include "format/node.h"
#include "slack/places.h"

static const struct row {
	enum e4z_finding_kind kind;
	enum unit_type type;
	slack_fn *fn;
} rows[] = {
	{E4Z_IBLOCK_SLACK, UNIT_INODE, slack_iblock},
	{E4Z_EXTENT_SLACK, UNIT_TREE, slack_extent},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static errcode_t report(const struct unit *unit, const struct slack *slack,
			enum e4z_finding_kind kind, struct findings *findings)
{
	const struct e4z_finding f = {
		.kind = kind,
		.ino = unit->inode->ino,
		.size = unit->inode->size,
		.lblk = E4Z_NONE,
		.pblk = unit->pblk,
		.blocks = unit->len == unit->img->block_size,
		.first = slack->examined.first,
		.last = slack->examined.last,
		.nonzero = slack->examined.nonzero,
		.fixable = !unit->img->shared_blocks && !slack->why,
		.why = slack->why,
	};

	return findings_add(findings, &f);
}

errcode_t slack_examine(const struct unit *unit, uint64_t kinds, struct findings *findings,
			unsigned owner, struct tally *tally)
{
	errcode_t err = 0;

	for (size_t i = 0; i < ROWS && !err; i++) {
		struct slack slack = {.unit = unit, .examined = EXAMINED_NOTHING};

		if (rows[i].type != unit->type)
			continue;
		rows[i].fn(unit, &slack);
		tally_move(tally, owner, owner_of_kind(rows[i].kind), slack.bytes);
		if (findings && slack.examined.nonzero && kinds & E4Z_KIND_BIT(rows[i].kind))
			err = report(unit, &slack, rows[i].kind, findings);
	}
	return err;
}

static const struct row *row_of(enum e4z_finding_kind kind)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].kind == kind)
			return &rows[i];
	return NULL;
}

bool slack_type(enum e4z_finding_kind kind, enum unit_type *type)
{
	const struct row *row = row_of(kind);

	if (row)
		*type = row->type;
	return row;
}

/* The checksum of UNIT, whose bytes are now TO. */
static void seal(const struct unit *unit, uint8_t *to)
{
	const struct e4z_image *img = unit->img;
	size_t tail = node_tail(node_max(to));

	switch (unit->type) {
	case UNIT_INODE: inode_set_checksum(img, unit->inode->ino, to); break;
	case UNIT_TREE:
		if (img->metadata_csum && tail + 4 <= unit->len)
			put_le32(to + tail, crc32c(inode_csum_seed(img, unit->inode), to, tail));
		break;
	}
}

void slack_zero(const struct unit *unit, enum e4z_finding_kind kind, uint8_t *to)
{
	const struct row *row = row_of(kind);
	struct slack slack = {.unit = unit, .to = to, .examined = EXAMINED_NOTHING};

	if (!row)
		return;
	row->fn(unit, &slack);
	if (slack.bytes)
		seal(unit, to);
}
