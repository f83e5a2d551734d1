/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Simulates other users of the image, and its carrier, as an input has them: the linker replaces
 * functions of the library. No other process is needed.
 */
#ifndef E4Z_TESTS_FUZZ_WORLD_H
#define E4Z_TESTS_FUZZ_WORLD_H

#include "../fuzz.h"
#include "io/blkdev.h"

/* Until world_end(): nobody else uses the image, which is a file of this host. */
void world_begin(void);
void world_end(void);
/* Take a line of a text; false: the word is not for this module. BASE is the image on a server. */
bool world_line(const struct base *base, const char *word, const char *rest);

/* The size of the image that is opened. */
size_t world_size(const struct base *base);
/* Lose the connection to the server of DEV; false: there is no server. */
bool world_lose(struct blkdev *dev);

#endif
