/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The linear volumes of an LVM physical volume, which lie in one piece in the image. */
#ifndef E4Z_PROBE_LVM_H
#define E4Z_PROBE_LVM_H

#include "probe/parts.h"

/*
 * Where DEV's place is an LVM2 physical volume: add each visible volume to PARTS, without a number,
 * that lies in one piece on it and holds an ext file system. What the metadata say is believed only
 * so far. Nothing is added where they cannot be read. DEV's place becomes the whole image then.
 */
errcode_t lvm_add_volumes(struct blkdev *dev, struct parts *parts);

#endif
