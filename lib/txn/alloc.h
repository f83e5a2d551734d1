/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks taken and given back within the transaction: bitmaps, group descriptors, superblock, with
 * their checksums.
 *
 * A1. A cluster is taken only if it is free now and was free in the committed state: its bit is
 *     clear, and txn_closed() does not have it. Until the commit a crash finds the blocks that were
 *     freed in use, so their content must stay.
 * A2. The run that is taken was found in the bitmap as it is: between the search and the taking the
 *     transaction does not change.
 * A3. What is given back is noted (txn_note_freed) before its bits are cleared, so that there is no
 *     moment in which it could be taken.
 */
#ifndef E4Z_TXN_ALLOC_H
#define E4Z_TXN_ALLOC_H

#include "file/map.h"
#include "image/image.h"

/*
 * Take free clusters that follow each other, COUNT if there are as many in one place, else *GOT of
 * them, at least one; near block NEAR if that is not 0. *PBLK is their first block. RESERVED: the
 * blocks kept for root may be used. E4Z_ET_NO_SPACE.
 */
errcode_t alloc_take_run(struct e4z_image *img, uint64_t near, uint64_t count, bool reserved,
			 uint64_t *pblk, uint64_t *got);

/* Clusters that alloc_take_run() can give in total. */
errcode_t alloc_left(struct e4z_image *img, bool reserved, uint64_t *clusters);

/*
 * Give back [pblk, pblk + len), whole clusters. E4Z_ET_CORRUPT_MAP when one of them is free
 * already, or its bitmap cannot be believed.
 */
errcode_t alloc_give(struct e4z_image *img, uint64_t pblk, uint64_t len);

/* The same with the places of COUNT runs, which are put in order: many are freed at the price of
 * their groups. */
errcode_t alloc_give_all(struct e4z_image *img, struct run *runs, size_t count);

/*
 * Give back the inode INO, a DIRECTORY or not: ext4_free_inode(), and nothing is left in its slot,
 * which has to be off the orphan list. E4Z_ET_CORRUPT_MAP when it is free already, or the inode
 * bitmap of its group cannot be believed.
 */
errcode_t alloc_give_inode(struct e4z_image *img, uint32_t ino, bool directory);

/*
 * [pblk, pblk + len) is in use, says a bitmap that can be believed; else E4Z_ET_CORRUPT_MAP.
 * Nothing is taken into the transaction. Several ranges: BITMAP, of a block, keeps that of *GROUP
 * (UINT32_MAX at first).
 */
errcode_t alloc_check_taken(struct e4z_image *img, uint64_t pblk, uint64_t len, uint8_t *bitmap,
			    uint32_t *group);

#endif
