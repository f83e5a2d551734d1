/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inodes without links that still exist: deleted while they were open, they wait for a mount. What
 * they have, and whether it is certain that nobody else has it.
 *
 * U1. An inode is freed only if it is an orphan that the inode bitmap has in use, all that it has
 *     could be read, no other inode has any of it, counts of references are what is counted, and no
 *     directory has a name for it.
 */
#ifndef E4Z_UNLINKED_UNLINKED_H
#define E4Z_UNLINKED_UNLINKED_H

#include "base/vec.h"
#include "home/home.h"
#include "image/image.h"
#include "scan/doubt.h"
#include "sets/rangeset.h"

/* What is known of the file system. */
struct unlinked_facts {
	struct e4z_image *img;
	const struct rangeset *orphans;	   /* inodes on the list or in the file */
	const struct rangeset *dirs;	   /* inodes of directories with links */
	const struct rangeset *unreadable; /* inodes */
	const struct rangeset *disputed;   /* clusters */
	const struct doubt *doubt;	   /* blocks that an inode may have which cannot be read */
	const struct rangeset *unbelieved; /* groups whose block bitmap is not believed */
};

struct unlinked {
	uint32_t ino;
	bool exists; /* it is in use, or there is something in its slot */
	bool shares; /* it has something by a count of references */
	uint64_t size;
	const char *why; /* it is left; static; NULL: it can be freed */
};
VEC(unlinked_vec, struct unlinked);

/*
 * Examine INO, in use without links or named as an orphan: *U. The blocks that it maps, and those
 * of its tree, are added to OWN.
 */
errcode_t unlinked_examine(const struct unlinked_facts *facts, uint32_t ino, struct unlinked *u,
			   struct rangeset *own);

/* The names that directories have for any of LIST, sorted by number: those inodes are left. */
errcode_t unlinked_look_for_names(const struct unlinked_facts *facts, struct unlinked_vec *list);

/* The counts of references to what any of LIST shares: where one is wrong it is left. */
errcode_t unlinked_count_references(const struct unlinked_facts *facts, struct unlinked_vec *list);

/* A finding for each of UNLINKED and of the orphans that is one, its blocks read. */
errcode_t unlinked_find(const struct unlinked_facts *facts, const struct rangeset *unlinked,
			const struct home_options *options);

#endif
