/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The linear volumes of an LVM physical volume that are contiguous in the image. */
#ifndef E4Z_PROBE_LVM_H
#define E4Z_PROBE_LVM_H

#include "probe/parts.h"

/*
 * If DEV's place is an LVM2 physical volume, add each visible volume to PARTS, without a number,
 * that is contiguous on it and holds an ext file system. The metadata is not trusted further.
 * Nothing is added if it cannot be read; if it can, DEV's place becomes the whole image. ENOMEM.
 */
errcode_t lvm_add_volumes(struct blkdev *dev, struct parts *parts);

#endif
