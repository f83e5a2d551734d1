/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bases: files of a folder, each in memory, as it is and as an input makes it. */
#ifndef E4Z_TESTS_FUZZ_BASE_H
#define E4Z_TESTS_FUZZ_BASE_H

#include "../target.h"
#include "input.h"

struct base {
	char *name;
	uint32_t id;		/* of the name: the same whatever other bases there are */
	const uint8_t *whole;	/* as it is */
	struct fuzz_image img;	/* data: the memory of the file, as the input has it */
	bool is_fs;		/* img has targets */
	struct stretch_vec raw; /* where the file has other bytes than zeroes */
	int fd;			/* a file in memory */
	char path[32];
};
VEC(base_vec, struct base);

/*
 * Load the files of FOLDER whose names begin with PREFIX, sorted. READ_ONLY: whoever opens them
 * cannot write to them. A failure ends the program.
 */
void base_load(struct base_vec *bases, const char *folder, const char *prefix, bool read_only);
/* NULL: no base has this number. */
struct base *base_find(const struct base_vec *bases, uint32_t id);

/* The file is as it was before any input: PUT says where one was put over it. */
void base_restore(struct base *base, const struct stretch_vec *put);
/* The same after a program wrote to it wherever it liked. */
void base_restore_all(struct base *base);

#endif
