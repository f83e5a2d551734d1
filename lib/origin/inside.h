/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image in another file or device. One carrier reads it until the first write; from then on
 * another one reads and writes it.
 */
#ifndef E4Z_ORIGIN_INSIDE_H
#define E4Z_ORIGIN_INSIDE_H

#include "origin/child.h"

/*
 * *DEV is the image that READER reads. READER, CHILD->host and CHILD->secret are closed with *DEV,
 * or at once on failure, when *DEV is NULL. CHILD describes the writer. ENOMEM.
 */
errcode_t inside_open(struct blkdev *reader, struct blkdev *host, const struct child_options *child,
		      struct blkdev **dev);

#endif
