/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The orphans of a file system while they are gone through, for orphan.c and orphan_finish.c. */
#ifndef E4Z_OPS_ORPHAN_STATE_H
#define E4Z_OPS_ORPHAN_STATE_H

#include "file/map.h"
#include "ops/evict.h"
#include "scan/orphan_list.h"

/* Where an orphan is listed: in the chain, or in an entry of the orphan file. */
struct listed {
	uint32_t ino;
	uint32_t before, next; /* in the chain: the one that stays and leads to it, 0: superblock */
	uint64_t pblk;	       /* in the file; 0: it is in the chain */
	size_t at;	       /* byte of the block */
};

struct orphans {
	struct e4z_image *img;
	const struct e4z_edit_options *options;
	const struct orphan_rules *rules;
	struct map_work *work;
	struct rangeset *seen, *done; /* inodes */
	struct rangeset *free;	      /* those that were not in use in the beginning */
	struct orphan_file file;
	uint8_t *raw; /* an inode */
	uint64_t finished, left;
	struct evicted evicted; /* with the last inode that was freed */
};

/* L's inode is on the list no longer; nor does it say what is next to it. */
errcode_t orphan_take_off(struct orphans *o, const struct listed *l);

/* Finish L's inode, which INODE is, if that can be done: o->done has it then. */
errcode_t orphan_finish(struct orphans *o, const struct listed *l, const struct inode *inode);

/* Say that INO is finished, or WHY it is left. */
errcode_t orphan_tell(struct orphans *o, uint32_t ino, const char *why);

/* What was finished has its own transaction; what it freed may be taken. */
errcode_t orphan_seal(struct e4z_image *img);

#endif
