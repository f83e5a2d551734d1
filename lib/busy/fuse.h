/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File systems that a process serves from the image (fuse2fs and others). */
#ifndef E4Z_BUSY_FUSE_H
#define E4Z_BUSY_FUSE_H

#include "busy/doors.h"
#include "busy/mounts.h"

#define FUSE_WHO_SIZE 128

/*
 * A mount of our namespace whose source is one of the doors to DEV, or NULL: it points into MOUNTS.
 * If it cannot be determined, a doubt is kept in DOORS.
 */
const struct mount *fuse_find_mount(const struct host *host, struct blkdev *dev,
				    struct doors *doors, const struct mounts *mounts);

/*
 * A process, of any namespace, that serves FUSE and has one of the doors open. False: none that we
 * may look at. WHO (FUSE_WHO_SIZE bytes): "process 12 (fuse2fs)".
 */
bool fuse_find_server(const struct host *host, const struct doors *doors, char *who);

#endif
