/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a map must be before anything relies on it: the whole of it is read. */
#ifndef E4Z_FILE_SOUND_H
#define E4Z_FILE_SOUND_H

#include "file/inode.h"
#include "image/image.h"

/*
 * From now on the LEN blocks at PBLK are no other file's, whatever its map says, and nothing is
 * allocated there: with bigalloc nothing of their clusters. img->reserved exists.
 */
errcode_t sound_reserve(struct e4z_image *img, uint64_t pblk, uint64_t len);
/* Has any of these blocks been reserved? */
bool sound_is_reserved(const struct e4z_image *img, uint64_t pblk, uint64_t len);

/*
 * All that INODE maps holds the rules of doc/findings.md, no cluster is in it twice, and none is
 * reserved.
 */
errcode_t sound_map(struct e4z_image *img, const struct inode *inode);

#endif
