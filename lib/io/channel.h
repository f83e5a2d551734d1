/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The io_manager that puts libext2fs on a view: no cache, no side door, nothing it writes sinks. */
#ifndef E4Z_IO_CHANNEL_H
#define E4Z_IO_CHANNEL_H

#include "io/capture.h"
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>

/*
 * Open the file system in VIEW with FLAGS of ext2fs_open2, through a channel of our own from the
 * first read on. VIEW stays the caller's and must outlive *FS.
 */
errcode_t channel_open_fs(struct capture *view, int flags, ext2_filsys *fs);

#endif
