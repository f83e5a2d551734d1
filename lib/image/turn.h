/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns: one public function at a time uses an image. A call from its callbacks with the same image
 * would change state that is in use; it is refused with E4Z_ET_USAGE.
 *
 * A function that has callbacks takes a turn. Any other function that changes the image asks
 * turn_check(). In `opened` e4z_peek() asks as well, because no bytes can be read yet. `wait` of
 * e4z_open() is a callback of any function that may be the first to write. e4z_expand() takes no
 * turn, as its callbacks may call nearly everything: it only keeps the image open.
 */
#ifndef E4Z_IMAGE_TURN_H
#define E4Z_IMAGE_TURN_H

#include "image/image.h"

/* What a callback may call nevertheless: bits of img->rights. */
enum {
	TURN_CONFINE = 1, /* e4z_confine() */
	TURN_RECORD = 2,  /* e4z_keep_undo(), e4z_trace(), e4z_plan_undo() */
};

struct turn {
	struct e4z_image *img; /* NULL: refused */
	errcode_t err;	       /* E4Z_ET_USAGE, with a sentence, or 0 */
};

/* E4Z_ET_USAGE, with a sentence, in a callback that does not have RIGHT (0: nobody has it). */
errcode_t turn_check(struct e4z_image *img, unsigned right);
/* The same for functions that close the image, also in callbacks of e4z_expand(). */
errcode_t turn_check_closing(struct e4z_image *img);

/* Begin the turn of the public function NAME, a static string such as "e4z_check()". */
struct turn turn_begin(struct e4z_image *img, const char *name);
void turn_end(const struct turn *turn);

/* A turn that ends with its scope. */
#define AUTO_TURN __attribute__((cleanup(turn_end)))

#endif
