/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Converts blocks between written, unwritten and hole where that changes no contents: many files
 * are examined together, then each one is converted separately.
 *
 *     convert_add   the maps say which blocks may be converted (pieces)
 *     convert_look  the image says which of them read as zero
 *     convert_file  an edit of one file in the running transaction
 */
#ifndef E4Z_CONVERT_CONVERT_H
#define E4Z_CONVERT_CONVERT_H

#include "base/vec.h"
#include "findings/zeros.h"
#include "image/turn.h"

struct convert_file {
	uint32_t ino;
	size_t piece, pieces; /* first, and how many */
	size_t zero, zeros;   /* of what was found */
	uint64_t eof;	      /* first block wholly past it */
	bool unreadable;
	struct e4z_edit edit; /* what there is, counted */
};

struct convert {
	struct e4z_image *img;
	const struct e4z_convert_options *options;
	struct map_work work;
	VEC(run_vec, struct run) pieces;
	VEC(convert_file_vec, struct convert_file) files;
	struct zeros_vec found;
	/* of the file that is being added */
	struct convert_file *adding;
	uint64_t from, end; /* blocks that may be converted */
	struct run run;	    /* neighbours merged; len 0: none */
	uint64_t mapped, map_end;
	errcode_t err;
};

/* Give it to convert_close() in any case. */
errcode_t convert_open(struct e4z_image *img, const struct e4z_convert_options *options,
		       struct convert *c);
void convert_close(struct convert *c);

/* Forget the files, and go on. */
void convert_clear(struct convert *c);

/*
 * Why INODE, a regular file that may be edited, is exempt from what is to be done; NULL: it is not.
 * EVERY: all files are converted, and nobody asked for this one. Static.
 */
const char *convert_exempts(struct convert *c, const struct inode *inode, bool every);

/*
 * Add a file. If it is one that has nothing to convert, *EMPTY, it is still in c->files, for the
 * counts in its edit. E4Z_ET_CORRUPT_MAP, with *WHY (static).
 */
errcode_t convert_add(struct convert *c, const struct inode *inode, bool *empty, const char **why);

/* How deep INODE's tree is: 0 without extents. */
unsigned convert_depth(const struct inode *inode);

/* Find out what is zero in all of them. WATCH as in zeros_find(). */
errcode_t convert_look(struct convert *c, void (*watch)(void *arg, uint64_t taken, uint64_t all),
		       void *arg);

/* Where in a file's zeroes a conversion in pieces is. */
struct convert_place {
	size_t zero;
	uint64_t done; /* blocks of it */
};

/*
 * Convert FILE from *PLACE on, BLOCKS blocks or to its end, in the running transaction; *PLACE
 * moves past them, and EDIT counts what was done on top of what is in it. No file is open in the
 * session, before and afterwards. After a failure the caller takes back what was changed.
 */
errcode_t convert_file(struct convert *c, const struct convert_file *file,
		       struct convert_place *place, uint64_t blocks, struct e4z_edit *edit);

/*
 * The same in as many transactions as it takes, of which COMMIT ends all but the last. Nothing
 * uncommitted is in the running one. On failure *EDIT counts what is durable.
 */
errcode_t convert_in_pieces(struct convert *c, const struct convert_file *file,
			    errcode_t (*commit)(void *arg), void *arg, struct e4z_edit *edit);

#endif
