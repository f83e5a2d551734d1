/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bases: files of a directory, each in memory twice: unchanged, and as changed by an input. */
#ifndef E4Z_TESTS_FUZZ_BASE_H
#define E4Z_TESTS_FUZZ_BASE_H

#include "../target.h"
#include "input.h"

struct base {
	char *name;
	uint32_t id;		/* a hash of the name: it does not depend on other bases */
	const uint8_t *whole;	/* unchanged */
	struct fuzz_image img;	/* data: the memory of fd, as changed by the input */
	bool is_fs;		/* img has targets */
	struct stretch_vec raw; /* stretches that are not zero */
	int fd;			/* a file in memory */
	char path[32];
};
VEC(base_vec, struct base);

/*
 * Load the files of FOLDER whose names begin with PREFIX, sorted by name. READ_ONLY: they cannot be
 * written through a descriptor. A failure ends the program.
 */
void base_load(struct base_vec *bases, const char *folder, const char *prefix, bool read_only);
/* NULL: no base has this id. */
struct base *base_find(const struct base_vec *bases, uint32_t id);

/* Undo an input: restore the stretches PUT. */
void base_restore(struct base *base, const struct stretch_vec *put);
/* Restore the whole file, wherever it was written. */
void base_restore_all(struct base *base);

#endif
