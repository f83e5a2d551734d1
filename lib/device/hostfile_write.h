/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The half of a file or block device of this host that writes. */
#ifndef E4Z_DEVICE_HOSTFILE_WRITE_H
#define E4Z_DEVICE_HOSTFILE_WRITE_H

#include "io/blkdev.h"

/* DEV and OF are the same file: what OF was opened for writing by serves DEV, too. */
errcode_t hostfile_share_writing(struct blkdev *dev, const struct blkdev *of);

/* Bytes that the host allocates at a time for a file: a power of two, 4096 or more. */
uint32_t hostfile_unit(const struct blkdev *dev);

/* The functions of struct blkdev_ops that write. */
errcode_t hostfile_hold(struct blkdev *dev);
errcode_t hostfile_make_writable(struct blkdev *dev);
errcode_t hostfile_writev(struct blkdev *dev, uint64_t at, const struct iovec *pieces, size_t count,
			  uint64_t *written);
errcode_t hostfile_zero(struct blkdev *dev, uint64_t at, uint64_t len, bool *asked);
errcode_t hostfile_sync(struct blkdev *dev);
errcode_t hostfile_reserve(struct blkdev *dev, uint64_t at, uint64_t len, bool spare);

#endif
