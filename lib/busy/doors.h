/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The doors to an image: every file and block device of this host through which the bytes of one
 * file system can be reached.
 */
#ifndef E4Z_BUSY_DOORS_H
#define E4Z_BUSY_DOORS_H

#include "busy/carrier.h"
#include "busy/loops.h"

struct door {
	char name[HOST_NAME_SIZE]; /* of a block device in sysfs; "" of a file, or not known */
	struct carrier is;
	struct e4z_span place; /* what it shows of the file system, in its own bytes */
	uint64_t cut;	       /* bytes of the file system's beginning that it does not show */
	bool own;	       /* it is what was given, or what that lies on */
	bool loose;	       /* below dm or md: where in it is not known, others live there too */
	bool loop;	       /* a loop device */
};

#define DOUBTS_MAX 6
#define DOUBT_SIZE 256

struct doors {
	VEC(, struct door); /* the first is what was given */
	struct loop_vec loops;
	bool complete;			     /* sysfs was there to be asked */
	char doubts[DOUBTS_MAX][DOUBT_SIZE]; /* what could not be determined; sentences */
	unsigned doubt_count;
};

/* Find those that show a part of DEV's place. Never fails: see complete, and the doubts. */
void doors_find(const struct host *host, struct blkdev *dev, struct doors *doors);
void doors_free(struct doors *doors);

/* Keep another sentence of what could not be determined; beyond DOUBTS_MAX it is dropped. */
void doors_doubt(struct doors *doors, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
