/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Android sparse images: chunks of raw bytes, of a repeated number, and of nothing. */
#ifndef E4Z_SOURCE_ANDROID_H
#define E4Z_SOURCE_ANDROID_H

#include "io/blkdev.h"

/* The first four bytes, little-endian. */
#define ANDROID_MAGIC 0xed26ff3au

/*
 * The image that the sparse file FD expands to, for reading only. Undefined chunks ("don't care")
 * are zero, as after expanding to a new file. DEV takes over FD, which is closed on failure, when
 * *DEV is NULL. With a sentence in WHY: E4Z_ET_TRUNCATED, the file ends before its last chunk;
 * E4Z_ET_REFUSED, a header is inconsistent, or of another version. Other errors do not change WHY.
 */
errcode_t android_open(const char *path, int fd, struct blkdev **dev, char *why, size_t why_size);

#endif
