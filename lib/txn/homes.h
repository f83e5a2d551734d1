/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a transaction that are written to their final location ("home") before the commit,
 * without the journal: nobody can read them there yet (in ordered mode the kernel does the same
 * with bytes that can be read).
 *
 * A piece is one of three things:
 *
 *   part     some bytes of one block, copied. Its neighbours on the disk stay as they are.
 *   block    a whole block. Its content is in the stash, which keeps the newest content of each
 *            block at hand and spills to a file.
 *   zeroes   a range, of any length if it consists of whole blocks. Only the range is kept.
 *
 * While they are collected they have a total order, their numbers. A caller that needs a barrier
 * (data before the map that refers to them) begins a new group with homes_barrier(). Collecting
 * writes nothing.
 *
 *             homes_add*, homes_barrier          homes_write
 *   COLLECTED --------------------------> (same) -----------> WRITTEN: only homes_free() is left
 *      ^  |
 *      |  | homes_mark: remembers the lengths and the group
 *      +--+ homes_back: cuts off what came since
 *
 * homes_write() goes group by group with a barrier between two of them, and within a group by
 * location, so that a disk is written in one sweep. The order within a group is therefore not the
 * order of the numbers, and the rules below make up for it: what is at a location afterwards is the
 * piece with the highest number, or the journal repairs it.
 *
 * H1. A part lies within one block. Zeroes lie within one block or cover whole blocks.
 * H2. Numbers rise, and groups never fall, in the order in which pieces come.
 * H3. The stash holds the newest whole block of each location; zeroes that come later replace it
 *     there (STASH_ZERO), so it is not written after them.
 * H4. A block does not overlap zeroes of its own group that came before it: they might be written
 *     after it. Where it would, a new group begins.
 * H5. A mark never lies ahead of what is there.
 * H6. Once the pieces are written nothing is added: their order is lost.
 * H7. What homes_add_block(only) replaces is written in no group at all. Readers see its location,
 *     so that a crash may show the bytes of before or the last ones, and no others.
 *
 * Parts that overlap zeroes or each other in one group may be written in the wrong order (H4 is for
 * blocks). homes_leave() works out what the location will hold by the same order, compares that
 * with the view, and leaves such a block to the journal.
 */
#ifndef E4Z_TXN_HOMES_H
#define E4Z_TXN_HOMES_H

#include "base/vec.h"
#include "io/capture.h"
#include "io/stash.h"
#include <stdbool.h>

/* Parts of a block, or zeroes of any length: data NULL. */
struct home {
	uint64_t off, len;
	uint8_t *data;
	uint32_t number; /* in the order in which they came */
	uint32_t group;	 /* a barrier stands between one and the next */
};

struct homes {
	VEC(, struct home) list;
	struct stash *stash; /* whole blocks; NULL: none yet */
	uint32_t number;     /* of the next one */
	size_t mark;	     /* how many were in the list then */
	uint32_t group, group_mark;
	struct homes_zeroes {
		uint64_t from, end; /* bytes */
	} zeroes, zeroes_mark;	    /* that the zeroes of this group are within */
	bool written;		    /* H6 */
};

/* Append a part of a block; the DATA are copied. 0, ENOMEM or E4Z_ET_STATE. */
errcode_t homes_add(struct homes *homes, uint64_t off, size_t len, uint32_t block_size,
		    const void *data);

/*
 * BLOCK, whole, is to be DATA at home: an older piece of it is not written any more, unless a
 * barrier stands between them. ONLY: not then, either, because what goes there can be seen. The
 * stash must be there. Errors as stash_put().
 */
errcode_t homes_add_block(struct homes *homes, uint64_t block, uint32_t block_size,
			  const void *data, bool only);

/* [off, off + len) is to be zero; what the stash has of it, whole blocks, becomes zero too. */
errcode_t homes_add_zero(struct homes *homes, uint64_t off, uint64_t len, uint32_t block_size);

/* How many pieces there are, and the place of each. */
size_t homes_count(const struct homes *homes);
errcode_t homes_each(const struct homes *homes, uint32_t block_size,
		     errcode_t (*fn)(void *arg, uint64_t off, uint64_t len), void *arg);

/* What comes later is written after a barrier that follows what came so far. */
void homes_barrier(struct homes *homes);

void homes_free(struct homes *homes);

/* Remember how many there are; forget those that came since (the view has a mark of its own). */
void homes_mark(struct homes *homes);
void homes_back(struct homes *homes);

/*
 * Leave those of LIST, blocks of BLOCK_SIZE bytes of VIEW, that will still differ from the disk
 * when the pieces are written; the others are moved past the new end.
 */
errcode_t homes_leave(const struct homes *homes, const struct capture *view, uint32_t block_size,
		      struct captured *list, size_t *count);

/*
 * Write what is the newest of each place, group by group, by their place. Whole blocks of zeroes
 * may become holes of the host file.
 */
errcode_t homes_write(struct homes *homes, struct blkdev *dev, uint32_t block_size);

#endif
