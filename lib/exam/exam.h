/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The examination of one inode: its mapping is walked, its blocks are claimed, and what has to be
 * read to check it is collected, to be read later in the order of the disk. One struct exam per
 * thread.
 */
#ifndef E4Z_EXAM_EXAM_H
#define E4Z_EXAM_EXAM_H

#include "base/vec.h"
#include "file/map.h"
#include "findings/claims.h"
#include "findings/examine.h"
#include "findings/findings.h"
#include "findings/owners.h"
#include "image/image.h"
#include "sets/rangeset.h"
#include <errno.h>

VEC(tail_vec, struct tail);
VEC(suspect_vec, struct suspect);
VEC(ino_vec, uint32_t);
VEC(found_vec, struct e4z_finding);
VEC(block_vec, uint64_t);

/* What is not zero in the slots of a group, or of a part of it, that are not in use. */
struct spares {
	uint32_t group;
	uint64_t blocks;
	struct examined examined; /* offsets in the file system */
	const char *why;	  /* one of them may be in use after all; NULL: none */
};
VEC(spare_vec, struct spares);

struct exam {
	/* given */
	const struct e4z_image *img;
	struct findings *findings;
	struct claims *claims;
	const struct rangeset *orphans;
	bool paranoid;
	uint64_t kinds;
	const struct shown *shown;	 /* NULL: no file shares a block */
	bool account;			 /* bytes are counted by their owners */
	const struct rangeset *disputed; /* clusters that do not count; NULL: not known yet */

	/* collected, for the owner to take */
	struct tail_vec tails;
	struct ino_vec dirs;
	struct found_vec ownerless; /* findings in blocks that many inodes may have */
	struct ino_vec pending;	    /* orphans whose truncate never finished */
	struct ino_vec unlinked;    /* in use without links; where account is set and they matter */
	struct spare_vec spares;    /* where account is set */
	struct block_vec alone;	    /* the same, with bigalloc: blocks that have a cluster each */
	uint64_t files;
	struct tally tally; /* where account is set; what is moved out of INODES is below zero */
	bool seen_data;	    /* written blocks of files that the host has data for */
	bool seen_hole;	    /* or not */
	bool blamed_dir;    /* blocks of a directory are claimed twice */

	/* its own */
	uint32_t last_system; /* no inode after it is the file system's */
	struct map_work map;
	uint8_t *buf; /* examine_buffer_size() bytes; anybody's between two calls */
	struct claim_vec claimed;
	uint64_t hole_start, hole_end; /* bytes: no data in there */
	struct suspect_vec suspects;
	errcode_t err;

	/* of the inode at hand */
	const struct inode *inode;
	bool examining;		     /* its content matters, not only its claims */
	bool unfinished;	     /* an orphan: what lies past EOF has a finding of its own */
	bool regular;		     /* a file whose content is somebody's */
	uint64_t eof;		     /* the block that EOF lies in */
	uint64_t past_eof;	     /* first block wholly past EOF */
	enum e4z_e2fsck e2fsck;	     /* what e2fsck makes of written blocks past EOF */
	bool may_be_cut;	     /* unwritten blocks past EOF may be out of e2fsck's bounds */
	struct e4z_finding prealloc; /* these blocks; blocks 0: none */
	uint64_t past_end;	     /* and where a verity file's tree begins, or no end */
	struct claims_last last_claim, last_tally;
	unsigned owner; /* of its blocks */
	bool has_eof;	/* what lies past its EOF is somebody else's */
	struct run run; /* neighbours merged; len 0: none */
	struct suspect
		blind; /* a block at an aligned EOF, as long as nothing follows it; ino 0: none */
	uint64_t slack_next, slack_end,
		slack_delta; /* the rest of the cluster: pblk, and lblk less pblk */
	bool blamed;
	VEC(, struct run) dir_runs; /* of a directory, in an account */
};

errcode_t exam_init(struct exam *exam, const struct e4z_image *img, struct findings *findings,
		    struct claims *claims, const struct rangeset *orphans);
void exam_free(struct exam *exam);

/*
 * RAW is the slot of INO, which is free in the inode bitmap: all of its bytes have to be zero.
 * DOUBT is a static string: why the bitmap is not trusted; then INO lacks links or a mode. NULL:
 * the bitmap is trusted. Any thread, each with an EXAM of its own.
 */
errcode_t exam_spare_slot(struct exam *exam, uint32_t ino, const uint8_t *raw, const char *doubt);

/* The same of one that cannot be read. */
errcode_t exam_spare_unread(struct exam *exam, uint32_t ino);

/* FROM, which is empty then, goes to TO. */
errcode_t exam_join_spares(struct spare_vec *to, struct spare_vec *from);

/* A finding for each group that SPARES has something of. The calling thread's. */
errcode_t exam_report_spares(const struct e4z_image *img, struct spare_vec *spares,
			     struct findings *findings);

/* *BUF is what EXAM's bytes are read into, examine_buffer_size() bytes long; EXAM owns it. */
static inline errcode_t exam_buffer(struct exam *exam, uint8_t **buf)
{
	if (!exam->buf)
		exam->buf = blkdev_buffer(examine_buffer_size(exam->img));
	*buf = exam->buf;
	return *buf ? 0 : ENOMEM;
}

/* Inodes that map static metadata, or anything, on purpose: nothing is done with them. */
static inline bool exam_leaves_out(uint32_t ino)
{
	return ino == EXT2_BAD_INO || ino == EXT2_RESIZE_INO;
}

/* INODE is in use, its checksum right: what it shows goes into SHOWN. */
errcode_t exam_show(struct exam *exam, struct shown *shown, const struct inode *inode);

/*
 * The slot RAW of INO, in use and its checksum right, is an empty file of which exam_inode() would
 * only count that it is there: it was counted.
 */
static inline bool exam_bare(struct exam *exam, uint32_t ino, const uint8_t *raw)
{
	bool bare = inode_is_bare(exam->img, raw) && ino > exam->last_system &&
		    !rangeset_has(exam->orphans, ino);

	exam->files += bare;
	return bare;
}

/* INO is in use and has no links: a finding is made of it later, or WHY it is passed over. */
errcode_t exam_unlinked(struct exam *exam, uint32_t ino, const char *why);

/* INODE is in use and its checksum is right. */
errcode_t exam_inode(struct exam *exam, const struct inode *inode);

/* Claim once more what exam_inode() claimed, after claims_restart(). */
errcode_t exam_claim(struct exam *exam, const struct inode *inode);

/*
 * Enter the claims and examine the suspects collected so far; tails, dirs and pending stay for the
 * owner.
 */
errcode_t exam_settle(struct exam *exam);

/* Count once more what exam_inode() counted, less what is disputed: EXAM->account is set. */
errcode_t exam_count(struct exam *exam, const struct inode *inode);

/* INODE is an orphan inode with i_links_count > 0: its one finding. */
errcode_t exam_pending(struct exam *exam, const struct inode *inode);

#endif
