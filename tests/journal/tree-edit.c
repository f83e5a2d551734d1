// SPDX-License-Identifier: GPL-2.0-or-later
// tree-edit IMAGE INO SEED EXTENTS EDITS: edit the map of an inode at random, in place, with the
// bitmaps kept by libext2fs.
//
// The list and the writers are the library's; everything around them is libext2fs, so that e2fsck
// can judge the result. First the file becomes EXTENTS extents (0: it is left as it is), then EDITS
// edits follow, emitted every few.
#include "base/crc32c.h"
#include "errors.h"
#include "tree/indirect.h"
#include <stdio.h>
#include <stdlib.h>

struct edit {
	ext2_filsys fs;
	struct ext2_inode inode;
	struct extents *list;
	struct tree *tree;
	struct indirect *map;
	uint64_t random, data;
};

static void need(errcode_t err, const char *what)
{
	if (!err)
		return;
	com_err("tree-edit", err, "%s", what);
	exit(1);
}

static uint32_t below(struct edit *e, uint32_t n)
{
	e->random ^= e->random << 13;
	e->random ^= e->random >> 7;
	e->random ^= e->random << 17;
	return (uint32_t)((e->random >> 16) % n);
}

static errcode_t read_node(void *arg, uint64_t pblk, void *buf)
{
	struct edit *e = arg;

	return io_channel_read_blk64(e->fs->io, pblk, 1, buf);
}

static errcode_t take(void *arg, uint64_t near, uint64_t *pblk)
{
	struct edit *e = arg;
	blk64_t block;

	need(ext2fs_new_block2(e->fs, near, NULL, &block), "new block");
	ext2fs_block_alloc_stats2(e->fs, block, 1);
	*pblk = block;
	return 0;
}

static errcode_t put(void *arg, uint64_t pblk, const void *image)
{
	struct edit *e = arg;

	return io_channel_write_blk64(e->fs->io, pblk, 1, image);
}

static errcode_t drop(void *arg, uint64_t pblk)
{
	struct edit *e = arg;

	ext2fs_block_alloc_stats2(e->fs, pblk, -1);
	return 0;
}

static void freed(void *arg, const struct run *run)
{
	struct edit *e = arg;

	for (uint64_t i = 0; i < run->len; i++)
		ext2fs_block_alloc_stats2(e->fs, run->pblk + i, -1);
	e->data -= run->len;
}

static void map(struct edit *e, uint32_t lblk, uint32_t len, uint64_t near, bool unwritten)
{
	for (uint32_t i = 0; i < len; i++) {
		struct run run = {.lblk = lblk + i, .len = 1, .unwritten = unwritten};
		struct run there;

		if (extents_find(e->list, run.lblk, &there))
			continue;
		need(take(e, near, &run.pblk), "data");
		near = run.pblk + 1;
		need(extents_map(e->list, &run), "map");
		e->data++;
	}
}

/* Every second block first, the others between them: no two are contiguous. */
static void scatter(struct edit *e, uint32_t extents)
{
	for (uint32_t odd = 0; odd < 2; odd++)
		for (uint32_t i = odd; i < extents; i += 2)
			map(e, i, 1, 0, e->tree && i % 3 == 0);
}

static void edit(struct edit *e, uint32_t space)
{
	uint32_t lblk = below(e, space), len = 1 + below(e, below(e, 24) ? 6 : space / 4);
	uint32_t what = below(e, 16);

	if (len > space - lblk)
		len = space - lblk;
	if (what < 6)
		map(e, lblk, len, below(e, 2) ? 0 : lblk + 20000, e->tree && what & 1);
	else if (what < 10 || e->map)
		need(extents_remove(e->list, lblk, len, freed, e), "remove");
	else
		need(extents_set_state(e->list, lblk, len, what & 1), "state");
}

static void emit(struct edit *e)
{
	const struct tree_sink sink = {e, take, put, drop};
	struct tree_plan plan;

	if (e->tree) {
		need(tree_plan(e->tree, e->list, &plan), "plan");
		need(tree_emit(e->tree, e->list, &sink, e->inode.i_block), "emission");
	} else {
		need(indirect_plan(e->map, e->list, &plan), "plan");
		need(indirect_emit(e->map, e->list, &sink, e->inode.i_block), "emission");
	}
	if (plan.narrow)
		need(E4Z_ET_CORRUPT_MAP, "narrow");
}

static void load(struct edit *e, uint32_t ino)
{
	const uint8_t number[4] = {(uint8_t)ino, (uint8_t)(ino >> 8), (uint8_t)(ino >> 16),
				   (uint8_t)(ino >> 24)};
	uint32_t generation = ext2fs_cpu_to_le32(e->inode.i_generation);
	struct extents_walk walk;
	struct tree_config config = {
		.block_size = e->fs->blocksize,
		.csum = ext2fs_has_feature_metadata_csum(e->fs->super),
		.seed = crc32c(crc32c(e->fs->csum_seed, number, 4), &generation, 4),
		.reach = TREE_REACH_ALL,
	};
	struct run run;

	e->list = extents_new();
	need(e->list ? 0 : ENOMEM, "list");
	if (e->inode.i_flags & EXT4_EXTENTS_FL)
		need(tree_load(&config, e->inode.i_block, read_node, e, e->list, &e->tree), "tree");
	else
		need(indirect_load(config.block_size, e->inode.i_block, read_node, e, e->list,
				   &e->map),
		     "map");
	extents_walk_start(e->list, &walk, 0, EXTENTS_END, false);
	while (extents_walk_next(e->list, &walk, &run))
		e->data += run.len;
}

int main(int argc, char **argv)
{
	struct edit e = {.fs = NULL};
	uint32_t ino, space, extents, edits;
	uint64_t nodes;

	initialize_ext2_error_table();
	initialize_e4z_error_table();
	if (argc != 6)
		return 2;
	ino = (uint32_t)strtoul(argv[2], NULL, 10);
	e.random = strtoull(argv[3], NULL, 10) * 0x9e3779b97f4a7c15ull + 1;
	extents = (uint32_t)strtoul(argv[4], NULL, 10);
	edits = (uint32_t)strtoul(argv[5], NULL, 10);
	need(ext2fs_open(argv[1], EXT2_FLAG_RW | EXT2_FLAG_64BITS, 0, 0, unix_io_manager, &e.fs),
	     argv[1]);
	need(ext2fs_read_bitmaps(e.fs), "bitmaps");
	need(ext2fs_read_inode(e.fs, ino, &e.inode), "inode");
	load(&e, ino);
	space = (uint32_t)(EXT2_I_SIZE(&e.inode) / e.fs->blocksize);
	if (extents) {
		space = extents + extents / 4 + 16;
		scatter(&e, extents);
		emit(&e);
	}
	for (uint32_t i = 0; i < edits; i++) {
		edit(&e, space);
		if (!below(&e, 4))
			emit(&e);
	}
	emit(&e);
	nodes = e.tree ? tree_blocks(e.tree) : indirect_blocks(e.map);
	need(ext2fs_iblk_set(e.fs, &e.inode, e.data + nodes), "i_blocks");
	need(ext2fs_inode_size_set(e.fs, &e.inode, (ext2_off64_t)space * e.fs->blocksize), "size");
	need(ext2fs_write_inode(e.fs, ino, &e.inode), "inode");
	printf("%zu extents, %llu nodes\n", extents_count(e.list), (unsigned long long)nodes);
	need(ext2fs_close(e.fs), "close");
	tree_free(e.tree);
	indirect_free(e.map);
	extents_free(e.list);
	return 0;
}
