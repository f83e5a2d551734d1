/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who else has the image, and what carries it, as far as an input says so: functions of the library
 * that the linker replaces. No other process is needed.
 */
#ifndef E4Z_TESTS_FUZZ_WORLD_H
#define E4Z_TESTS_FUZZ_WORLD_H

#include "../fuzz.h"
#include "io/blkdev.h"

/* Nobody has it, it is a file of this host; until the end. */
void world_begin(void);
void world_end(void);
/* A line of a text: false, it says something else. BASE is what a server has. */
bool world_line(const struct base *base, const char *word, const char *rest);

/* Bytes of the image that is opened. */
size_t world_size(const struct base *base);
/* The server of DEV is gone; false: there is none. */
bool world_lose(struct blkdev *dev);

#endif
