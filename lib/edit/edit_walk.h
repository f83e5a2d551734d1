/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first walk over a file that is to be edited. */
#ifndef E4Z_EDIT_EDIT_WALK_H
#define E4Z_EDIT_EDIT_WALK_H

#include "file/inode.h"
#include "image/image.h"

/* Walk over all that INODE maps: it holds the rules, and no cluster is in it twice. */
errcode_t edit_walk_first(struct e4z_image *img, const struct inode *inode);

#endif
