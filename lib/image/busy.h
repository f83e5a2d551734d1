/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who else has the image: mounts, loop devices, swap, device-mapper. */
#ifndef E4Z_IMAGE_BUSY_H
#define E4Z_IMAGE_BUSY_H

#include "io/blkdev.h"
#include <stdbool.h>
#include <stddef.h>

struct busy {
	bool mounted;  /* a mount shows the file system's place, or swap or another holder has it */
	bool attached; /* a loop device shows it */
	char who[256]; /* "/dev/loop3p1 on /mnt", "/dev/loop3" */
	char unknown[256]; /* what could not be determined, a whole sentence; "" if nothing */
};

/* Look at what overlaps DEV's place. Never fails: what cannot be told is said in unknown. */
void busy_look(struct blkdev *dev, struct busy *busy);

#endif
