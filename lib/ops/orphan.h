/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Truncates that a crash cut short, finished before anything else is edited. */
#ifndef E4Z_OPS_ORPHAN_H
#define E4Z_OPS_ORPHAN_H

#include "e4zero.h"

/*
 * Finish the truncate of every orphan that has links, within the transaction, and take it off the
 * orphan list or out of the orphan file. Deleted files stay where they are, and so does what is
 * damaged. The counts are added to.
 */
errcode_t orphan_finish(struct e4z_image *img, uint64_t *finished, uint64_t *left);

#endif
