/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entries of one directory: linear, hashed or inline. */
#ifndef E4Z_PATH_DIR_H
#define E4Z_PATH_DIR_H

#include "file/map.h"

struct dir_entry {
	uint32_t ino;
	uint64_t off;	  /* of the entry in the directory, bytes; rising */
	const char *name; /* not terminated */
	size_t name_len;
	uint8_t type; /* EXT2_FT_..., as the directory has it; 0: it does not say */
};

/*
 * Of most directories few entries matter: a bit for each number of an inode, by its last bits, says
 * so of nearly all others.
 */
#define DIR_SIEVE_BITS (1u << 19)
struct dir_sieve {
	uint64_t word[DIR_SIEVE_BITS / 64];
};

static inline void dir_sieve_add(struct dir_sieve *sieve, uint32_t ino)
{
	sieve->word[ino % DIR_SIEVE_BITS / 64] |= UINT64_C(1) << ino % 64;
}

static inline bool dir_sieve_lets(const struct dir_sieve *sieve, uint32_t ino)
{
	return sieve->word[ino % DIR_SIEVE_BITS / 64] >> ino % 64 & 1;
}

/* Who is shown the entries of a directory. */
struct dir_sink {
	bool (*entry)(void *arg, const struct dir_entry *entry); /* false: no more */
	void *arg;
	const struct dir_sieve *sieve; /* what it does not let through is not shown; NULL: all */
	bool verify;		       /* a leaf with a wrong checksum is shown, but corrupt */
};

/* A name that is looked for, and its inode, 0 until it is found. */
struct dir_find {
	const char *name;
	size_t len;
	uint32_t ino;
};

/* Of a sink whose ARG is a struct dir_find: the walk ends at the first entry of that name. */
bool dir_match(void *arg, const struct dir_entry *entry);

/*
 * Show SINK every entry in use, "." and ".." too where the disk has them. Corrupt blocks are left
 * out. E4Z_ET_BAD_DIR when the mapping is invalid, an error of reading, or 0.
 * Of *BUDGET every block read is taken; what it does not suffice for is not read. As each block has
 * one owner, the blocks of the file system suffice for all directories, unless many share some.
 * *CORRUPT becomes true where something was left out (false stays to be set by the caller); NULL:
 * that does not matter.
 */
errcode_t dir_walk(const struct e4z_image *img, struct map_work *work, const struct inode *inode,
		   uint64_t *budget, const struct dir_sink *sink, bool *corrupt);

/*
 * Read block LBLK of the directory INODE, which is not inline, into BUF, a block. False: it has
 * none there, *BUDGET is used up, or the map or the disk does not allow it. dir_walk() would read
 * the same block.
 */
bool dir_read_block(const struct e4z_image *img, struct map_work *work, const struct inode *inode,
		    uint64_t lblk, uint64_t *budget, uint8_t *buf);

/* Look for FIND among the entries of BLOCK, as a walk would. */
void dir_find_in(const struct e4z_image *img, const uint8_t *block, struct dir_find *find);

#endif
