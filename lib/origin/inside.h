/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image in another file or device, which is read by one carrier until the first write, and by
 * another one, that can write, from then on.
 */
#ifndef E4Z_ORIGIN_INSIDE_H
#define E4Z_ORIGIN_INSIDE_H

#include "origin/child.h"

/*
 * *DEV stands for what READER has, and closes READER, HOST (of CHILD) and CHILD->secret, also on
 * failure, when *DEV is NULL. CHILD says how a writer is started. ENOMEM.
 */
errcode_t inside_open(struct blkdev *reader, struct blkdev *host, const struct child_options *child,
		      struct blkdev **dev);

#endif
