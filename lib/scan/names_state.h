/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of names, and where. */
#ifndef E4Z_SCAN_NAMES_STATE_H
#define E4Z_SCAN_NAMES_STATE_H

#include "base/vec.h"
#include "path/dir.h"
#include "scan/names.h"
#include <pthread.h>
#include <stdatomic.h>

/* PATH_MAX with its zero byte: longer paths are of no use, and loops have no end. */
#define PATH_LIMIT 4096
/* Bytes of names in memory; the rest goes to an unlinked temporary file. */
#define STORE_MEMORY (8u << 20)
#define NAME_MAX_BYTES 256 /* with the byte for the length */

/* How one inode is reached: the entry at NAME in the store, in directory DIR (0: not met yet). */
struct link {
	uint32_t ino, dir;
	uint64_t name;
};
VEC(link_vec, struct link);
VEC(ino_vec, uint32_t);

struct names {
	struct e4z_image *img;
	struct findings *findings;
	struct names_options options;
	pthread_mutex_t lock;	      /* of what readers find: where links lead, unread, store */
	struct link_vec wanted, dirs; /* by inode */
	struct ino_vec unread;	      /* directories that could not be read whole */
	struct rangeset *known;	      /* the inodes of both: few of those that directories name */
	struct dir_sieve *sieve;      /* lets through what is known */
	const struct rangeset *dir_set;
	/* names, a length byte before each: the file's part, then the part in memory */
	int fd;
	uint64_t in_file;
	char *store;
	size_t stored;
	struct reader *readers; /* while directories are read */
	unsigned reader_count;
	_Atomic uint64_t blocks_read;
	char path[PATH_LIMIT];
};

/* The link of INO; NULL: none. */
struct link *names_find(const struct link_vec *v, uint32_t ino);

/* Read all of names->dirs, for the links of both. */
errcode_t names_read_dirs(struct names *names);

#endif
