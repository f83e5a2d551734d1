// SPDX-License-Identifier: GPL-2.0-or-later
// Collects what has to be read of files, and reads it in the order of the disk.
#include "exam/exam_part.h"

#include <errno.h>
#include <stdlib.h>

/* Suspects that wait to be read in physical order. */
#define SUSPECTS_MAX 16384

bool exam_wants(const struct exam *exam, enum e4z_finding_kind kind)
{
	return exam->kinds & E4Z_KIND_BIT(kind);
}

static int compare_suspects(const void *pa, const void *pb)
{
	const struct suspect *a = pa, *b = pb;

	return (a->finding.pblk > b->finding.pblk) - (a->finding.pblk < b->finding.pblk);
}

/*
 * What was claimed twice is not read: its inodes will be blamed. Else thousands of inodes that map
 * the same blocks would have them read again and again. Where files share blocks nobody is blamed
 * for his data: what is in a tree block that two claim is his, whoever comes first.
 */
static bool will_be_blamed(const struct exam *exam, const struct e4z_finding *f)
{
	return !exam->img->shared_blocks && claims_conflict(exam->claims, f->pblk, f->blocks);
}

errcode_t exam_settle(struct exam *exam)
{
	struct suspect_vec *v = &exam->suspects;
	errcode_t err = claims_enter(exam->claims, &exam->claimed);
	uint8_t *buf = NULL;

	if (v->count > 1)
		qsort(v->items, v->count, sizeof(*v->items), compare_suspects);
	if (v->count && !err)
		err = exam_buffer(exam, &buf);
	for (size_t i = 0; i < v->count && !err; i++)
		if (!will_be_blamed(exam, &v->items[i].finding))
			err = examine_suspect(exam->img, exam->shown, exam->findings, &v->items[i],
					      buf);
	v->count = 0;
	return err;
}

void exam_push(struct exam *exam, const struct suspect *suspect)
{
	if (!exam_wants(exam, suspect->finding.kind) &&
	    (suspect->zero_kind == E4Z_KIND_COUNT || !exam_wants(exam, suspect->zero_kind)))
		return;
	if (!exam->err && exam->suspects.count == SUSPECTS_MAX)
		exam->err = exam_settle(exam);
	if (!exam->err && vec_push(&exam->suspects, *suspect))
		exam->err = ENOMEM;
}

struct suspect exam_suspect(const struct exam *exam, enum e4z_finding_kind kind, uint64_t lblk,
			    uint64_t pblk, uint64_t blocks)
{
	const struct inode *inode = exam->inode;

	return (struct suspect){.finding = {.kind = kind,
					    .ino = inode->ino,
					    .size = inode->size,
					    .lblk = lblk,
					    .pblk = pblk,
					    .blocks = blocks,
					    .fixable = !(inode->flags & EXT4_VERITY_FL) &&
						       !exam->img->shared_blocks},
				.zero_kind = E4Z_KIND_COUNT};
}
