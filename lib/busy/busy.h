/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who else has the image: mounts, loop devices, swap, device-mapper, FUSE. */
#ifndef E4Z_BUSY_BUSY_H
#define E4Z_BUSY_BUSY_H

#include "busy/doors.h"
#include <stdbool.h>
#include <stddef.h>

struct busy {
	bool mounted;  /* a mount shows the file system's place, or swap or another holder has it */
	bool attached; /* a loop device shows it */
	const char *how; /* of mounted: "the file system is mounted" or "the image is in use" */
	char who[256];	 /* "/dev/loop3p1 on /mnt", "/dev/loop3" */
	char doubts[DOUBTS_MAX][DOUBT_SIZE]; /* what could not be determined; whole sentences */
	unsigned doubt_count;
};

/*
 * Who uses what overlaps DEV's place, into *BUSY. EDIT: it is going to be written to, so everything
 * is asked and everything that could not be determined is in doubts; a check leaves out what
 * somebody else's device may be. Never fails. HOST: NULL for this one.
 */
void busy_look(const struct host *host, struct blkdev *dev, bool edit, struct busy *busy);

#endif
