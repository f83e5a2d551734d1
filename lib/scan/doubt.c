// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the map of a corrupt inode as e2fsck might come to believe it: rather more than less.
#include "scan/doubt.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "file/inode.h"
#include "format/node.h"
#include <errno.h>
#include <stdlib.h>

struct doubt {
	const struct e4z_image *img;
	struct rangeset *blocks;
	uint8_t *level[NODE_MAX_DEPTH + 1];
};

/* FRESH: none of them was in the set. */
static errcode_t add(struct doubt *d, uint64_t pblk, uint64_t len, bool *fresh)
{
	uint64_t blocks = d->img->blocks;

	*fresh = false;
	if (!pblk || pblk >= blocks)
		return 0;
	if (len > blocks - pblk)
		len = blocks - pblk;
	*fresh = !rangeset_meets(d->blocks, pblk, len);
	return rangeset_add(d->blocks, pblk, len, NULL);
}

/* Read the block of pointers or of a tree at PBLK, once: crafted maps meet again and again. */
static errcode_t descend(struct doubt *d, uint64_t pblk, uint8_t *buf, bool *go)
{
	errcode_t err = add(d, pblk, 1, go);

	if (!err && *go)
		*go = !image_read(d->img, pblk * d->img->block_size, d->img->block_size, buf);
	return err;
}

static errcode_t add_node(struct doubt *d, const uint8_t *node, size_t room, unsigned depth)
{
	unsigned entries = node_entries(node);
	errcode_t err = 0;
	bool go;

	if (!node_has_magic(node) || entries > node_capacity((uint32_t)room))
		return 0;
	for (unsigned i = 0; i < entries && !err; i++) {
		const uint8_t *e = node_at(node, i);
		bool unwritten;

		if (!depth) {
			err = add(d, extent_pblk(e), extent_len(e, &unwritten), &go);
			continue;
		}
		err = descend(d, index_pblk(e), d->level[depth - 1], &go);
		if (!err && go)
			err = add_node(d, d->level[depth - 1], d->img->block_size, depth - 1);
	}
	return err;
}

static errcode_t add_pointer(struct doubt *d, uint32_t pblk, unsigned level)
{
	errcode_t err;
	bool go;

	if (!level)
		return add(d, pblk, 1, &go);
	err = descend(d, pblk, d->level[level], &go);
	for (uint32_t i = 0; !err && go && i < d->img->block_size / 4; i++)
		err = add_pointer(d, get_le32(d->level[level] + i * 4), level - 1);
	return err;
}

static errcode_t add_map(struct doubt *d, const uint8_t *i_block, uint32_t flags)
{
	unsigned depth = node_depth(i_block);
	errcode_t err = 0;

	if (flags & EXT4_INLINE_DATA_FL)
		return 0;
	if (node_has_magic(i_block))
		return depth > NODE_MAX_DEPTH ? 0 : add_node(d, i_block, INODE_I_BLOCK_LEN, depth);
	for (unsigned i = 0; i < EXT2_N_BLOCKS && !err; i++)
		err = add_pointer(d, get_le32(i_block + i * 4),
				  i < EXT2_NDIR_BLOCKS ? 0 : i - EXT2_NDIR_BLOCKS + 1);
	return err;
}

errcode_t doubt_add(const struct e4z_image *img, uint32_t ino, struct rangeset *blocks)
{
	struct doubt d = {.img = img, .blocks = blocks};
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	struct inode inode;
	uint64_t block;
	uint32_t off;
	bool fresh;
	errcode_t err = raw ? 0 : ENOMEM;

	for (unsigned i = 0; i <= NODE_MAX_DEPTH && !err; i++)
		if (!(d.level[i] = malloc(img->block_size)))
			err = ENOMEM;
	if (!err) {
		inode_place(img, ino, &block, &off);
		if (!image_read(img, block * img->block_size + off, img->inode_size, raw)) {
			inode_decode(img, ino, raw, &inode);
			err = add(&d, inode.acl_block, 1, &fresh);
			if (!err)
				err = add(&d, inode.translator, 1, &fresh);
			if (!err)
				err = add_map(&d, raw + INODE_I_BLOCK, inode.flags);
		}
	}
	for (unsigned i = 0; i <= NODE_MAX_DEPTH; i++)
		free(d.level[i]);
	return err;
}

bool doubt_meets(const struct e4z_image *img, const struct rangeset *blocks, uint64_t pblk,
		 uint64_t len)
{
	uint64_t ratio = img->cluster_ratio, start = pblk / ratio * ratio;

	return rangeset_meets(blocks, start, (pblk + len + ratio - 1) / ratio * ratio - start);
}
