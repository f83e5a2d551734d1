/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One mutant of an image from one seed: which metadata is changed, and how. */
#ifndef E4Z_TESTS_FUZZ_CHANGE_H
#define E4Z_TESTS_FUZZ_CHANGE_H

#include "target.h"

/* A stretch of the image that a mutant changed, with the bytes from before. */
struct change {
	uint64_t off;
	uint32_t len;
	uint8_t *before;
};
VEC(change_vec, struct change);

/* Random numbers, the same everywhere for the same seed. */
uint64_t change_random(uint64_t *state);

/* Some metadata of IMG, which has a file system; the most important kinds most often. */
const struct target *change_pick(const struct fuzz_image *img, uint64_t *rng);

/* Change some bytes of T, and no checksum. */
void change_one(const struct fuzz_image *img, const struct target *t, uint64_t *rng);

/* Make mutant SEED of IMG in place; CHANGES receives the changes, in order. */
void change_make(struct fuzz_image *img, uint64_t seed, struct change_vec *changes);

/* Undo them, the last one first, and forget them. */
void change_undo(struct fuzz_image *img, struct change_vec *changes);

#endif
