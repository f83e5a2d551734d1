/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where files share blocks: which bytes of the disk some inode shows. A byte past the EOF of one of
 * them is not stale if it is another's content.
 */
#ifndef E4Z_FINDINGS_SHOWN_H
#define E4Z_FINDINGS_SHOWN_H

#include "file/map.h"
#include "image/image.h"
#include "sets/rangeset.h"

struct shown;

struct shown *shown_new(const struct e4z_image *img);
void shown_free(struct shown *shown);

/*
 * Add what INODE, in use with links and a right checksum, shows. One thread, in any order. WHOLE:
 * of its blocks all bytes, as of those of a directory or of the file system's own.
 */
errcode_t shown_add(struct shown *shown, struct map_work *work, const struct inode *inode,
		    bool whole);

/*
 * All was added: mask may be called, by any thread. What contested tree blocks list
 * (findings/contested.h) is shown to its end. WORK's buffers are used.
 */
errcode_t shown_seal(struct shown *shown, struct map_work *work);

/* Of LEN bytes at byte OFF of the file system, in BUF, those that are shown become zero. */
void shown_mask(const struct shown *shown, uint64_t off, size_t len, uint8_t *buf);

#endif
