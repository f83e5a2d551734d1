/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verifier's own reading of quota files. */
#ifndef TESTS_CRASH_QUOTA_H
#define TESTS_CRASH_QUOTA_H

#include "fs.h"

/* INO is a quota file of a file system that has quota: what it shows is metadata. */
bool quota_is_file(const struct fs *fs, uint32_t ino);

/* A fault where an entry is not what the inodes of its owner come to. */
void quota_verify(struct fs *fs);

#endif
