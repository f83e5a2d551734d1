// SPDX-License-Identifier: GPL-2.0-or-later
// Follows s_last_orphan through i_dtime and reads the orphan file (fs/ext4/orphan.c).
#include "scan/orphan.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/crc32c.h"
#include "base/vec.h"
#include <errno.h>
#include <stdlib.h>

#define ORPHAN_MAGIC 0x0b10ca04u
#define ORPHAN_TAIL 8 /* magic and checksum end each block */

VEC(run_vec, struct run);

struct load {
	const struct e4z_image *img;
	struct rangeset *set;
	struct run_vec runs;
	uint64_t blocks, nodes;
	errcode_t err;
};

static bool may_be_orphan(const struct e4z_image *img, uint32_t ino)
{
	return ino >= EXT2_FIRST_INODE(img->fs->super) && ino <= img->inodes;
}

static errcode_t load_chain(struct load *load)
{
	const struct e4z_image *img = load->img;
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	uint32_t ino = img->fs->super->s_last_orphan;
	struct inode inode;

	if (!raw)
		return ENOMEM;
	while (may_be_orphan(img, ino)) {
		bool again = false;
		errcode_t err = rangeset_add(load->set, ino, 1, &again);

		if (err)
			return err;
		if (again || inode_read(img, ino, raw, &inode))
			return 0;
		ino = inode.dtime;
	}
	return 0;
}

static bool on_node(void *arg, uint64_t pblk)
{
	struct load *load = arg;

	/* a tree that is not one would have some blocks visited again and again */
	(void)pblk;
	return ++load->nodes <= load->img->blocks;
}

static void on_run(void *arg, const struct run *run)
{
	struct load *load = arg;

	load->blocks += run->len;
	if (!run->unwritten && load->blocks <= load->img->blocks && vec_push(&load->runs, *run))
		load->err = ENOMEM;
}

/* The checksum covers the block's own number and its entries, with the file's seed. */
static bool block_ok(const struct e4z_image *img, uint32_t seed, uint64_t pblk,
		     const uint8_t *block)
{
	size_t entries = img->block_size - ORPHAN_TAIL;
	uint8_t number[8];

	if (get_le32(block + entries) != ORPHAN_MAGIC)
		return false;
	if (!img->metadata_csum)
		return true;
	for (unsigned i = 0; i < 8; i++)
		number[i] = (uint8_t)(pblk >> 8 * i);
	return crc32c(crc32c(seed, number, 8), block, entries) == get_le32(block + entries + 4);
}

static errcode_t load_block(struct load *load, uint32_t seed, uint64_t pblk, uint8_t *block)
{
	const struct e4z_image *img = load->img;
	errcode_t err = 0;

	if (image_read(img, pblk * img->block_size, img->block_size, block) ||
	    !block_ok(img, seed, pblk, block))
		return 0;
	for (size_t at = 0; at < img->block_size - ORPHAN_TAIL && !err; at += 4)
		if (may_be_orphan(img, get_le32(block + at)))
			err = rangeset_add(load->set, get_le32(block + at), 1, NULL);
	return err;
}

/* Every block of the orphan file, whose mapping is in load->runs. */
static errcode_t load_blocks(struct load *load, uint32_t seed)
{
	uint8_t *block = malloc(load->img->block_size);

	if (!block)
		return ENOMEM;
	for (size_t i = 0; i < load->runs.count && !load->err; i++)
		for (uint64_t b = 0; b < load->runs.items[i].len && !load->err; b++)
			load->err = load_block(load, seed, load->runs.items[i].pblk + b, block);
	free(block);
	return load->err;
}

static errcode_t load_file(struct load *load, struct map_work *work)
{
	const struct e4z_image *img = load->img;
	const struct map_sink sink = {.arg = load, .node = on_node, .run = on_run};
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	struct inode inode;

	if (!raw)
		return ENOMEM;
	if (inode_read(img, img->fs->super->s_orphan_file_inum, raw, &inode) ||
	    !inode_has_map(&inode) || !(inode.flags & EXT4_EXTENTS_FL))
		return 0;
	map_walk(img, work, &inode, &sink);
	return load->err ? load->err : load_blocks(load, inode_csum_seed(img, &inode));
}

errcode_t orphan_load(const struct e4z_image *img, struct map_work *work, struct rangeset *set)
{
	struct load load = {.img = img, .set = set};
	errcode_t err = load_chain(&load);

	if (!err && ext2fs_has_feature_orphan_file(img->fs->super))
		err = load_file(&load, work);
	vec_free(&load.runs);
	return err;
}
