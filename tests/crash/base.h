/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prepares an image: the features of its log, and canaries in bytes that are not visible. */
#ifndef TESTS_CRASH_BASE_H
#define TESTS_CRASH_BASE_H

#include "disk/disks.h"

enum journal_place { JOURNAL_NONE, JOURNAL_INTERNAL, JOURNAL_EXTERNAL };

enum journal_place base_journal(const struct disks *disks);

/* The superblock of the log; NULL: there is no log. */
uint8_t *base_log_super(const struct disks *disks);

/*
 * Make the log one of SHAPE: "fresh" (as mke2fs left it), "csum3", "csum2", "v1", "async", "64bit",
 * "fc". False: no such shape. Not for a log on another device.
 */
bool base_shape(struct disks *disks, const char *shape);

/* Fill bytes that are not visible with canaries; CLEAN: but not the rest of last blocks. */
void base_fill(struct disks *disks, bool clean);

/* Ignore the blocks of the log when the contents of disks are compared. */
void base_ignore_log(struct disks *disks);

#endif
