/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a view: capture.c reads it, capture_change.c changes it, capture_list.c says what
 * is changed.
 */
#ifndef E4Z_IO_CAPTURE_STATE_H
#define E4Z_IO_CAPTURE_STATE_H

#include "base/bytes.h"
#include "base/vec.h"
#include "io/blkdev.h"
#include "io/block_table.h"
#include "io/overlay.h"
#include "io/stash.h"
#include "sets/rangeset.h"

VEC(saved_vec, struct captured);

struct capture {
	struct blkdev *dev;
	uint32_t block_size;
	struct overlay *overlay;
	struct rangeset *zeroes;    /* over the overlay, sealed: blocks that are zero; or NULL */
	struct block_table sealed;  /* over these: the data are somebody else's */
	struct rangeset *zeroed;    /* over these: blocks that become zero at home; or NULL */
	const struct stash *stash;  /* over all these; NULL: none */
	struct block_table changed; /* over all */
	uint64_t mark;		    /* 0: none yet */
	struct saved_vec saved;	    /* of blocks changed since the mark: their content then */
	VEC(, struct e4z_span) new_zeroed; /* what ZEROED has got since the mark */
	uint8_t *zero;			   /* a block of zeroes, for SEALED; NULL: not needed yet */
};

static inline bool capture_is_stashed(const struct capture *cap, uint64_t block)
{
	return cap->stash && stash_find(cap->stash, block);
}

/* What there is for a change to begin with: all layers but `changed`. */
errcode_t capture_read_unchanged(const struct capture *cap, uint64_t off, size_t len, void *buf);

/* Add the whole blocks of [off, off + len) to *SET, which is made if it is NULL. 0 or ENOMEM. */
errcode_t capture_note_zeroed(const struct capture *cap, struct rangeset **set, uint64_t off,
			      uint64_t len);

/*
 * Blocks with different ones are different; of equal ones nothing is known. Far cheaper than
 * reading what is below once more, which most changed blocks are so spared.
 */
uint64_t capture_fingerprint(const uint8_t *data, uint32_t len);

#endif
