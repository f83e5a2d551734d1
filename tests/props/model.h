/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file as a flat array of bytes, the operations of e4zero.h as what they do to it, and the small
 * alphabets of operations that sequences are made of.
 */
#ifndef TESTS_PROPS_MODEL_H
#define TESTS_PROPS_MODEL_H

#include "e4zero.h"

#define MODEL_BLOCKS 24 /* more than any sequence reaches */
#define MODEL_BYTES (MODEL_BLOCKS * 4096)

struct model {
	uint32_t bs;
	uint64_t size;
	bool indirect; /* no unwritten state */
	uint8_t data[MODEL_BYTES];
};

enum act_kind {
	ACT_WRITE,
	ACT_ZERO,
	ACT_ZERO_KEEP,
	ACT_PUNCH,
	ACT_ALLOCATE,
	ACT_ALLOCATE_KEEP,
	ACT_ZERO_MAPPED,
	ACT_WRITE_ZEROES,
	ACT_TRUNCATE,
	ACT_COLLAPSE,
	ACT_INSERT,
	ACT_TO_WRITTEN,
	ACT_TO_UNWRITTEN,
	ACT_TO_HOLE,
	ACT_FLUSH,
};

struct act {
	enum act_kind kind;
	uint64_t off, len; /* ACT_TRUNCATE: OFF is the size */
};

/* As small_file() makes it. */
void model_init(struct model *m, uint32_t bs, const char *states, uint64_t size);

/* What ACT, the N-th of its sequence, makes of M: false, and M is as it was, if it is refused. */
bool model_act(struct model *m, const struct act *act, unsigned n);

/* The same to the file /f of IMG. */
errcode_t act_do(struct e4z_image *img, const struct act *act, unsigned n, struct e4z_edit *edit);

const char *act_name(const struct act *act);

/*
 * All operations with ends at edges of blocks, within them and around SIZE, about 200; or a FEW of
 * each kind. Fills ACTS of ROOM: how many there are.
 */
size_t model_alphabet(struct act *acts, size_t room, uint32_t bs, uint64_t size, bool few);

#endif
