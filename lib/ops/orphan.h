/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Truncates that a crash cut short, finished before anything else is edited. */
#ifndef E4Z_OPS_ORPHAN_H
#define E4Z_OPS_ORPHAN_H

#include "e4zero.h"

/*
 * Finish the truncate of every orphan that has links, and take it off the orphan list or out of the
 * orphan file in the same transaction: as many are settled (txn_settle) as the log wants, each
 * inode whole, or, where it alone is too much, piece by piece from its end. With bigalloc only
 * whole: of half a truncate e2fsck would make a wrong map. Deleted files stay where they are, and
 * so does what is damaged. The counts are added to; OPTIONS->orphan is told.
 */
errcode_t orphan_finish(struct e4z_image *img, const struct e4z_edit_options *options,
			uint64_t *finished, uint64_t *left);

#endif
