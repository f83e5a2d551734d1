/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One or two small disks in memory that also are files, so that the library can open them. Every
 * change can be taken back, and a hash follows what they hold.
 */
#ifndef TESTS_CRASH_DISKS_H
#define TESTS_CRASH_DISKS_H

#include "io/blkdev.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISKS 2	   /* of the file system, of an external journal */
#define SECTOR 512 /* what a disk writes whole or not at all */

struct disk {
	int fd; /* of a memory file; -1: no such disk */
	uint8_t *mem;
	uint64_t size;
	uint8_t *ignored; /* a byte a sector: does not count for disks.content */
	char path[32];
};

struct undo {
	unsigned disk;
	uint64_t off;
	size_t len, at; /* the bytes that were there are at this place of saved */
	uint64_t hash, content;
};

struct disks {
	struct disk disk[DISKS];
	uint64_t hash;	  /* of everything, since the disks were filled */
	uint64_t content; /* of what is not ignored */
	struct undo *undos;
	size_t undo_count, undo_room;
	uint8_t *saved;
	size_t saved_len, saved_room;
};

/* Fill disk N from the file PATH. Exits with a message when it cannot. */
void disks_load(struct disks *disks, unsigned n, const char *path);
void disks_free(struct disks *disks);
void disks_store(const struct disks *disks, unsigned n, const char *path);

/* A copy of a disk as a new memory file: its descriptor, and where it is mapped. */
int disks_copy(const struct disk *disk, uint8_t **mem);

/* Sectors of [off, off + len) do not count for the content. */
void disks_ignore(struct disks *disks, unsigned n, uint64_t off, uint64_t len);

/* Write, or with NULL zero, LEN bytes. */
void disks_write(struct disks *disks, unsigned n, uint64_t off, size_t len, const void *data);

/* The same, but somebody else does the writing just after. */
void disks_will_write(struct disks *disks, unsigned n, uint64_t off, size_t len, const void *data);

/* Take back everything since the mark. */
size_t disks_mark(const struct disks *disks);
void disks_rewind(struct disks *disks, size_t mark);

/* Nothing up to now can be taken back any more. */
void disks_settle(struct disks *disks);

/* Stop the whole test: it cannot go on. */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);

#endif
