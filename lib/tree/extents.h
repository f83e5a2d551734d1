/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The map of one file in memory, in order, kept for a session: 16 bytes an extent, changed in O(log
 * n).
 *
 * Extents that follow each other logically and physically in one state are always one here, however
 * long; only a walk that cuts (extents_walk_start) obeys the lengths of the on-disk format. What
 * was changed since extents_clean() is remembered as logical ranges, so that a writer need not look
 * at the rest.
 */
#ifndef E4Z_TREE_EXTENTS_H
#define E4Z_TREE_EXTENTS_H

#include "base/bytes.h"
#include "file/map.h"

#define EXTENTS_END 0xffffffffull /* logical blocks are below */

struct extents;

/* Called for every piece whose mapping goes away. */
typedef void extents_freed(void *arg, const struct run *run);

/* NULL when memory runs out. */
struct extents *extents_new(void);
void extents_free(struct extents *list);

/*
 * Append what a map_walk() delivers, without marking it as changed: E4Z_ET_CORRUPT_MAP when RUN is
 * not after the last one.
 */
errcode_t extents_load(struct extents *list, const struct run *run);

/* The number of extents. */
size_t extents_count(const struct extents *list);

/* Grows with every change. */
uint64_t extents_cookie(const struct extents *list);

/*
 * The extent that holds LBLK, whole: true. Else the hole from LBLK on, up to the next extent or
 * EXTENTS_END: false, and RUN has pblk 0.
 */
bool extents_find(const struct extents *list, uint64_t lblk, struct run *run);

/* Unmap [lblk, lblk + len). FREED may be NULL. */
errcode_t extents_remove(struct extents *list, uint64_t lblk, uint64_t len, extents_freed *freed,
			 void *arg);

/* Give what is mapped in [lblk, lblk + len) one state. Holes stay holes. */
errcode_t extents_set_state(struct extents *list, uint64_t lblk, uint64_t len, bool unwritten);

/* Map a hole: E4Z_ET_USAGE when any of it is mapped. */
errcode_t extents_map(struct extents *list, const struct run *run);

/* Take [lblk, lblk + len) out of the file; the blocks after it move down. */
errcode_t extents_collapse(struct extents *list, uint64_t lblk, uint64_t len, extents_freed *freed,
			   void *arg);

/*
 * Open a hole of LEN blocks at LBLK; the blocks from there on move up: EFBIG when they cannot.
 */
errcode_t extents_insert(struct extents *list, uint64_t lblk, uint64_t len);

/* A walk over a range; ends with the first change of the list. */
struct extents_walk {
	size_t chunk, item;
	uint64_t at, end;
	bool cut;
};

/*
 * Walk [start, end): extents are clipped to it, and CUT makes them no longer than a leaf entry can
 * say. Pieces are cut from START on, and a walk that starts at one of them delivers the same from
 * there.
 */
void extents_walk_start(const struct extents *list, struct extents_walk *walk, uint64_t start,
			uint64_t end, bool cut);
bool extents_walk_next(const struct extents *list, struct extents_walk *walk, struct run *run);

/* [start, start + len) counts as changed: what maps it on disk is to be rewritten. */
errcode_t extents_touch(struct extents *list, uint64_t start, uint64_t len);

/* What was changed: *COUNT disjoint ranges in order, valid until the next change. */
errcode_t extents_dirty(struct extents *list, const struct e4z_span **spans, size_t *count);

/* No fewer than the ranges that were changed, without putting them in order. */
size_t extents_changes(const struct extents *list);

/* All that was changed is written. */
void extents_clean(struct extents *list);

#endif
