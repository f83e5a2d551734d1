/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Truncates that a crash cut short, finished before anything else is edited. */
#ifndef E4Z_OPS_ORPHAN_H
#define E4Z_OPS_ORPHAN_H

#include "e4zero.h"
#include "ops/evict.h"

/*
 * What e4z_begin() does: open a transaction, and finish in front of it the truncate of every orphan
 * that has links, which goes off the orphan list or out of the orphan file in the same transaction.
 * As many are sealed (txn_seal) as fit into the log, each inode as a whole or, if it alone is too
 * large, in pieces from its end; with bigalloc only as a whole: of half a truncate e2fsck would
 * make a wrong map. Unlinked inodes stay where they are unless RULES, which may be NULL, have
 * others; corrupt ones do. The summary counts them; OPTIONS->orphan is called. After an error
 * nothing is open.
 */
errcode_t orphan_begin(struct e4z_image *img, const struct e4z_edit_options *options,
		       const struct orphan_rules *rules);

/* The superblock says that the orphan file may hold inodes: it does so from a mount on. */
bool orphan_is_marked(const struct e4z_image *img);

/* In an open transaction: say so no longer. */
errcode_t orphan_clear_mark(struct e4z_image *img);

/* The same, but only where it holds none. */
errcode_t orphan_drop_mark(struct e4z_image *img);

#endif
