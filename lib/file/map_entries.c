// SPDX-License-Identifier: GPL-2.0-or-later
// Lists what a tree block names when it is not known whose it is: what only its place in a map can
// tell, order, range, depth and checksum, is not asked for.
#include "file/map.h"

#include "base/bytes.h"
#include "format/node.h"

struct list {
	const struct e4z_image *img;
	struct map_work *work;
	const struct map_sink *sink;
};

static bool may_be_mapped(const struct e4z_image *img, uint64_t pblk, uint64_t len)
{
	return pblk >= img->fs->super->s_first_data_block && pblk < img->blocks &&
	       len <= img->blocks - pblk && !rangeset_meets(img->metadata, pblk, len);
}

static void child(const struct list *l, uint64_t pblk, unsigned pointers)
{
	l->work->pointers = pointers;
	if (may_be_mapped(l->img, pblk, 1))
		(void)l->sink->node(l->sink->arg, pblk);
}

static void blocks(const struct list *l, const struct run *run)
{
	if (may_be_mapped(l->img, run->pblk, run->len))
		l->sink->run(l->sink->arg, run);
}

static void extent(const struct list *l, const uint8_t *entry)
{
	struct run run = {.lblk = entry_key(entry), .pblk = extent_pblk(entry)};

	run.len = extent_len(entry, &run.unwritten);
	if (run.len && run.lblk + run.len <= UINT32_MAX &&
	    !((run.lblk ^ run.pblk) % l->img->cluster_ratio))
		blocks(l, &run);
}

static void node(const struct list *l, const uint8_t *buf)
{
	unsigned entries = node_entries(buf), max = node_max(buf), depth = node_depth(buf);

	if (!node_has_magic(buf) || entries > max || depth > NODE_MAX_DEPTH ||
	    max > node_capacity(l->img->block_size))
		return;
	for (unsigned i = 0; i < entries; i++) {
		if (depth)
			child(l, node_child(buf, i), 0);
		else
			extent(l, node_at(buf, i));
	}
}

void map_entries(const struct e4z_image *img, struct map_work *work, uint64_t pblk,
		 unsigned pointers, const struct map_sink *sink)
{
	const struct list l = {img, work, sink};
	const uint8_t *buf = work->level[0];

	if (image_read(img, pblk * img->block_size, img->block_size, work->level[0]))
		return;
	if (!pointers) {
		node(&l, buf);
		return;
	}
	for (uint32_t i = 0; i < img->block_size / 4; i++) {
		const struct run run = {.pblk = get_le32(buf + i * 4), .len = 1};

		if (run.pblk && pointers > 1)
			child(&l, run.pblk, pointers - 1);
		else if (run.pblk)
			blocks(&l, &run);
	}
}
