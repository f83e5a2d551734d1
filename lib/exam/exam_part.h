/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of an examination share. */
#ifndef E4Z_EXAM_EXAM_PART_H
#define E4Z_EXAM_EXAM_PART_H

#include "exam/exam.h"
#include "slack/unit.h"

/* Findings of KIND are asked for. */
bool exam_wants(const struct exam *exam, enum e4z_finding_kind kind);

/* BLOCKS blocks of the inode at hand, from LBLK, at PBLK, on, that may be a finding of KIND. */
struct suspect exam_suspect(const struct exam *exam, enum e4z_finding_kind kind, uint64_t lblk,
			    uint64_t pblk, uint64_t blocks);

/* SUSPECT is to be read, if its kind is asked for. Failure is kept in EXAM. */
void exam_push(struct exam *exam, const struct suspect *suspect);

/* INODE becomes the inode at hand. */
void exam_start(struct exam *exam, const struct inode *inode);

/* Claims that wait for the lock. */
#define EXAM_CLAIMS_MAX 4096

/* Claim COUNT extents of the inode at hand. Every extent comes through here. */
static inline void exam_claim_runs(struct exam *exam, const struct run *run, size_t count)
{
	if (!exam->err && !exam->img->shared_blocks)
		exam->err = claims_append(exam->img, &exam->claimed, run, count, &exam->last_claim);
	if (!exam->err && exam->claimed.count >= EXAM_CLAIMS_MAX)
		exam->err = claims_enter(exam->claims, &exam->claimed);
}

/* Claim what INODE has beside its map; *WHY: it cannot have it. */
errcode_t exam_claim_beside(struct exam *exam, const struct inode *inode, const char **why);

/*
 * map_walk() of an inode that was examined before; *DAMAGE is its result. It is an error if a block
 * that could be read then cannot be read now. Not to be used while unreadable inodes are added.
 */
errcode_t exam_walk_again(struct exam *exam, const struct inode *inode, const struct map_sink *sink,
			  const char **damage);

/* BLOCK, of an attribute or of a translator, may not be there. */
bool exam_misplaced(const struct exam *exam, uint64_t block);

/* Whose the bytes of the inode at hand are. */
void exam_tally_inode(struct exam *exam, const struct inode *inode);
/* An extent of it, or a single block that it has, with the cluster of that block. */
void exam_tally_run(struct exam *exam, const struct run *run);
void exam_tally_block(struct exam *exam, unsigned owner, uint64_t pblk);
void exam_tally_tree(struct exam *exam, uint64_t pblk);

/* What has to be zero in the slot of INODE, and in a block of the tree of the inode at hand. */
errcode_t exam_unit_inode(struct exam *exam, const struct inode *inode);
void exam_unit_tree(struct exam *exam, uint64_t pblk);
/* In its block of extended attributes, which is in the file system and not another's metadata. */
errcode_t exam_unit_xattr(struct exam *exam, const struct inode *inode);

/*
 * An extent of the inode at hand, if it is a directory; and, when its map was read and is valid,
 * what has to be zero in its blocks.
 */
void exam_dir_run(struct exam *exam, const struct run *run);
errcode_t exam_unit_dir(struct exam *exam);

/* UNIT, whose bytes count as OWNER's where they have to be somebody's. */
errcode_t exam_unit(struct exam *exam, const struct unit *unit, unsigned owner);

/* All that the map of INODE claims and has; why it is corrupt, or NULL. */
const char *exam_map(struct exam *exam, const struct inode *inode);

/* Unwritten blocks past EOF that e2fsck would unmap; the map of INODE was read and is valid. */
errcode_t exam_prealloc(struct exam *exam, const struct inode *inode);

#endif
