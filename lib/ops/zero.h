/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zeroing a range of a file's bytes, as iomap_zero_range() does over ext4_iomap_zero_begin(): holes
 * and clean unwritten blocks already read as zero and are left alone, dirty ones are zeroed in the
 * cache, written ones are read, zeroed and made dirty.
 *
 * The rule that makes it more than a loop: a block that is unwritten on the disk may be dirty in
 * the cache, and skipping it would leave its data. The policy says how that is minded.
 */
#ifndef E4Z_OPS_ZERO_H
#define E4Z_OPS_ZERO_H

#include "edit/session.h"

/* What a mapping is to zeroing. Blocks that are shared or invalid never get this far: such a file
 * cannot be opened for editing. */
enum zero_type {
	ZERO_HOLE,
	ZERO_RESERVED, /* dirty over a hole: it has no block yet */
	ZERO_UNWRITTEN,
	ZERO_WRITTEN,
	ZERO_NEW, /* written, but the committed state shows it to nobody */
};

/* Blocks [lblk, lblk + len) in one state, which it is good for until the cookie is another. */
struct zero_map {
	enum zero_type type;
	uint64_t lblk, len; /* len >= 1 */
	uint64_t pblk;	    /* 0: none */
	uint64_t cookie;
	bool past_eof;
	bool has_batch; /* dirty blocks were looked for: none may have been found */
	bool full;	/* the batch ended the map, not its mapping */
	uint32_t *batch;
	size_t batched;
};

/* Map and cache of F as they are now. */
uint64_t zero_cookie(const struct edit_file *f);

/*
 * The mapping of F at LBLK, up to END: it does not cross the end of the file's last block, nor a
 * change between hole and reserved. With ROOM above 0 the dirty blocks of an unwritten or reserved
 * one are listed in BATCH, and the map ends after the last of them when there are more.
 * E4Z_ET_HANDLE under an open handle.
 */
errcode_t zero_begin(struct edit_file *f, uint64_t lblk, uint64_t end, uint32_t *batch, size_t room,
		     struct zero_map *map);

/*
 * Zero [off, off + len) of F, in memory. What was done is added to EDIT, byte by byte. Allocates
 * nothing. E4Z_ET_HANDLE under an open handle.
 */
errcode_t zero_range(struct edit_file *f, const struct session *s, uint64_t off, uint64_t len,
		     struct e4z_edit *edit);

/* The same of the parts of [off, end) that are not whole blocks. */
errcode_t zero_edges(struct edit_file *f, const struct session *s, uint64_t off, uint64_t end,
		     struct e4z_edit *edit);

/*
 * A block of F for changing, with what it holds now. Holes and unwritten blocks hold zeroes: the
 * dirty block over them is written where it belongs later.
 */
errcode_t zero_load(struct edit_file *f, uint64_t lblk, uint8_t **data);

#endif
