/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One input: the base that it starts from, options, a text, and stretches of bytes that are put
 * over the base.
 *
 *    0      4         12       14       14 + TEXT
 *    | base | options | TEXT   | text   | offset, length, bytes | offset, length, bytes | ...
 *
 * Numbers are little-endian; offsets have four bytes, lengths two. A stretch that is cut off is
 * shorter; one that reaches outside the base is ignored. Any bytes after the head are valid.
 */
#ifndef E4Z_TESTS_FUZZ_INPUT_H
#define E4Z_TESTS_FUZZ_INPUT_H

#include "base/vec.h"
#include <stdbool.h>

#define INPUT_OPTIONS 8
#define INPUT_HEAD 14
#define INPUT_STRETCH 6 /* bytes of an offset and a length */

struct stretch {
	uint32_t off, len;
};
VEC(stretch_vec, struct stretch);

struct input {
	uint32_t base;
	uint8_t options[INPUT_OPTIONS];
	const uint8_t *text;
	uint32_t text_len;
	const uint8_t *rest; /* the stretches */
	size_t rest_len;
};

/* False: too short. */
bool input_read(struct input *in, const uint8_t *data, size_t size);

/* Copy the stretches of IN over DATA of LEN bytes; their positions are appended to PUT. */
void input_put(const struct input *in, uint8_t *data, size_t len, struct stretch_vec *put);

/*
 * Write an input of at most MAX bytes to OUT: base, options and text of IN, and the differences of
 * DATA from BASE within the stretches CHANGED, which this sorts. Returns the length of the input;
 * differences that do not fit are omitted.
 */
size_t input_write(const struct input *in, const uint8_t *base, const uint8_t *data,
		   struct stretch_vec *changed, uint8_t *out, size_t max);

#endif
