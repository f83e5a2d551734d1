/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounds the memory that a session uses for its files. Nothing else bounds it.
 *
 * The rule: while nobody holds a mapping or the content of a block, the cache may be emptied.
 * Before an operation, what is more than half of the limit goes down to a quarter, since the
 * operation keeps what it replaces until it cannot be taken back any more: together that is the
 * limit. Within one, what is over the limit goes, all of it.
 *
 * Blocks that are not visible are written to their final location. Visible blocks are journaled,
 * and a transaction is held in memory, too: they get new blocks if they are too many for that, or
 * for half of the log.
 */
#ifndef E4Z_EDIT_SPILL_H
#define E4Z_EDIT_SPILL_H

#include "edit/files.h"

/* The cache holds more than it should, BEFORE an operation or within one. */
bool spill_is_due(const struct session *s, bool before);

/* Before an operation: session_mark() calls it, and takes back what it did where it fails. */
errcode_t spill_before(struct e4z_image *img);

/*
 * Within an operation, between two mappings or blocks, if it is due: mappings and contents that
 * were looked up are stale afterwards.
 */
errcode_t spill_between(struct e4z_image *img);

#endif
