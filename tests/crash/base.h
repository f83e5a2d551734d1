/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an image is before the edit: the features of its log, canaries where nothing is shown. */
#ifndef TESTS_CRASH_BASE_H
#define TESTS_CRASH_BASE_H

#include "disk/disks.h"

enum journal_place { JOURNAL_NONE, JOURNAL_INTERNAL, JOURNAL_EXTERNAL };

enum journal_place base_journal(const struct disks *disks);

/* The log's superblock, NULL: there is none. */
uint8_t *base_log_super(const struct disks *disks);

/*
 * Make the log one of SHAPE: "fresh" (as mke2fs left it), "csum3", "csum2", "v1", "async", "64bit",
 * "fc". False: no such shape. Not for a log on another device.
 */
bool base_shape(struct disks *disks, const char *shape);

/* Fill what no file shows with canaries; CLEAN: but not what is past EOF in a file's last block. */
void base_fill(struct disks *disks, bool clean);

/* The log's blocks do not count for what the disks hold. */
void base_ignore_log(struct disks *disks);

#endif
