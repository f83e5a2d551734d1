/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeping what is overwritten: e4z_keep_undo(). Taking it back: undo/undo_apply.c. */
#ifndef E4Z_UNDO_UNDO_H
#define E4Z_UNDO_UNDO_H

#include "image/image.h"
#include <sys/stat.h>

/*
 * Every write is preceded by its own saving and two barriers of the undo file, unless what it
 * overwrites was saved before. Who knows a plan saves all of it first: [off, off + len) of the
 * file system, then undo_expect(), which makes it durable. Nothing happens when nobody asked for an
 * undo file.
 */
errcode_t undo_save(struct e4z_image *img, uint64_t off, uint64_t len);

/*
 * All that a transaction overwrites: the blocks of LIST, the superblock, and the first LOG_BLOCKS
 * of the log with its superblock. What is written directly the caller saves before; this flushes.
 */
errcode_t undo_expect(struct e4z_image *img, const struct captured *list, size_t count,
		      uint64_t log_blocks);

/*
 * The image is durable, and as it is meant to be: e2undo takes the file from now on. Writing on is
 * possible. Where that costs too much for a commit of many, undo_finish() does it.
 */
errcode_t undo_seal(struct e4z_image *img);

/* Can there be an undo file of IMG at all? E4Z_ET_FEATURE: not with an external journal. */
errcode_t undo_check(struct e4z_image *img);

/* The folder that PATH is in, malloc()ed; NULL when memory runs out. */
char *undo_folder(const char *path);

/* ST is the undo file. */
bool undo_is(const struct undo *undo, const struct stat *st);

/* Its descriptor; -1: no undo file is kept. */
int undo_descriptor(const struct e4z_image *img);
/* Remove the file of IMG, a struct e4z_image: ERRAND_UNDO. */
errcode_t undo_unlink(void *img);

/* Seal and close; nothing was written: no file is left. */
void undo_finish(struct e4z_image *img);

#endif
