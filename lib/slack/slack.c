// SPDX-License-Identifier: GPL-2.0-or-later
// The table of places in units: a new one is a row here and a file.
#include "slack/slack.h"

#include "format/dirent.h"
#include "format/node.h"
#include "format/xattr.h"
#include "slack/index.h"
#include "slack/places.h"

static const struct row {
	enum e4z_finding_kind kind;
	enum unit_type type;
	slack_fn *fn;
} rows[] = {
	{E4Z_IBLOCK_SLACK, UNIT_INODE, slack_iblock},  {E4Z_EXTENT_SLACK, UNIT_TREE, slack_extent},
	{E4Z_DIR_SLACK, UNIT_INODE, slack_dir_inline}, {E4Z_DIR_SLACK, UNIT_LEAF, slack_dir_leaf},
	{E4Z_HTREE_SLACK, UNIT_INDEX, slack_htree},    {E4Z_INODE_SLACK, UNIT_INODE, slack_inode},
	{E4Z_XATTR_SLACK, UNIT_XATTR, slack_xattr},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct e4z_finding finding_of(const struct unit *unit, const struct slack *slack,
				     enum e4z_finding_kind kind)
{
	return (struct e4z_finding){
		.kind = kind,
		.ino = unit->inode->ino,
		.size = unit->inode->size,
		.lblk = E4Z_NONE,
		.pblk = unit->pblk,
		.blocks = unit->type != UNIT_INODE,
		.first = slack->examined.first,
		.last = slack->examined.last,
		.nonzero = slack->examined.nonzero,
		.fixable = !unit->img->shared_blocks && !slack->why,
		.why = slack->why,
	};
}

errcode_t slack_examine(const struct unit *unit, uint64_t kinds, unsigned owner,
			struct tally *tally, slack_found_fn *found, void *arg)
{
	errcode_t err = 0;

	for (size_t i = 0; i < ROWS && !err; i++) {
		struct slack slack = {.unit = unit, .examined = EXAMINED_NOTHING};

		if (rows[i].type != unit->type)
			continue;
		if (unit->bytes)
			rows[i].fn(unit, &slack);
		else
			slack.why = "the block cannot be read";
		tally_move(tally, owner, owner_of_kind(rows[i].kind), slack.bytes);
		if ((slack.examined.nonzero || slack.why) && kinds & E4Z_KIND_BIT(rows[i].kind)) {
			const struct e4z_finding f = finding_of(unit, &slack, rows[i].kind);

			err = found(arg, &f);
		}
	}
	return err;
}

static const struct row *row_of(enum e4z_finding_kind kind, bool of_inode)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].kind == kind && (rows[i].type == UNIT_INODE) == of_inode)
			return &rows[i];
	return NULL;
}

bool slack_type(const struct e4z_finding *f, enum unit_type *type)
{
	const struct row *row = row_of(f->kind, !f->blocks);

	if (row)
		*type = row->type;
	return row;
}

static void seal_tree(const struct unit *unit, uint8_t *to)
{
	size_t tail = node_tail(node_max(to));

	if (tail + 4 <= unit->len)
		put_le32(to + tail, crc32c(inode_csum_seed(unit->img, unit->inode), to, tail));
}

static void seal_leaf(const struct unit *unit, uint8_t *to)
{
	size_t end = unit->len - DIRENT_TAIL;

	/* old blocks have none */
	if (dirent_is_tail(to + end))
		dirent_set_tail_csum(to + end,
				     crc32c(inode_csum_seed(unit->img, unit->inode), to, end));
}

static void seal_index(const struct unit *unit, const struct index_block *index, uint8_t *to)
{
	put_le32(to + index->off + index->limit * DX_ENTRY + DX_TAIL_CSUM,
		 index_csum(unit, index, to));
}

/* The checksum of UNIT, whose bytes are now TO; INDEX is what it was if it is an index. */
static void seal(const struct unit *unit, const struct index_block *index, uint8_t *to)
{
	if (unit->type == UNIT_INODE)
		inode_set_checksum(unit->img, unit->inode->ino, to);
	if (!unit->img->metadata_csum)
		return;
	switch (unit->type) {
	case UNIT_INODE: break;
	case UNIT_TREE: seal_tree(unit, to); break;
	case UNIT_LEAF: seal_leaf(unit, to); break;
	case UNIT_INDEX: seal_index(unit, index, to); break;
	case UNIT_XATTR:
		xattr_block_set_csum(to, xattr_block_csum_right(to, unit->len, unit->pblk,
								unit->img->csum_seed));
		break;
	}
}

void slack_zero(const struct unit *unit, enum e4z_finding_kind kind, uint8_t *to)
{
	const struct row *row = row_of(kind, unit->type == UNIT_INODE);
	struct slack slack = {.unit = unit, .to = to, .examined = EXAMINED_NOTHING};
	struct index_block index = {0};

	if (!row || (unit->type == UNIT_INDEX && index_parse(unit, &index)))
		return;
	row->fn(unit, &slack);
	if (slack.bytes)
		seal(unit, &index, to);
}
