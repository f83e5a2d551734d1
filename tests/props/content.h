/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an image says a file holds: through its map, as the view is now. */
#ifndef TESTS_PROPS_CONTENT_H
#define TESTS_PROPS_CONTENT_H

#include "model.h"

struct content {
	uint64_t size;
	uint32_t written, unwritten, past_eof; /* blocks; past_eof: of the written ones */
	uint64_t tail_nonzero;		       /* bytes of a written last block past EOF */
	uint8_t data[MODEL_BYTES];
	uint8_t past[MODEL_BYTES]; /* from EOF on, of written blocks; content_read() only */
};

/*
 * The same while it is edited, settled or not: bytes that the commit zeroes in place are zero here,
 * though the view does not show it yet.
 */
bool content_of_session(struct e4z_image *img, uint32_t ino, struct content *c);

/* False, and a line on standard error, when the file cannot be read. */
bool content_read(struct e4z_image *img, const char *name, uint32_t ino, struct content *c);

static inline bool content_is(const struct content *c, const struct model *m)
{
	return c->size == m->size &&
	       !__builtin_memcmp(c->data, m->data, (size_t)MODEL_BLOCKS * m->bs);
}

#endif
