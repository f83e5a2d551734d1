/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multiple mount protection: one block of the file system says who uses it, and hosts that share
 * the disk agree on it as ext4_multi_mount_protect() does.
 *
 *        mmp_open                the first write                     mmp_release
 *   ---------------> SEEN ------------------------> TAKEN ------------------------> SEEN
 *    reads; waits if      writes a number, waits,     the first block, or what is left of
 *    it is not clean      reads; then a new number    it, clean again: the last write
 *                         each interval      |
 *                                            +----> LOST: another host has it; nothing more is
 *                                                   written, the block neither
 *
 * The block is never journaled: a replay would overwrite the block of a host that is running. Its
 * writes do not go through the observers of the device: they are part of no transaction, and an
 * undo file must not bring them back.
 *
 * P1. In SEEN the block on the disk is as it was found, and in TAKEN nothing but this handle
 *     writes it.
 * P2. Nothing is written to the file system but in TAKEN, and no later than a check interval after
 *     the block was last seen to be ours.
 * P3. What was read before the block was ours is what is on the disk then: the superblock has not
 *     changed, which every mount changes.
 */
#ifndef E4Z_OPEN_MMP_H
#define E4Z_OPEN_MMP_H

#include "e4zero.h"
#include <ext2fs/ext2_fs.h>

struct blkdev;
struct mmp;

/* What of the block somebody reads; all else is zero after mmp_release() with scrub. */
#define MMP_LIVE_BYTES 14 /* magic, number, check interval, checksum */

/*
 * Why the block RAW of the file system whose superblock is SB, little-endian, cannot be one; NULL:
 * it is.
 */
const char *mmp_fault(const struct ext2_super_block *sb, const struct mmp_struct *raw);
/* The feature is on in SB, little-endian. */
bool mmp_is_on(const struct ext2_super_block *sb);
/* Where the block is. */
uint64_t mmp_block(const struct ext2_super_block *sb);
/* Nobody uses the file system. */
bool mmp_is_clean(const struct mmp_struct *raw);
/* Zero in BLOCK, the whole of it, what somebody reads: MMP_LIVE_BYTES. */
void mmp_drop_live(uint8_t *block);
/* "host H, device D" into BUF, as the block has it; returns BUF. */
const char *mmp_who(const struct mmp_struct *raw, char *buf, size_t size);

/*
 * Look at the block of the file system on DEV, whose superblock was read as SB, little-endian, and
 * wait until it is certain that nobody uses it. OPTIONS->wait is called meanwhile. Nothing is
 * written. *MMP is for mmp_close() in any case. E4Z_ET_BUSY: another host uses it, or has changed
 * it; EXT2_ET_MMP_MAGIC_INVALID, EXT2_ET_MMP_CSUM_INVALID; all with a sentence in mmp_why().
 */
errcode_t mmp_open(struct blkdev *dev, const struct ext2_super_block *sb,
		   const struct e4z_open_options *options, struct mmp **mmp);
const char *mmp_why(const struct mmp *mmp);

/*
 * From now on the first write to DEV, the file system's device or that of its journal, takes the
 * block; a write fails with E4Z_ET_BUSY where it cannot be had. The device is open for writing.
 */
errcode_t mmp_observe(struct mmp *mmp, struct blkdev *dev);

/* Take the block although nothing is written. */
errcode_t mmp_take(struct mmp *mmp);
bool mmp_is_taken(struct mmp *mmp);

/*
 * Leave the block clean, if it is ours and no write has failed: as it was before, or with SCRUB
 * zero where nobody reads it, and read again.
 */
errcode_t mmp_release(struct mmp *mmp, bool scrub);

/* The same, whatever comes of it; MMP is freed, which may be NULL. */
void mmp_close(struct mmp *mmp);

#endif
