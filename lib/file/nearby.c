// SPDX-License-Identifier: GPL-2.0-or-later
// Reading tree blocks that lie near each other with one call.
#include "file/nearby.h"

#include "format/node.h"
#include <stdlib.h>

/* A stretch: its bytes at most, and blocks that fit into a word. */
#define STRETCH_BYTES (64u << 10)
#define STRETCH_BLOCKS 64
_Static_assert(STRETCH_BYTES / EXT2_MIN_BLOCK_SIZE <= STRETCH_BLOCKS, "a bit for each block");
/* Siblings that are compared to find the length of a stretch. */
#define SIBLINGS_MAX 512
/* Blocks read for each leaf, then one by one: scattered leaves must not multiply the reading. */
#define READS_PER_LEAF 3

void nearby_free(struct nearby *nearby)
{
	for (unsigned i = 0; i < NEARBY_STRETCHES; i++)
		free(nearby->stretch[i].buf);
}

void nearby_forget(struct nearby *nearby)
{
	for (unsigned i = 0; i < NEARBY_STRETCHES; i++)
		nearby->stretch[i].len = 0;
}

void nearby_begin(struct nearby *nearby, const uint8_t *index)
{
	nearby->asked &= ~(1u << node_depth(index));
	nearby->room = (uint64_t)node_entries(index) * READS_PER_LEAF;
}

/*
 * Blocks from child I of INDEX on that are worth one read: up to the last of its siblings in reach
 * before more than half of them would be something else.
 */
static uint64_t stretch_len(const struct e4z_image *img, const uint8_t *index, unsigned i)
{
	uint64_t pblk = node_child(index, i), reach = STRETCH_BYTES / img->block_size, len = 1;
	unsigned end = node_entries(index), count = 0;
	uint64_t siblings = 0;

	if (reach > img->blocks - pblk)
		reach = img->blocks - pblk;
	if (end - i > SIBLINGS_MAX)
		end = i + SIBLINGS_MAX;
	for (; i < end; i++) {
		uint64_t place = node_child(index, i) - pblk;

		if (place < reach)
			siblings |= 1ull << place;
	}
	for (unsigned place = 0; place < reach; place++) {
		if (!(siblings >> place & 1))
			continue;
		count++;
		if (count * 2 > place)
			len = place + 1;
	}
	return len;
}

/* Leaves are read in stretches, other blocks one by one. */
void nearby_ask(const struct e4z_image *img, const uint8_t *index)
{
	uint64_t start = 0, len = 0, bs = img->block_size;

	for (unsigned i = 0; i < node_entries(index); i++) {
		uint64_t child = node_child(index, i);

		if (child - start < len || child >= img->blocks)
			continue;
		start = child;
		len = node_depth(index) == 1 ? stretch_len(img, index, i) : 1;
		blkdev_will_need(img->dev, start * bs, len * bs);
	}
}

/*
 * LEN blocks from PBLK on. When the disk has to be waited for, all children of INDEX are asked for
 * at once: advice costs as much as reading what is cached.
 */
static bool read_blocks(const struct e4z_image *img, struct nearby *nearby, const uint8_t *index,
			uint64_t pblk, uint64_t len, uint8_t *buf)
{
	unsigned bit = 1u << node_depth(index);
	size_t bytes = (size_t)len * img->block_size;

	if (image_read_cached(img, pblk * img->block_size, bytes, buf))
		return true;
	if (!(nearby->asked & bit))
		nearby_ask(img, index);
	nearby->asked |= bit;
	nearby->err = image_read(img, pblk * img->block_size, bytes, buf);
	return !nearby->err;
}

/* The stretch that was of no use for the longest time, with a buffer; -1: no memory. */
static int oldest(struct nearby *nearby)
{
	int old = 0;

	for (int i = 1; i < NEARBY_STRETCHES; i++)
		if (nearby->stretch[i].used < nearby->stretch[old].used)
			old = i;
	if (!nearby->stretch[old].buf)
		nearby->stretch[old].buf = blkdev_buffer(STRETCH_BYTES);
	return nearby->stretch[old].buf ? old : -1;
}

/* The leaf I of INDEX in one of the stretches; NULL: it is better read alone. */
static const uint8_t *leaf(const struct e4z_image *img, struct nearby *nearby, const uint8_t *index,
			   unsigned i)
{
	uint64_t pblk = node_child(index, i), len;
	int at = -1;

	for (int s = 0; s < NEARBY_STRETCHES && at < 0; s++)
		if (pblk - nearby->stretch[s].start < nearby->stretch[s].len)
			at = s;
	if (at < 0) {
		len = stretch_len(img, index, i);
		if (len == 1 || len > nearby->room)
			return NULL;
		at = oldest(nearby);
		if (at < 0)
			return NULL;
		nearby->room -= len;
		nearby->stretch[at].len = 0;
		if (!read_blocks(img, nearby, index, pblk, len, nearby->stretch[at].buf))
			return NULL;
		nearby->stretch[at].start = pblk;
		nearby->stretch[at].len = len;
	}
	nearby->stretch[at].used = ++nearby->clock;
	return nearby->stretch[at].buf + (pblk - nearby->stretch[at].start) * img->block_size;
}

const uint8_t *nearby_child(const struct e4z_image *img, struct nearby *nearby,
			    const uint8_t *index, unsigned i, uint8_t *buf)
{
	const uint8_t *found = node_depth(index) == 1 ? leaf(img, nearby, index, i) : NULL;

	if (found)
		return found;
	return read_blocks(img, nearby, index, node_child(index, i), 1, buf) ? buf : NULL;
}
