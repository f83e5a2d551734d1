/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all operations on a file have in common: the name is looked up, the file is opened in the
 * session, what fails is taken back, and where the log is too small the transaction is split.
 */
#ifndef E4Z_OPS_OP_H
#define E4Z_OPS_OP_H

#include "file/inline.h"
#include "ops/zero.h"

struct op;

/* Change OP's file. What it did is taken back when it fails. */
typedef errcode_t op_fn(struct op *op);

struct op {
	const char *name;
	const char *call; /* the public function, "e4z_truncate()" */
	op_fn *run;
	/* Do it in several transactions, the last one left to the caller; NULL: impossible. */
	op_fn *split;
	uint64_t off, len; /* bytes */
	bool keep_size;
	/* fallocate(2) takes what stands in the inode out of it before it looks at sizes */
	bool moves_first;
	const void *arg;	       /* the operation's own */
	uint64_t whole_off, whole_len; /* op_split_range(): what was asked for */

	/* while it runs */
	struct e4z_image *img;
	struct session *session;
	struct edit_file *f;
	struct e4z_edit *edit;
};

/* Do OP to the file NAME ("<INO>" or an absolute path); EDIT says what it came to. */
errcode_t op_run(struct e4z_image *img, struct op *op, const char *name, struct e4z_edit *edit);

/*
 * For OP's split: piece after piece of its range, in whole clusters, from its start on. What each
 * leaves is what the operation would leave that was asked for so much.
 */
errcode_t op_split_range(struct op *op);

/* Have OP be about the *LEN that follow AT; *LEN may become something else. */
typedef void op_piece(struct op *op, uint64_t at, uint64_t *len);

/*
 * For OP's split: TOTAL of what PIECE counts, in pieces of UNIT or more. Where that does not do the
 * transaction is left empty.
 */
errcode_t op_in_pieces(const struct op *op, op_piece *piece, uint64_t total, uint64_t unit);

/* ---- what operations are made of ---- */

/* Blocks that SIZE bytes reach into. */
static inline uint64_t op_blocks(const struct op *op, uint64_t size)
{
	return (size >> op->img->block_bits) + ((size & (op->img->block_size - 1)) != 0);
}

/* The largest size, in bytes, that OP may give its file. */
uint64_t op_size_limit(const struct op *op);

/* Guard the inode, and hold off + len to what its map can hold: EFBIG. */
errcode_t op_check(const struct op *op, unsigned what);

/* E4Z_ET_REFUSED unless the file has, or will have, extents: WHY it matters, a sentence's end. */
errcode_t op_need_extents(const struct op *op, const char *why);

/* Find the bytes of an inline file, all that its size says there are: E4Z_ET_BAD_INODE. */
errcode_t op_find_inline(const struct op *op, struct inline_data *data);

/*
 * The next block of the file for changing, valid until the one after it: with what it holds, or,
 * WHOLE, to be replaced. What was looked up before may be stale: spill_between().
 */
errcode_t op_change_block(const struct op *op, uint64_t lblk, bool whole, uint8_t **data);

/* Let the bytes of an inline file move into a block, as ext4_convert_inline_data() does. */
errcode_t op_leave_inline(struct op *op);

/*
 * The file is to grow to SIZE: the old tail is zeroed first, what is written past EOF is hidden,
 * then the size is set. All of it is one transaction, and the tail is at home before it.
 */
errcode_t op_grow(struct op *op, uint64_t size);

/* Blocks [first, end) of the file go, with what the cache has of them and the pointers to them. */
errcode_t op_remove_blocks(struct op *op, uint64_t first, uint64_t end);

/* What is written past the end of the file must not come into sight: unwritten, or gone. */
errcode_t op_hide_past_eof(struct op *op);

#endif
