/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The linear volumes of an LVM physical volume, which lie in one piece in the image. */
#ifndef E4Z_PROBE_LVM_H
#define E4Z_PROBE_LVM_H

#include "probe/parts.h"

/*
 * If DEV's place is an LVM2 physical volume, add each visible volume to PARTS, without a number,
 * that is contiguous on it and holds an ext file system: the metadata is believed only so far.
 * Nothing is added if it cannot be read. DEV's place becomes the whole image if it can. ENOMEM.
 */
errcode_t lvm_add_volumes(struct blkdev *dev, struct parts *parts);

#endif
