/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a map must be before anything relies on it: the whole of it is read. */
#ifndef E4Z_FILE_SOUND_H
#define E4Z_FILE_SOUND_H

#include "file/inode.h"
#include "image/image.h"

/* All that INODE maps holds the rules of doc/findings.md, and no cluster is in it twice. */
errcode_t sound_map(struct e4z_image *img, const struct inode *inode);

#endif
