/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commit of a file system that has no journal. */
#ifndef E4Z_TXN_DIRECT_H
#define E4Z_TXN_DIRECT_H

#include "image/image.h"

/*
 * Write the blocks of LIST. Meanwhile the file system is marked as not clean, so that e2fsck looks
 * at it; an inode never points at what is not there yet. What was written directly is durable
 * already. The superblock comes with it: its s_kbytes_written has to grow.
 */
errcode_t direct_commit(struct e4z_image *img, const struct captured *list, size_t count);

/*
 * Bytes are written directly and no block is changed: s_kbytes_written grows, so that an undo file
 * of an earlier edit can tell. The caller's next barrier makes it durable. With metadata_csum
 * nothing is done: the checksum is in another sector, and a crash could tear the two apart.
 */
errcode_t direct_mark(struct e4z_image *img);

#endif
