/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block of a quota file, as the kernel's vfsv1 has it (version 1 of v2): 1024 bytes, whatever the
 * blocks of the file system are. The first one is the header. From the second one on a tree of four
 * levels leads, by one byte of the id each, to a block of entries; one such block serves many ids.
 */
#ifndef E4Z_QUOTA_QUOTA_BLOCK_H
#define E4Z_QUOTA_QUOTA_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define QUOTA_BLOCK 1024 /* bytes */
#define QUOTA_ROOT 1	 /* the block that the tree begins with */
#define QUOTA_DEPTH 4	 /* blocks of numbers on the way to an entry */
#define QUOTA_ENTRY 72	 /* bytes */

enum quota_type { QUOTA_USER, QUOTA_GROUP, QUOTA_PROJECT, QUOTA_TYPES };

/*
 * HEAD is the header of a file of TYPE: *BLOCKS of it are in use. NULL, or why it is none; static,
 * as a predicate of the file.
 */
const char *quota_head(const uint8_t *head, enum quota_type type, uint32_t *blocks);

/* The block that INDEX, at DEPTH from the root on, has for ID; 0: none. */
uint32_t quota_next(const uint8_t *index, unsigned depth, uint32_t id);

/*
 * Where the entry of ID is in LEAF, of a file that has BLOCKS: *OFF. NULL, or what is wrong, as
 * above.
 */
const char *quota_find(const uint8_t *leaf, uint32_t blocks, uint32_t id, uint32_t *off);

/* ENTRY is in use, and of ID. */
bool quota_is_of(const uint8_t *entry, uint32_t id);

/*
 * The usage in ENTRY changes by so many bytes and inodes. Limits are ignored; where it falls to its
 * soft limit, or is below, the time of grace is over.
 */
void quota_charge(uint8_t *entry, int64_t bytes, int64_t inodes);

#endif
