/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Truncating inodes within the transaction; e4z_truncate() is in e4zero.h. */
#ifndef E4Z_OPS_TRUNCATE_H
#define E4Z_OPS_TRUNCATE_H

#include "e4zero.h"

/*
 * Do to the inode INO what a truncate to its size does, no time stamped: the rest of one that a
 * crash cut short. E4Z_ET_CORRUPT_MAP and E4Z_ET_BAD_INODE come before anything was changed.
 */
errcode_t truncate_finish(struct e4z_image *img, uint32_t ino, struct e4z_edit *edit);

#endif
