/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line for every write, zeroing and barrier, in the order in which they are done. */
#ifndef E4Z_UNDO_TRACE_H
#define E4Z_UNDO_TRACE_H

#include "image/image.h"

/* Its descriptor; -1: nothing is traced. */
int trace_descriptor(const struct e4z_image *img);
/* Remove the file of IMG, a struct e4z_image, which we made: ERRAND_TRACE. */
errcode_t trace_unlink(void *img);

/*
 * Also for e4z_trace(): writes to an external journal are reported too; their lines begin "journal
 * ".
 */
void trace_finish(struct e4z_image *img);

#endif
