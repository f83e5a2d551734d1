/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verifier's own reading of quota files. */
#ifndef TESTS_CRASH_QUOTA_H
#define TESTS_CRASH_QUOTA_H

#include "fs.h"

/* INO is a quota file of a file system with quota: its contents are metadata. */
bool quota_is_file(const struct fs *fs, uint32_t ino);

/* Report a fault if an entry differs from the usage of its owner's inodes. */
void quota_verify(struct fs *fs);

#endif
