/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The external judges: e2fsck and the kernel, on copies of a crashed disk. */
#ifndef TESTS_CRASH_OUTSIDE_H
#define TESTS_CRASH_OUTSIDE_H

#include "disk/disks.h"

enum outside_judge { OUTSIDE_PREEN, OUTSIDE_FIX, OUTSIDE_KERNEL, OUTSIDE_LOOK, OUTSIDE_JUDGES };

extern const char *const outside_name[OUTSIDE_JUDGES];

/* Print why, once, and return false if this machine does not have the judge. */
bool outside_has(enum outside_judge judge);

struct outcome {
	int status;	/* of e2fsck; 0: mounted and unmounted; -1: the kernel refused */
	uint8_t *image; /* of the file system, as the judge left it; SIZE as the disk's */
	char said[256]; /* the end of its output */
	int fd;
	char path[32]; /* the path of the image */
};

/* Give the outcome to outside_free(). */
void outside_judge(const struct disks *disks, enum outside_judge judge, struct outcome *outcome);
void outside_free(const struct disks *disks, struct outcome *outcome);

#endif
