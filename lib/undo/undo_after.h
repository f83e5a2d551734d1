/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an edit left, sector by sector: a table of crc32c in the undo file, in the order of
 * its keys, one for each 512 bytes (or what a key ends with) of each.
 *
 * The log's superblock is among what a transaction saves, and every later edit raises the number in
 * it: so the table also tells whether a later edit changed something that was not saved.
 */
#ifndef E4Z_UNDO_UNDO_AFTER_H
#define E4Z_UNDO_UNDO_AFTER_H

#include "base/vec.h"
#include "io/blkdev.h"
#include "undo/undo_format.h"

/* Old content. */
struct undo_piece {
	uint64_t off; /* in the file system */
	uint64_t at;  /* in the undo file */
	uint32_t size;
};
VEC(undo_piece_vec, struct undo_piece);

/*
 * Put the table of what DEV now has at all that the keys of HEADER name into FD, from block BLOCK
 * on, and say in HEADER, which is not written, where it is. There is no barrier. 0, or ENOMEM, or
 * what reading or writing failed with.
 */
errcode_t undo_after_put(int fd, struct undo_header *header, uint64_t block, struct blkdev *dev);

/* HEADER knows of no table any more. */
void undo_after_forget(struct undo_header *header);

/* Is there a table? A file of e2fsprogs has none. */
bool undo_after_is_there(const struct undo_header *header);

/*
 * The table is whole in FD, of FILE_SIZE bytes, and is one of PIECES: E4Z_ET_BAD_UNDO otherwise, or
 * a read error.
 */
errcode_t undo_after_verify(int fd, uint64_t file_size, const struct undo_header *header,
			    const struct undo_piece_vec *pieces);

/*
 * Every sector of PIECES on DEV is as the edit left it, or old: an undo that was interrupted came
 * there. Else E4Z_ET_OTHER_IMAGE, and *OFF says where; or a read error. The table was verified.
 */
errcode_t undo_after_check(int fd, const struct undo_header *header,
			   const struct undo_piece_vec *pieces, struct blkdev *dev, uint64_t *off);

#endif
