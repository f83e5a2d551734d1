// SPDX-License-Identifier: GPL-2.0-or-later
// What an interrupted truncate left past EOF.
#include "exam/exam_part.h"

/* What of a pending truncate's blocks is written and what is in them. */
struct pending {
	struct exam *exam;
	struct e4z_finding finding;
	struct examined examined;
	uint8_t *buf; /* of LOOK */
	errcode_t err;
};

static bool pending_node(void *arg, uint64_t pblk)
{
	(void)arg;
	(void)pblk;
	return true;
}

static void pending_run(void *arg, const struct run *run)
{
	struct pending *p = arg;
	const struct e4z_image *img = p->exam->img;
	uint64_t start = run->lblk > p->finding.lblk ? run->lblk : p->finding.lblk;
	uint64_t end = run->lblk + run->len, pblk, off, skip = 0;

	if (end > p->exam->past_end)
		end = p->exam->past_end;
	if (run->unwritten || start >= end || p->err)
		return;
	pblk = run->pblk + (start - run->lblk);
	off = start << img->block_bits;
	if (off < p->finding.size)
		skip = p->finding.size - off;
	if (!p->finding.blocks)
		p->finding.pblk = pblk;
	p->finding.blocks += end - start;
	p->err = examine_bytes(img, p->exam->shown, pblk, end - start, skip, off + skip, p->buf,
			       &p->examined);
}

errcode_t exam_pending(struct exam *exam, const struct inode *inode)
{
	struct pending p = {.exam = exam, .examined = EXAMINED_NOTHING};
	const struct map_sink sink = {.arg = &p, .node = pending_node, .run = pending_run};
	errcode_t err = exam_buffer(exam, &p.buf);

	if (err)
		return err;
	exam_start(exam, inode);
	p.finding = exam_suspect(exam, E4Z_PENDING_TRUNCATE, exam->past_eof, E4Z_NONE, 0).finding;
	if (!(inode->flags & EXT4_ENCRYPT_FL))
		p.finding.lblk = inode->size >> exam->img->block_bits;
	exam->map.err = 0;
	if (inode_has_map(inode))
		map_walk(exam->img, &exam->map, inode, &sink);
	if (p.err || exam->map.err)
		return findings_unreadable(exam->findings, inode->ino, inode->size,
					   "a block cannot be read");
	p.finding.first = p.examined.first;
	p.finding.last = p.examined.last;
	p.finding.nonzero = p.examined.nonzero;
	return findings_add(exam->findings, &p.finding);
}
