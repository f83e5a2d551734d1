/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes dirty blocks of a file from the cache.
 *
 * A block that is not visible in the committed state (free or unwritten) is written to its final
 * location before the commit: its data, then a barrier, then the conversion to written. A visible
 * block waits for the commit: it is journaled, or written in place before the commit if data is
 * ordered. The same is true of bytes past EOF in a written block, unless they become zero
 * (txn_tails_wait).
 */
#ifndef E4Z_EDIT_WRITEBACK_H
#define E4Z_EDIT_WRITEBACK_H

#include "edit/edit.h"

/*
 * Flush [lblk, end) of F: E4Z_ET_HANDLE under an open handle. Visible blocks stay dirty. *WROTE:
 * something was queued for its final location, and a barrier follows it.
 */
errcode_t writeback_flush(struct edit_file *f, uint64_t lblk, uint64_t end, bool *wrote);

/* Flush all of F, and put what can be seen into the transaction. */
errcode_t writeback_all(struct edit_file *f);

/* The same, and its map and its inode into the transaction. */
errcode_t writeback_settle(struct edit_file *f);

/* Clusters that its dirty blocks over holes will take; those of its map are not counted. */
uint64_t writeback_owed(const struct edit_file *f);

#endif
