/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a scan of the inode tables holds. */
#ifndef E4Z_SCAN_TABLES_STATE_H
#define E4Z_SCAN_TABLES_STATE_H

#include "base/bytes.h"
#include "exam/exam.h"
#include "image/groups.h"
#include "scan/orphan_list.h"
#include "scan/tables.h"
#include "shard/shard.h"
#include <pthread.h>
#include <stdatomic.h>

enum mode { SHOW, EXAMINE, CLAIM, BLAME, OWN, COUNT, FIND_DIRS, OTHERS };

/* Some inodes of one group's table. */
struct piece {
	uint32_t group, first, count;
};
VEC(piece_vec, struct piece);

struct worker {
	struct exam exam;
	uint8_t *table;	 /* a piece */
	uint8_t *bitmap; /* a block: of this group, whose pieces mostly follow each other */
	uint32_t bitmap_group;
	const char *doubt; /* why the bitmap is not trusted, or NULL */
};

struct tables {
	struct e4z_image *img;
	struct tables_options options;
	struct findings *findings;
	struct claims *claims;
	struct rangeset *orphans, *dirs;
	struct rangeset *alone;	   /* in an account, with bigalloc; else NULL */
	struct rangeset *doubtful; /* in an account: inodes of which nothing is claimed */
	struct rangeset *unlinked; /* in an account: inodes in use without links */
	struct orphan_faults faults;
	struct shown *shown; /* NULL: no file shares a block */
	bool seen_data, seen_hole;
	bool blamed_dir;
	bool restarted; /* everything is claimed again */
	struct worker *workers;
	uint8_t **buf;	 /* the workers' buffers, for examine_tails */
	uint32_t *order; /* groups by the place of their inode tables */
	enum mode mode;
	struct shard_groups groups; /* that are examined */
	struct piece_vec pieces;
	struct tail *tails, *scratch; /* of the next sweep */
	size_t room;		      /* for them */
	struct room need;
	_Atomic size_t tail_count;
	pthread_mutex_t lock; /* of dirs and pending */
	struct ino_vec pending;
	struct found_vec ownerless; /* later sorted by their blocks */
	struct spare_vec spares;
	uint64_t files;
	struct tally tally;
	/* progress: every inode counts twice, for its table and for its tail */
	uint64_t done;	  /* of both */
	uint64_t reading; /* inodes of the pieces */
	uint64_t waiting; /* inodes that were read and whose tails were not examined */
};

/* A few slots, whose checksums are verified together. */
struct handful {
	uint32_t ino[INODE_LANES];
	uint8_t *raw[INODE_LANES];
	unsigned count;
};

static inline uint32_t tables_per_group(const struct tables *t)
{
	return t->img->fs->super->s_inodes_per_group;
}

/* The inodes of group G are those that are examined, or in some modes all or the others. */
static inline bool tables_has_group(const struct tables *t, uint32_t g)
{
	bool inside = t->groups.first <= g && g < t->groups.end;

	return t->mode == SHOW || t->mode == FIND_DIRS || inside == (t->mode != OTHERS);
}

static inline errcode_t tables_stopped(const struct tables *t)
{
	if (t->options.stop && *t->options.stop)
		return E4Z_ET_INTERRUPTED;
	/* what cannot be read for that reason is no finding */
	return atomic_load(&t->img->dev->lost);
}

/*
 * The slot RAW holds an inode that is to be examined. Without a bitmap what looks as if it were in
 * use is: with a wrong checksum, too.
 */
static inline bool tables_slot_counts(uint32_t ino, const uint8_t *raw, bool believed)
{
	bool mode = get_le16(raw + I_MODE), links = get_le16(raw + I_LINKS);

	return (believed ? mode || links : mode && links) && !exam_leaves_out(ino);
}

/* Examine the slots of H, which is empty then. */
errcode_t tables_handful(struct tables *t, struct worker *w, struct handful *h);

/* All tables once, in MODE. */
errcode_t tables_all(struct tables *t, enum mode mode);

/* INODE, its checksum right, has what is found in the blocks that are its and others'. */
void tables_own(struct tables *t, const struct inode *inode);

/* Findings in blocks that many inodes may have become those of the first inode of each. */
errcode_t tables_add_ownerless(struct tables *t);

/* Hand over what a worker collected. */
errcode_t tables_collect(struct tables *t, struct exam *exam);

/* Examine the orphans that were collected. */
errcode_t tables_pending(struct tables *t);

/* Examine piece N of ARG, a struct tables: a job of the pool. */
errcode_t tables_piece(void *arg, unsigned worker, uint64_t n);

#endif
