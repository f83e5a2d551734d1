/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mapping of one inode, read and checked: extents of any depth or indirect blocks.
 *
 * A walk is total: damage is noted, the rest is still visited. What it visits after a tree block
 * does not depend on what is in that block, or on whether the sink let it be read.
 */
#ifndef E4Z_FILE_MAP_H
#define E4Z_FILE_MAP_H

#include "file/inode.h"
#include "file/nearby.h"

/* Blocks that follow each other logically and physically, in one state. */
struct run {
	uint64_t pblk;
	uint64_t lblk;
	uint64_t len;
	bool unwritten;
};

struct map_sink {
	void *arg;
	/*
	 * The tree block PBLK, which is inside the file system and outside static metadata, is
	 * about to be read: false leaves it and all below it out. It is asked for every tree block,
	 * whose `pointers` are in the map_work. NULL: all are read.
	 */
	bool (*node)(void *arg, uint64_t pblk);
	/* An extent, valid on its own and after the last one; neighbours are not merged. */
	void (*run)(void *arg, const struct run *run);
	/* COUNT of them at a time, instead of run, if it is set. */
	void (*runs)(void *arg, const struct run *run, size_t count);
};

/* So many extents are handed over at a time. */
#define MAP_BATCH 64

/* What a tree block is read as: pointers of so many levels, 0: a node of an extent tree. */
#define MAP_POINTERS 3

/* Buffers of one thread for the tree blocks on the way down. */
struct map_work {
	unsigned pointers; /* of the tree block that a sink is asked for, up to MAP_POINTERS */
	uint8_t *level[6];
	struct nearby nearby;
	struct run batch[MAP_BATCH];
	const volatile int *stop;	 /* a walk ends early when it is set; may be NULL */
	uint64_t clear_start, clear_end; /* blocks known to be free of static metadata */
	errcode_t err; /* of the disk, for the last tree block of a walk that cannot be read */
};

errcode_t map_work_init(const struct e4z_image *img, struct map_work *work);
void map_work_free(struct map_work *work);

/*
 * Visit the mapping of INODE, which has one (inode_has_map). NULL, or why it is corrupt: the first
 * reason met, a static string.
 */
const char *map_walk(const struct e4z_image *img, struct map_work *work, const struct inode *inode,
		     const struct map_sink *sink);

/*
 * List the entries of the tree block PBLK of any map, read as one with POINTERS: each entry that is
 * valid on its own, wherever the map has it. Nothing below it is read. A block that cannot be read,
 * or is not a node, lists nothing.
 */
void map_entries(const struct e4z_image *img, struct map_work *work, uint64_t pblk,
		 unsigned pointers, const struct map_sink *sink);

/*
 * The block of the file system that holds block LBLK of INODE, which has a map. 0: it is a hole or
 * unwritten, or the map is corrupt on the way to it. Only the tree blocks on that way are read.
 */
uint64_t map_find(const struct e4z_image *img, struct map_work *work, const struct inode *inode,
		  uint64_t lblk);

/*
 * The walk with WORK found that the map of INO is corrupt: WHY. The disk's error, and its reason in
 * the message, where that is to blame; else E4Z_ET_CORRUPT_MAP.
 */
errcode_t map_refuse(struct e4z_image *img, const struct map_work *work, uint32_t ino,
		     const char *why);

/* The largest i_size that INODE's kind of map can hold, bytes. */
uint64_t map_max_size(const struct e4z_image *img, const struct inode *inode);

/*
 * The largest i_size that a kernel gives INODE: without huge_file the sectors of a full file, its
 * map included, must have a number of 32 bits.
 */
uint64_t map_size_limit(const struct e4z_image *img, const struct inode *inode);

#endif
