/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A regular file or block device of this host as what carries an image. */
#ifndef E4Z_DEVICE_HOSTFILE_H
#define E4Z_DEVICE_HOSTFILE_H

#include "io/blkdev.h"

/*
 * Open PATH for reading without blocking (a FIFO does not hang) and accept only a regular file or
 * a block device: E4Z_ET_NOT_REGULAR otherwise. *DEV is NULL on failure.
 */
errcode_t hostfile_open(const char *path, struct blkdev **dev);

/* SEEK_DATA can be asked of FD: not on FUSE. */
bool hostfile_knows_holes(int fd);

/* Take back what libblkid advises on the descriptor: random access, no readahead. */
void hostfile_reset_advice(const struct blkdev *dev);

#endif
