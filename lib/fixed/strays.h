/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strays: inodes in the part of an inode table that its group calls unused, which something leads
 * to. The kernel opens them, and e2fsck takes them to be in use. What else is there is what was
 * there before the file system.
 */
#ifndef E4Z_FIXED_STRAYS_H
#define E4Z_FIXED_STRAYS_H

#include "image/image.h"
#include "scan/tables.h"

/*
 * Show FN, until it returns false, every number that the orphan list or a name of a directory in
 * use leads to, in range or not. *UNREAD becomes true where a directory could not be read whole.
 * ENOMEM.
 */
errcode_t strays_each_name(const struct e4z_image *img, const struct tables *tables,
			   bool (*fn)(void *arg, uint32_t ino), void *arg, bool *unread);

/* The same of the names alone in DIRS, directories. */
errcode_t strays_each_entry(const struct e4z_image *img, const struct rangeset *dirs,
			    bool (*fn)(void *arg, uint32_t ino), void *arg, bool *unread);

/*
 * Add the strays to INOS, over all inode numbers. ALL: there are inodes of which nothing is known,
 * so that any slot of those parts that is not zero may be one. The calling thread's; groups_load()
 * was called. ENOMEM.
 */
errcode_t strays_find(const struct e4z_image *img, const struct tables *tables, bool all,
		      struct rangeset *inos);

#endif
