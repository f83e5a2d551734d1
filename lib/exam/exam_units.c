// SPDX-License-Identifier: GPL-2.0-or-later
// Has the places of an inode's metadata examined: its slot, and the blocks of its tree.
#include "exam/exam_part.h"

#include "format/system.h"
#include "slack/slack.h"
#include <errno.h>

/* What is disputed is not examined, and does not count. */
static bool counts(const struct exam *exam, uint64_t pblk)
{
	return !exam->disputed || !rangeset_has(exam->disputed, pblk / exam->img->cluster_ratio);
}

static errcode_t found(void *arg, const struct e4z_finding *f)
{
	struct exam *exam = arg;

	/* the findings are there already when it is counted once more */
	if (exam->disputed)
		return 0;
	/* who has it is found out when all of them are known */
	if (f->kind == E4Z_XATTR_SLACK)
		return vec_push(&exam->ownerless, *f) ? ENOMEM : 0;
	return findings_add(exam->findings, f);
}

errcode_t exam_unit(struct exam *exam, const struct unit *unit, unsigned owner)
{
	if (!counts(exam, unit->pblk))
		return 0;
	return slack_examine(unit, exam->kinds, owner, &exam->tally, found, exam);
}

errcode_t exam_unit_xattr(struct exam *exam, const struct inode *inode)
{
	struct unit unit = {.img = exam->img,
			    .type = UNIT_XATTR,
			    .inode = inode,
			    .pblk = inode->acl_block,
			    .len = exam->img->block_size};
	uint8_t *buf;
	errcode_t err = exam_buffer(exam, &buf);

	if (exam->img->shared_blocks)
		return 0;
	if (err)
		return err;
	if (!image_read(exam->img, unit.pblk << exam->img->block_bits, unit.len, buf))
		unit.bytes = buf;
	return exam_unit(exam, &unit, OWNER_XATTR);
}

errcode_t exam_unit_inode(struct exam *exam, const struct inode *inode)
{
	struct unit unit = {.img = exam->img,
			    .type = UNIT_INODE,
			    .inode = inode,
			    .bytes = inode->raw,
			    .len = exam->img->inode_size};

	if (!inode->links || is_system_inode(exam->img->fs->super, inode->ino))
		return 0;
	inode_place(exam->img, inode->ino, &unit.pblk, &unit.off);
	return exam_unit(exam, &unit, OWNER_INODES);
}

void exam_unit_tree(struct exam *exam, uint64_t pblk)
{
	const struct inode *inode = exam->inode;
	struct unit unit = {.img = exam->img,
			    .type = UNIT_TREE,
			    .inode = inode,
			    .pblk = pblk,
			    .len = exam->img->block_size};
	uint8_t *buf;

	if (exam->err || !inode->links || !(inode->flags & EXT4_EXTENTS_FL) ||
	    exam->img->shared_blocks || !counts(exam, pblk))
		return;
	exam->err = exam_buffer(exam, &buf);
	if (exam->err)
		return;
	if (!image_read(exam->img, pblk << exam->img->block_bits, unit.len, buf))
		unit.bytes = buf;
	exam->err = exam_unit(exam, &unit, OWNER_MAP);
}
