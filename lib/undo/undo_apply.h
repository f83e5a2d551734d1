/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An undo file while it is applied: undo_read.c reads it, undo_image.c examines the image. */
#ifndef E4Z_UNDO_UNDO_APPLY_H
#define E4Z_UNDO_UNDO_APPLY_H

#include "e4zero.h"
#include "image/place.h"
#include "undo/undo_after.h"
#include "undo/undo_format.h"
#include <ext2fs/ext2_fs.h>

struct apply {
	int fd; /* of the undo file */
	struct undo_header header;
	uint32_t block_size;
	uint64_t file_size;
	struct undo_piece_vec pieces;
	uint8_t *buf; /* for the largest key */
	struct blkdev *dev;
	struct mmp *mmp;       /* of multiple mount protection; NULL: the feature is off */
	struct e4z_image *img; /* for the callback `opened`; NULL: no callback */
	bool dry_run;
	uint64_t restored; /* bytes */
	char *why;
	size_t why_size;
};

/* Return ERR, and say in the caller's WHY what it is; or what was being done when it came. */
errcode_t apply_say(const struct apply *a, errcode_t err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
errcode_t apply_say_while(const struct apply *a, errcode_t err, const char *doing);

/* ---- the undo file ---- */

/* LEN bytes at AT of it; E4Z_ET_BAD_UNDO where it is too short. */
errcode_t apply_get(const struct apply *a, uint64_t at, void *buf, size_t len);

/* Open PATH and verify its header; then read and verify the rest: keys, old content, the table. */
errcode_t apply_begin(struct apply *a, const char *path);
errcode_t apply_read(struct apply *a);

/* The edit came to its end. */
bool apply_is_finished(const struct apply *a);

/* The file says what the edit left: only a finished one of ours does. */
bool apply_has_table(const struct apply *a);

/* The superblock that the file system has to have. */
errcode_t apply_wanted_super(const struct apply *a, struct ext2_super_block *want);

/* ---- the image ---- */

/* Open it, lock it, and narrow it to the file system; it must not be in use. */
errcode_t apply_open_image(struct apply *a, const struct place_spec *spec,
			   const struct e4z_open_options *options);

/* It is in the state in which the edit left it, as far as the file can tell. */
errcode_t apply_check_image(const struct apply *a);

#endif
