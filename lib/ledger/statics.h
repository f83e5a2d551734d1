/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who owns the blocks that no inode maps as its own: the metadata at fixed places. */
#ifndef E4Z_LEDGER_STATICS_H
#define E4Z_LEDGER_STATICS_H

#include "findings/owners.h"
#include "image/image.h"
#include "sets/rangeset.h"

struct statics {
	struct rangeset *blocks, *twice; /* all of them; those that two of them have */
	/*
	 * what the map of inode 7 ends in, outside of them: where blocks are 1k and in clusters, it
	 * has the copies of descriptors in reserve one block later than they are
	 */
	struct rangeset *spare;
	struct rangeset *resize, *bad; /* what inode 7 has beside the others, and inode 1 */
	bool unread;	   /* the map of an inode that is the file system's own cannot be read */
	bool spare_unread; /* that of inode 7 */
};

/* Collect them; groups_load() was called. ENOMEM. */
errcode_t statics_new(struct e4z_image *img, struct statics *statics);
void statics_free(struct statics *statics);

/* Count STATICS in TALLY, less those in DISPUTED, clusters. */
errcode_t statics_tally(struct e4z_image *img, const struct statics *statics,
			const struct rangeset *disputed, struct tally *tally);

#endif
