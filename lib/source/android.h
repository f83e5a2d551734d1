/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Android sparse images: chunks of raw bytes, of a repeated number, and of nothing. */
#ifndef E4Z_SOURCE_ANDROID_H
#define E4Z_SOURCE_ANDROID_H

#include "io/blkdev.h"

/* The first four bytes, little-endian. */
#define ANDROID_MAGIC 0xed26ff3au

/*
 * The image that the sparse file FD expands to, for reading only; what it leaves undefined ("don't
 * care") is zero, as in a new file that it is expanded to. FD becomes DEV's, and is closed after a
 * failure. E4Z_ET_TRUNCATED: the file ends before the last chunk does; E4Z_ET_REFUSED: a header
 * contradicts itself, or is of another version. Each with a sentence in WHY, and *DEV is NULL.
 * Other errors of the host leave WHY as it is.
 */
errcode_t android_open(const char *path, int fd, struct blkdev **dev, char *why, size_t why_size);

#endif
