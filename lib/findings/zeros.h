/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which blocks of many files read as zero: places are read in physical order by several threads,
 * and what the host's file system knows to be a hole is not read at all.
 */
#ifndef E4Z_FINDINGS_ZEROS_H
#define E4Z_FINDINGS_ZEROS_H

#include "base/vec.h"
#include "file/map.h"

/* LEN blocks from block START of a piece on. LEN 0: the piece could not be read. */
struct zeros {
	size_t piece;
	uint64_t start, len;
};
VEC(zeros_vec, struct zeros);

struct zeros_options {
	unsigned workers;
	const volatile int *stop;
	/* TAKEN of ALL reads; may be NULL */
	void (*watch)(void *arg, uint64_t taken, uint64_t all);
	void *arg;
};

/*
 * Append to FOUND the zero blocks of COUNT pieces, in the order of (piece, start), joined.
 * Unwritten pieces read as zero whatever the disk holds. E4Z_ET_INTERRUPTED, ENOMEM; a piece that
 * cannot be read is reported in FOUND.
 */
errcode_t zeros_find(const struct e4z_image *img, const struct run *pieces, size_t count,
		     const struct zeros_options *options, struct zeros_vec *found);

/* What is known of where the image has data: asked for once a stretch. All zero: nothing. */
struct zeros_hint {
	uint64_t asked, start, end;
	bool known;
};

/*
 * The first block in [pblk, end) that may hold something else than zeroes, and in *STOP the first
 * after it that does not: END when there is none. Cheap when called in ascending order of PBLK.
 */
uint64_t zeros_skip_hole(const struct e4z_image *img, struct zeros_hint *hint, uint64_t pblk,
			 uint64_t end, uint64_t *stop);

#endif
