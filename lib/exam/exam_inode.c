// SPDX-License-Identifier: GPL-2.0-or-later
// Examines one inode: what it is, what it claims, and what of it has to be read.
#include "exam/exam_part.h"

#include "file/inline.h"
#include "findings/cutoff.h"
#include "format/system.h"
#include <errno.h>
#include <stdlib.h>

/* A verity file's tree begins at the next multiple of this (fs/ext4/verity.c). */
#define VERITY_ALIGN 65536

errcode_t exam_init(struct exam *exam, const struct e4z_image *img, struct findings *findings,
		    struct claims *claims, const struct rangeset *orphans)
{
	exam->img = img;
	exam->findings = findings;
	exam->claims = claims;
	exam->orphans = orphans;
	exam->last_system = last_system_inode(img->fs->super);
	return map_work_init(img, &exam->map);
}

void exam_free(struct exam *exam)
{
	vec_free(&exam->tails);
	vec_free(&exam->dirs);
	vec_free(&exam->ownerless);
	vec_free(&exam->alone);
	vec_free(&exam->pending);
	vec_free(&exam->unlinked);
	vec_free(&exam->spares);
	vec_free(&exam->claimed);
	vec_free(&exam->suspects);
	vec_free(&exam->dir_runs);
	map_work_free(&exam->map);
	free(exam->buf);
}

/* Inline data: the bytes after it in the inode itself. */
static errcode_t check_inline(struct exam *exam, const struct inode *inode)
{
	struct inline_data data;
	struct suspect suspect = exam_suspect(exam, E4Z_INLINE_SLACK, 0, E4Z_NONE, 0);
	uint64_t parts[2];
	struct examined examined = EXAMINED_NOTHING;

	if (!inline_find(exam->img, inode, &data) || inode->size > inline_capacity(&data))
		return findings_unreadable(exam->findings, inode->ino, inode->size,
					   "inline data is corrupt or smaller than the file size");
	if (!exam->examining || !exam->paranoid || !exam_wants(exam, E4Z_INLINE_SLACK) ||
	    inode->flags & (EXT4_ENCRYPT_FL | EXT4_EA_INODE_FL) || inode_is(inode, LINUX_S_IFDIR))
		return 0;
	parts[0] = inode->size < INODE_I_BLOCK_LEN ? inode->size : INODE_I_BLOCK_LEN;
	parts[1] = inode->size - parts[0];
	examine_memory(data.head + parts[0], INODE_I_BLOCK_LEN - parts[0], parts[0], &examined);
	if (data.rest)
		examine_memory(data.rest + parts[1], data.rest_len - parts[1],
			       INODE_I_BLOCK_LEN + parts[1], &examined);
	suspect.finding.first = examined.first;
	suspect.finding.last = examined.last;
	suspect.finding.nonzero = examined.nonzero;
	return examined.nonzero ? findings_add(exam->findings, &suspect.finding) : 0;
}

void exam_start(struct exam *exam, const struct inode *inode)
{
	const struct e4z_image *img = exam->img;
	uint64_t size = inode->size;

	exam->inode = inode;
	exam->regular = inode_is(inode, LINUX_S_IFREG) && !(inode->flags & EXT4_EA_INODE_FL);
	exam->eof = size >> img->block_bits;
	exam->past_eof = exam->eof + ((size & (img->block_size - 1)) != 0);
	exam->past_end = UINT64_MAX;
	if (inode->flags & EXT4_VERITY_FL)
		exam->past_end = (size + VERITY_ALIGN - 1) / VERITY_ALIGN * VERITY_ALIGN >>
				 img->block_bits;
	exam->e2fsck = cutoff_written(inode, exam->past_eof) ? E4Z_E2FSCK_WOULD_CLEAR
							     : E4Z_E2FSCK_WOULD_GROW;
	exam->prealloc.blocks = 0;
	exam->may_be_cut = exam->regular && !(inode->flags & EXT4_VERITY_FL) &&
			   cutoff_possible(inode, exam->past_eof);
	exam->last_claim = CLAIMS_START;
	exam->run.len = 0;
	exam->blind.finding.ino = 0;
	exam->slack_next = exam->slack_end = 0;
	exam->err = 0;
}

errcode_t exam_unlinked(struct exam *exam, uint32_t ino, const char *why)
{
	if (exam->account && exam_wants(exam, E4Z_DELETED_OPEN))
		return vec_push(&exam->unlinked, ino) ? ENOMEM : 0;
	return findings_skip(exam->findings, ino, why);
}

/* Whether the content of INODE matters, and what else is to be noted of it. */
static errcode_t classify(struct exam *exam, const struct inode *inode)
{
	bool regular = inode_is(inode, LINUX_S_IFREG);

	exam->examining = exam->unfinished = false;
	if (inode->ino <= exam->last_system && is_system_inode(exam->img->fs->super, inode->ino))
		return 0;
	if (!inode->links)
		return inode->mode ? exam_unlinked(exam, inode->ino, "deleted, waiting to be freed")
				   : 0;
	if (inode_is(inode, LINUX_S_IFDIR) && vec_push(&exam->dirs, inode->ino))
		return ENOMEM;
	exam->files += regular;
	if (exam->regular && rangeset_has(exam->orphans, inode->ino)) {
		exam->unfinished = true;
		if (vec_push(&exam->pending, inode->ino))
			return ENOMEM;
	}
	if (inode->flags & EXT4_EA_INODE_FL || inode_is(inode, LINUX_S_IFLNK))
		exam->examining = exam->paranoid;
	else
		exam->examining = regular;
	if (inode_is(inode, LINUX_S_IFLNK) && inode->flags & EXT4_ENCRYPT_FL)
		exam->examining = false;
	return 0;
}

errcode_t exam_show(struct exam *exam, struct shown *shown, const struct inode *inode)
{
	bool data = inode_is(inode, LINUX_S_IFREG) || inode_is(inode, LINUX_S_IFLNK);

	if (exam_leaves_out(inode->ino) || !inode->links)
		return 0;
	return shown_add(shown, &exam->map, inode,
			 !data || is_system_inode(exam->img->fs->super, inode->ino));
}

errcode_t exam_inode(struct exam *exam, const struct inode *inode)
{
	const char *why = NULL;
	errcode_t err;

	if (exam_leaves_out(inode->ino))
		return 0;
	exam_start(exam, inode);
	if (exam->account)
		exam_tally_inode(exam, inode);
	err = classify(exam, inode);
	if (!err && (inode->translator || inode->acl_block))
		err = exam_claim_beside(exam, inode, &why);
	if (!err && inode->links && inode->flags & EXT4_INLINE_DATA_FL)
		err = check_inline(exam, inode);
	if (!err && inode_has_map(inode)) {
		const char *damage = exam_map(exam, inode);

		if (!why)
			why = damage;
		if (!why && inode->size > map_max_size(exam->img, inode))
			why = "the size exceeds the maximum for the block map";
		if (!err && !why)
			err = exam_prealloc(exam, inode);
		if (!err && !why && !exam->err)
			err = exam_unit_dir(exam);
	}
	if (!err)
		err = exam->err;
	if (!err && why && inode->links)
		err = findings_unreadable(exam->findings, inode->ino, inode->size, why);
	return err;
}
