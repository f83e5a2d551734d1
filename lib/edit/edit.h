/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One file that is being edited: its inode's slot in the transaction, its map in memory, and the
 * blocks that come and go with it.
 *
 * E1. A file has a list, and either a tree or a map of pointers that is to follow it; with inline
 *     data it has none of the three.
 * E2. From edit_open() on the block of the inode's slot is held by the transaction, and does not
 *     move: RAW is in it.
 * E3. Every change of the map is noted as a step while there is a mark, and none while there is
 *     not; only what is marked goes back.
 * E4. A file that is closed, unless it is forgotten, has nothing due: no dirty block, no change of
 *     the map that is not in the transaction, no block to be freed or counted.
 */
#ifndef E4Z_EDIT_EDIT_H
#define E4Z_EDIT_EDIT_H

#include "file/cache.h"
#include "file/inode.h"
#include "image/image.h"
#include "sets/numbermap.h"
#include "sets/rangeset.h"
#include "sets/slab.h"
#include "tree/extents.h"
#include "tree/indirect.h"
#include "tree/tree.h"

VEC(unmapped_vec, struct run);

/* How a file was in the committed state: what of it can be seen until the commit. */
struct origin {
	uint32_t ino;
	uint64_t size;
	uint64_t eof_pblk; /* of its last block if that is not whole, 0: none */
};
VEC(origin_vec, struct origin);

/* What the files that are edited in one transaction share. */
struct edit_session {
	struct cache *cache;
	struct rangeset *hidden;   /* written blocks that the committed state shows nobody */
	struct rangeset *seen;	   /* blocks that are not written any more, but are in that state */
	struct rangeset *past_eof; /* of those hidden: written in that state, past the end */
	struct origin_vec origins;
	struct numbermap origin_of; /* an inode's place among them */
	bool handle;		    /* an operation is changing metadata */
};

enum edit_kind { EDIT_MAPPED, EDIT_UNMAPPED, EDIT_STATE, EDIT_COLLAPSED, EDIT_INSERTED };

/*
 * Something that was done to the map, with the state that was there before. An operation may do it
 * to every extent of a file: it is as small as an extent of the list.
 */
struct edit_step {
	uint64_t pblk : 60, kind : 3, unwritten : 1; /* enum edit_kind */
	uint32_t lblk, len;
};

#define STEPS_PIECE 64

struct edit_steps {
	VEC(, struct edit_step *) pieces; /* of STEPS_PIECE each */
	struct slab slab;
	size_t count;
};

/* What an operation that fails goes back to, with the steps. */
struct edit_mark {
	int64_t sectors;
	uint64_t taken, given, placed, converted, eof;
	size_t unmapped;
	bool changed, stamp, stays, strict, was_inline;
};

/* Of the state at the mark, what edit_finish() takes away: kept by the first one since. */
struct edit_kept {
	bool any;
	VEC(, struct e4z_span) changes; /* of the map, which were not in the transaction */
	struct unmapped_vec unmapped;
};

struct edit_file {
	struct e4z_image *img;
	struct edit_session *session;
	struct cache_file *blocks;    /* its dirty blocks */
	struct inode inode;	      /* raw is in the transaction */
	char *name;		      /* that the caller called it by; NULL: not known */
	struct extents *list;	      /* NULL: inline data */
	struct tree *tree;	      /* extents, or */
	struct indirect *map;	      /* indirect blocks */
	uint64_t eof;		      /* in blocks, when the map was loaded or written last */
	int64_t sectors;	      /* to be added to i_blocks, in 512 bytes */
	uint64_t taken, given;	      /* blocks */
	uint64_t placed;	      /* of those taken: for what waited in the cache */
	uint64_t converted;	      /* blocks whose state changed */
	struct unmapped_vec unmapped; /* to be freed */
	bool changed;		      /* the map, or inline data: edit_finish() is due */
	bool stays;		      /* no block may be moved: the old one would keep its bytes */
	bool stamp;		      /* it was changed by somebody: times are due */
	bool strict; /* a tree that e2fsck takes for corrupt is refused, though it was one before */
	struct edit_steps steps; /* since the mark, if there is one */
	struct edit_mark mark;
	struct edit_kept kept;
	bool has_mark;	 /* it was open before the operation, and goes back to what it was then */
	uint64_t opened; /* operation of the session that opened it, */
	uint64_t marked; /* and the last one that touched it */
	uint64_t bound;	 /* journal blocks, as counted last: fit_bound() */
	bool gives;	 /* it had something in UNMAPPED then */
	size_t place;	 /* among the files of the session */
	bool waits;	 /* it is between these two: session_touch() */
	struct edit_file *older, *newer;
	errcode_t err;
};

/*
 * Open the inode INO for editing in S, for session_open(): its checksum and its mapping hold every
 * rule of doc/findings.md, no block is in it twice. Give it to edit_close() in any case.
 */
errcode_t edit_open(struct e4z_image *img, struct edit_session *s, uint32_t ino,
		    struct edit_file *f);
void edit_close(struct edit_file *f);

/* ---- handles: the short spans in which an operation changes metadata ---- */

/*
 * What follows changes the map, and needs a handle. While there is one nothing may be zeroed or
 * flushed: a flush would stage its conversion in the middle of a change, ahead of its own
 * barrier (ext4_iomap_block_zero_range() warns of the same).
 */
errcode_t edit_open_handle(struct edit_file *f);
void edit_close_handle(struct edit_file *f);

/* No handle is open: E4Z_ET_HANDLE. WHAT is about to be done. */
errcode_t edit_no_handle(const struct edit_file *f, const char *what);

/* ---- the map ---- */

/* Unmap [lblk, lblk + len) and free what no other block of the file shares a cluster with. */
errcode_t edit_unmap(struct edit_file *f, uint64_t lblk, uint64_t len);

/*
 * Blocks of pointers for something in [lblk, lblk + len), with none in them, go as well, also those
 * that had none before: ext4_ind_truncate(). The kernel leaves such blocks where it punches.
 */
errcode_t edit_prune(struct edit_file *f, uint64_t lblk, uint64_t len);

/* Give what is mapped in [lblk, lblk + len) one state. Holes stay holes. */
errcode_t edit_set_state(struct edit_file *f, uint64_t lblk, uint64_t len, bool unwritten);

/*
 * Map the holes in [lblk, lblk + len) to blocks of one state; the caller puts the content of
 * written ones home. In a cluster that the file has a block of the others are taken along, as
 * get_implied_cluster_alloc() does.
 */
errcode_t edit_allocate(struct edit_file *f, uint64_t lblk, uint64_t len, bool unwritten);

/* extents_collapse() and extents_insert() of whole clusters. */
errcode_t edit_collapse(struct edit_file *f, uint64_t lblk, uint64_t len);
errcode_t edit_insert(struct edit_file *f, uint64_t lblk, uint64_t len);

/*
 * How many bytes from the start of the block at PBLK, which is mapped with UNWRITTEN as its state,
 * the committed state shows: what follows them may be written in place before the commit.
 */
uint32_t edit_seen_bytes(const struct edit_file *f, uint64_t pblk, bool unwritten);

/*
 * That block is not to become DATA before the commit: a part of it can be seen, or it is written
 * past EOF and would hold stale bytes that were not there before. Zeroes are none.
 */
bool edit_waits(const struct edit_file *f, uint64_t pblk, bool unwritten, const uint8_t *data);

/* Remember how the committed state shows F, once in a transaction. */
errcode_t edit_note_origin(struct edit_file *f);

/* RUN is not written from now on, but it is visible until the commit. */
errcode_t edit_note_seen(struct edit_file *f, const struct run *run);

/* RUN is written from now on, but until the commit only what was noted as seen can be seen. */
errcode_t edit_note_hidden(struct edit_file *f, const struct run *run);

/*
 * Keep what is written in [lblk, lblk + len), past EOF, invisible when the size grows:
 * it becomes unwritten, or is freed where there is no such state, without MAY_KEEP, and in deep
 * trees, where e2fsck takes unwritten blocks past EOF for corruption.
 */
errcode_t edit_hide(struct edit_file *f, uint64_t lblk, uint64_t len, bool may_keep);

/*
 * Map the hole at LBLK, whose cluster has no other block of the file, to a new block with CONTENT,
 * which is written in place before the commit.
 */
errcode_t edit_map_new(struct edit_file *f, uint64_t lblk, const void *content);

/* Zero the blocks [pblk, pblk + len), which are not visible, in place before the commit. */
errcode_t edit_home_zero(struct edit_file *f, uint64_t pblk, uint64_t len);

/*
 * The same of blocks that were unwritten until now: those that the committed state shows all the
 * same become zero in the transaction.
 */
errcode_t edit_zero(struct edit_file *f, uint64_t pblk, uint64_t len);

/* The content of the block at PBLK as the transaction will leave it. */
errcode_t edit_read(const struct edit_file *f, uint64_t pblk, uint8_t *data);

/* An operation begins, and edit_back() undoes what it did to the map. */
errcode_t edit_mark(struct edit_file *f);
/* It is not going to be undone any more. */
void edit_unmark(struct edit_file *f);
errcode_t edit_back(struct edit_file *f);

/* Free the blocks that were unmapped; edit_finish() does it. */
errcode_t edit_give_back(struct edit_file *f);

/* Take COUNT clusters at most, as alloc_take_run(), for F: *GOT of them, counted in i_blocks. */
errcode_t edit_take(struct edit_file *f, uint64_t near, uint64_t count, bool reserved,
		    uint64_t *pblk, uint64_t *got);

/*
 * Put the map and the inode into the transaction: tree blocks, i_blocks, size, times, checksum.
 * Nothing is due afterwards.
 */
errcode_t edit_finish(struct edit_file *f, bool stamp);

/* E4: nothing is due. */
errcode_t edit_check_done(const struct edit_file *f);

/* Under LARGE_FILE where that is needed. */
errcode_t edit_set_size(struct edit_file *f, uint64_t size);

/* Give up inline data for an empty map of the kind that the file system makes. */
errcode_t edit_leave_inline(struct edit_file *f);

/* ---- for the files edit*.c alone ---- */

/* E1 and E2 hold. */
errcode_t edit_check(const struct edit_file *f);

/* A handle is open: E4Z_ET_STATE. */
errcode_t edit_in_handle(const struct edit_file *f);

/* The map is about to go into the transaction: keep what is due, if there is a mark. */
errcode_t edit_keep(struct edit_file *f);

/* The map is changed: RUN, as it was before. 0 or ENOMEM. */
errcode_t edit_note_step(struct edit_file *f, enum edit_kind kind, const struct run *run);

#endif
