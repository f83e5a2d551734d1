// SPDX-License-Identifier: GPL-2.0-or-later
// Writes blocks to their final locations, neighbours at once: of a transaction, or of a log that is
// replayed.
#include "journal/commit_steps.h"

#include "journal/commit.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Writes blocks home in rising order, neighbours at once. */
struct gather {
	struct commit *commit;
	uint64_t block; /* the first one that waits */
	uint32_t filled, room;
	struct iovec *pieces; /* a block each */
	uint8_t *copies;      /* of those that do not stay where they are: room for as many */
};

static errcode_t gather_open(struct gather *g, struct commit *c)
{
	*g = (struct gather){.commit = c, .room = PIECE_BYTES / c->block_size};
	g->pieces = malloc(g->room * sizeof(*g->pieces));
	g->copies = malloc((size_t)g->room * c->block_size);
	return g->pieces && g->copies ? 0 : ENOMEM;
}

static errcode_t gather_flush(struct gather *g)
{
	uint32_t count = g->filled;

	g->filled = 0;
	if (!count)
		return 0;
	return blkdev_writev(g->commit->dev, g->block * g->commit->block_size, g->pieces, count,
			     "home");
}

static errcode_t gather_close(struct gather *g, errcode_t err)
{
	if (!err)
		err = gather_flush(g);
	free(g->pieces);
	free(g->copies);
	return err;
}

/* BLOCK is DATA, which stays; or NULL: what the caller puts into *COPY. */
static errcode_t gather_add(struct gather *g, uint64_t block, uint8_t *data, uint8_t **copy)
{
	errcode_t err = 0;

	if (g->filled == g->room || block != g->block + g->filled)
		err = gather_flush(g);
	if (!g->filled)
		g->block = block;
	if (!data)
		*copy = data = g->copies + (size_t)g->filled * g->commit->block_size;
	g->pieces[g->filled++] = (struct iovec){data, g->commit->block_size};
	return err;
}

errcode_t commit_write_home(struct commit *c, const struct captured *blocks, size_t count)
{
	struct gather g;
	errcode_t err = gather_open(&g, c);

	for (size_t i = 0; i < count && !err; i++) {
		const struct captured *b = &blocks[i];
		uint8_t *copy;

		err = gather_add(&g, b->block, commit_is_super(c, b) ? NULL : b->data, &copy);
		if (!err && commit_is_super(c, b))
			commit_fill_copy(c, b, copy);
	}
	return gather_close(&g, err);
}

static errcode_t replay_block(void *arg, uint64_t block, const void *data)
{
	struct gather *g = arg;
	uint8_t *copy;
	errcode_t err;

	/* the superblock comes last, with the flag in the form that one sector can clear */
	if (block == SUPER_AT / g->commit->block_size)
		return 0;
	err = gather_add(g, block, NULL, &copy);
	if (!err)
		memcpy(copy, data, g->commit->block_size);
	return err;
}

errcode_t commit_replay_home(struct commit *c, const struct overlay *ov)
{
	struct gather g;
	errcode_t err = gather_open(&g, c);

	if (!err)
		err = overlay_each(ov, replay_block, &g);
	return gather_close(&g, err);
}
