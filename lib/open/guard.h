/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must not be edited: file systems, and inodes in them. One sentence each, nothing written.
 *
 * G1  What is asked about is neither mounted nor attached to a loop device: image_open() refuses
 *     that when it opens for writing.
 * G2  A file system with a journal has its log open: recovery_find_log() fails otherwise.
 */
#ifndef E4Z_OPEN_GUARD_H
#define E4Z_OPEN_GUARD_H

#include "file/inode.h"

/*
 * May the file system be edited at all? It is open, and its log, if there is one, is replayed in
 * memory. FORCE: also if it is marked as having errors. E4Z_ET_FEATURE, E4Z_ET_READ_ONLY,
 * E4Z_ET_FAST_COMMIT or E4Z_ET_HAS_ERRORS, each with a sentence for e4z_message().
 */
errcode_t guard_edit(struct e4z_image *img, bool force);
/* As far as the superblock can say before the log is read. */
errcode_t guard_super(struct e4z_image *img, bool force);

/* E4Z_ET_REFUSED with what it is for if INO is a system inode: before its map is read. */
errcode_t guard_number(struct e4z_image *img, uint32_t ino);

/* What an operation is going to do to an inode. */
enum guard_what {
	GUARD_EDGES = 1, /* change some bytes of a block and leave others */
};

/*
 * May WHAT be done to INODE? Swap files and immutable files may be changed here: there is no
 * mounted system that relies on them; guard_remark() has what is to be said of it.
 */
errcode_t guard_inode(struct e4z_image *img, const struct inode *inode, unsigned what);

/* A sentence about INODE that its editor should read, or NULL; static. */
const char *guard_remark(const struct inode *inode);

#endif
