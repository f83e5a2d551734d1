/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Truncating inodes within the transaction; e4z_truncate() is in e4zero.h. */
#ifndef E4Z_OPS_TRUNCATE_H
#define E4Z_OPS_TRUNCATE_H

#include "e4zero.h"

/*
 * Do to the inode INO what a truncate to its size does, no time stamped: the rest of one that a
 * crash cut short. Blocks below KEEP_LBLK stay: it may be done from the end, piece by piece. No
 * file is open afterwards. What a failure leaves must be taken back with session_back().
 */
errcode_t truncate_finish(struct e4z_image *img, uint32_t ino, uint64_t keep_lblk,
			  struct e4z_edit *edit);

#endif
