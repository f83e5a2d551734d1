/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop devices of this host, and what each of them shows. */
#ifndef E4Z_BUSY_LOOPS_H
#define E4Z_BUSY_LOOPS_H

#include "base/bytes.h"
#include "base/vec.h"
#include "busy/carrier.h"
#include "busy/host.h"

struct loop {
	char name[HOST_NAME_SIZE];
	dev_t dev;
	bool known;	       /* the rest is */
	bool to_the_end;       /* of what it lies over: no size limit was set */
	struct carrier over;   /* what it lies over; the size of a file may not be known */
	struct e4z_span shows; /* of that */
};

VEC(loop_vec, struct loop);

/*
 * The attached ones into LOOPS, the caller's to free. False: sysfs cannot be read, or memory ran
 * out; LOOPS is not complete.
 */
bool loops_read(const struct host *host, struct loop_vec *loops);

/* A descriptor of LOOP's device, for reading, the caller's to close; -1: it cannot be opened. */
int loop_open(const struct loop *loop);

#endif
