// SPDX-License-Identifier: GPL-2.0-or-later
// Walks extent trees and indirect maps and holds every entry to the rules of doc/findings.md.
#include "file/map.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "file/map_ahead.h"
#include "format/node.h"
#include "image/groups.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define LBLK_END 0xffffffffull /* logical block numbers go to 2^32 - 2 */

struct walk {
	const struct e4z_image *img;
	struct map_work *work;
	const struct inode *inode;
	const struct map_sink *sink;
	const char *fault;   /* the first one */
	uint64_t next_lblk;  /* after the last extent or index entry seen */
	uint64_t first, end; /* logical blocks; tree blocks that map none of them are not read */
	uint64_t first_data;
	uint32_t csum_seed;
};

errcode_t map_work_init(const struct e4z_image *img, struct map_work *work)
{
	for (size_t i = 0; i < sizeof(work->level) / sizeof(work->level[0]); i++) {
		work->level[i] = malloc(img->block_size);
		if (!work->level[i])
			return ENOMEM;
	}
	return 0;
}

void map_work_free(struct map_work *work)
{
	for (size_t i = 0; i < sizeof(work->level) / sizeof(work->level[0]); i++)
		free(work->level[i]);
	nearby_free(&work->nearby);
}

static void fault(struct walk *w, const char *why)
{
	if (!w->fault)
		w->fault = why;
}

/*
 * No block of the range, which lies inside the file system, is static metadata. The stretch around
 * it is remembered.
 */
static bool is_clear(struct walk *w, uint64_t pblk, uint64_t len)
{
	struct map_work *work = w->work;
	uint64_t from = pblk, start, n;

	if (!rangeset_next(w->img->metadata, &from, &start, &n))
		start = w->img->blocks;
	work->clear_start = pblk;
	work->clear_end = start;
	return pblk + len <= start;
}

/* (not inlined: the walk over a leaf is short without it) */
__attribute__((noinline)) static bool place_ok_searched(struct walk *w, uint64_t pblk, uint64_t len)
{
	if (pblk < w->first_data || pblk >= w->img->blocks || len > w->img->blocks - pblk) {
		fault(w, "a block lies outside the file system");
		return false;
	}
	if (!is_clear(w, pblk, len)) {
		fault(w, "a block lies in static metadata");
		return false;
	}
	return true;
}

/*
 * Blocks that a file may map: inside the file system, no static metadata. Most lie where the ones
 * before did.
 */
static inline bool place_ok(struct walk *w, uint64_t pblk, uint64_t len)
{
	if (pblk >= w->work->clear_start && pblk + len <= w->work->clear_end)
		return true;
	return place_ok_searched(w, pblk, len);
}

/* The tree block PBLK, with so many levels of POINTERS, may be read. */
static bool may_read(struct walk *w, uint64_t pblk, unsigned pointers)
{
	if (w->work->stop && *w->work->stop)
		return false;
	w->work->pointers = pointers;
	return place_ok(w, pblk, 1) && (!w->sink->node || w->sink->node(w->sink->arg, pblk));
}

static bool node_csum_ok(const struct walk *w, const uint8_t *node)
{
	size_t tail = node_tail(node_max(node));

	if (!w->img->metadata_csum)
		return true;
	return tail + 4 <= w->img->block_size &&
	       crc32c(w->csum_seed, node, tail) == get_le32(node + tail);
}

static void deliver(const struct map_sink *sink, const struct run *run, size_t count)
{
	if (sink->runs) {
		sink->runs(sink->arg, run, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		sink->run(sink->arg, &run[i]);
}

/* The extent E of a leaf whose range ends at LIMIT. False: it is corrupt, and that is noted. */
static inline bool leaf_entry(struct walk *w, const uint8_t *e, uint64_t limit, struct run *run)
{
	run->lblk = entry_key(e);
	run->pblk = extent_pblk(e);
	run->len = extent_len(e, &run->unwritten);
	if (!run->len) {
		fault(w, "an extent is empty");
		return false;
	}
	if (run->lblk < w->next_lblk || run->lblk + run->len > limit) {
		fault(w, "extents are out of order or overlap");
		return false;
	}
	w->next_lblk = run->lblk + run->len;
	if (w->img->cluster_ratio > 1 && (run->lblk ^ run->pblk) % w->img->cluster_ratio) {
		fault(w, "an extent has another offset in its cluster than in the file");
		return false;
	}
	return place_ok(w, run->pblk, run->len);
}

/* All extents of a leaf whose range ends at LIMIT. */
static void leaf(struct walk *w, const uint8_t *node, uint64_t limit)
{
	unsigned entries = node_entries(node);
	struct run *batch = w->work->batch;
	size_t held = 0;

	for (unsigned i = 0; i < entries; i++) {
		held += leaf_entry(w, node_at(node, i), limit, &batch[held]);
		if (held == MAP_BATCH) {
			deliver(w->sink, batch, held);
			held = 0;
		}
	}
	if (held)
		deliver(w->sink, batch, held);
}

/* The node is of DEPTH (any when negative) and its entries fit into ROOM bytes. */
static bool header_ok(struct walk *w, const uint8_t *node, size_t room, int depth)
{
	unsigned entries = node_entries(node), max = node_max(node), d = node_depth(node);

	if (!node_has_magic(node) || entries > max || d > NODE_MAX_DEPTH ||
	    max > node_capacity((uint32_t)room)) {
		fault(w, "an extent header is corrupt");
		return false;
	}
	if (depth >= 0 && d != (unsigned)depth) {
		fault(w, "a tree block has the wrong depth");
		return false;
	}
	return true;
}

static void extent_node(struct walk *w, const uint8_t *node, uint64_t limit);

/* Entry I of the index block NODE; everything below it ends at LIMIT. */
static void index_entry(struct walk *w, const uint8_t *node, unsigned i, uint64_t limit)
{
	unsigned depth = node_depth(node);
	const uint8_t *child;

	if (!may_read(w, node_child(node, i), 0))
		return;
	child = nearby_child(w->img, &w->work->nearby, node, i, w->work->level[depth - 1]);
	if (!child) {
		w->work->err = w->work->nearby.err;
		fault(w, "a tree block cannot be read");
		return;
	}
	if (!header_ok(w, child, w->img->block_size, (int)depth - 1))
		return;
	if (!node_csum_ok(w, child)) {
		fault(w, "a tree block's checksum is wrong");
		return;
	}
	extent_node(w, child, limit);
}

/* Visit a node whose header is good; everything in it lies below logical block LIMIT. */
static void extent_node(struct walk *w, const uint8_t *node, uint64_t limit)
{
	unsigned entries = node_entries(node);

	if (!node_depth(node)) {
		leaf(w, node, limit);
		return;
	}
	nearby_begin(&w->work->nearby, node);
	for (unsigned i = 0; i < entries; i++) {
		const uint8_t *e = node_at(node, i);
		uint64_t start = entry_key(e), end = limit;

		if (i + 1 < entries && entry_key(e + NODE_ENTRY) < end)
			end = entry_key(e + NODE_ENTRY);
		if (start < w->next_lblk || start >= end) {
			fault(w, "extents are out of order or overlap");
			continue;
		}
		w->next_lblk = start;
		if (start < w->end && end > w->first)
			index_entry(w, node, i, end);
		/* the range is used up, whatever of it is mapped */
		w->next_lblk = end;
	}
}

/* Indirect maps: neighbours are gathered so that a contiguous file is one run. */
struct gather {
	struct walk *w;
	struct run run;
};

static void gather_flush(struct gather *g)
{
	if (g->run.len && place_ok(g->w, g->run.pblk, g->run.len))
		deliver(g->w->sink, &g->run, 1);
	g->run.len = 0;
}

static void gather_block(struct gather *g, uint64_t lblk, uint64_t pblk)
{
	struct run *run = &g->run;
	bool valid = pblk < g->w->img->blocks && !rangeset_has(g->w->img->metadata, pblk);

	if (valid && run->len && lblk == run->lblk + run->len && pblk == run->pblk + run->len) {
		run->len++;
		return;
	}
	gather_flush(g);
	*run = (struct run){.lblk = lblk, .pblk = pblk, .len = 1};
	/* an invalid block must not make its neighbours invalid */
	if (!valid)
		gather_flush(g);
}

/* The block BLOCK of LEVEL (0: data) maps from LBLK on. SPAN blocks hang below it. */
static void indirect(struct gather *g, uint64_t block, unsigned level, uint64_t lblk, uint64_t span)
{
	struct walk *w = g->w;
	uint32_t per_block = w->img->block_size / 4;
	errcode_t err;

	if (!block || lblk >= w->end || lblk + span <= w->first)
		return;
	if (lblk >= LBLK_END) {
		fault(w, "a block is mapped past the last logical block");
		return;
	}
	if (!level) {
		gather_block(g, lblk, block);
		return;
	}
	if (!may_read(w, block, level))
		return;
	err = image_read(w->img, block * w->img->block_size, w->img->block_size,
			 w->work->level[level]);
	if (err) {
		w->work->err = err;
		fault(w, "a tree block cannot be read");
		return;
	}
	if (level != 1 && !blkdev_is_host(w->img->dev))
		map_ahead_pointers(w->img, w->work->level[level], per_block);
	span /= per_block;
	for (uint32_t i = 0; i < per_block; i++)
		indirect(g, get_le32(w->work->level[level] + i * 4), level - 1, lblk + i * span,
			 span);
}

static void indirect_map(struct walk *w)
{
	const uint8_t *i_block = w->inode->raw + INODE_I_BLOCK;
	uint64_t per_block = w->img->block_size / 4, lblk = 12, span = 1;
	struct gather g = {.w = w};

	for (unsigned i = 0; i < 12; i++)
		indirect(&g, get_le32(i_block + i * 4), 0, i, 1);
	for (unsigned level = 1; level <= 3; level++) {
		span *= per_block;
		indirect(&g, get_le32(i_block + (11 + level) * 4), level, lblk, span);
		lblk += span;
	}
	gather_flush(&g);
}

static const char *walk(struct walk *w)
{
	const uint8_t *root = w->inode->raw + INODE_I_BLOCK;

	w->first_data = w->img->fs->super->s_first_data_block;
	nearby_forget(&w->work->nearby);
	w->work->err = 0;
	if (!(w->inode->flags & EXT4_EXTENTS_FL)) {
		indirect_map(w);
		return w->fault;
	}
	if (node_depth(root))
		w->csum_seed = inode_csum_seed(w->img, w->inode);
	if (header_ok(w, root, INODE_I_BLOCK_LEN, -1))
		extent_node(w, root, LBLK_END);
	return w->fault;
}

const char *map_walk(const struct e4z_image *img, struct map_work *work, const struct inode *inode,
		     const struct map_sink *sink)
{
	struct walk w = {
		.img = img,
		.work = work,
		.inode = inode,
		.sink = sink,
		.end = UINT64_MAX,
	};

	return walk(&w);
}

struct find {
	uint64_t lblk, pblk; /* pblk 0: not found */
};

static void find_in(void *arg, const struct run *run)
{
	struct find *find = arg;

	if (!run->unwritten && find->lblk - run->lblk < run->len)
		find->pblk = run->pblk + (find->lblk - run->lblk);
}

uint64_t map_find(const struct e4z_image *img, struct map_work *work, const struct inode *inode,
		  uint64_t lblk)
{
	struct find find = {.lblk = lblk};
	const struct map_sink sink = {.arg = &find, .run = find_in};
	struct walk w = {
		.img = img,
		.work = work,
		.inode = inode,
		.sink = &sink,
		.first = lblk,
		.end = lblk + 1,
	};

	(void)walk(&w); /* damage elsewhere in the map is not this block's */
	return find.pblk;
}

errcode_t map_refuse(struct e4z_image *img, const struct map_work *work, uint32_t ino,
		     const char *why)
{
	if (work->err)
		return image_fail_file(img, ino, work->err, "%s", why);
	return image_refuse_file(img, ino, E4Z_ET_CORRUPT_MAP, "%s", why);
}
