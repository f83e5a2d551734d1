// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the map of a corrupt inode as e2fsck might come to believe it: rather more than less.
#include "scan/doubt.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "file/inode.h"
#include <errno.h>
#include <stdlib.h>

/* Buffers are shared: by a node that is due at a depth, and by pointers of so many levels. */
_Static_assert(MAP_POINTERS <= NODE_MAX_DEPTH, "a buffer for each level of pointers");

errcode_t doubt_init(const struct e4z_image *img, struct doubt *d)
{
	errcode_t err = 0;

	*d = (struct doubt){.img = img, .blocks = rangeset_new(img->blocks)};
	if (!d->blocks)
		err = ENOMEM;
	for (unsigned i = 0; i < NODE_MAX_DEPTH; i++) {
		d->level[i] = malloc(img->block_size);
		if (!d->level[i])
			err = ENOMEM;
	}
	return err;
}

void doubt_free(struct doubt *d)
{
	rangeset_free(d->blocks);
	for (unsigned i = 0; i < NODE_MAX_DEPTH; i++) {
		rangeset_free(d->nodes[i]);
		free(d->level[i]);
	}
	for (unsigned i = 0; i < MAP_POINTERS; i++)
		rangeset_free(d->pointers[i]);
}

static bool is_inside(const struct doubt *d, uint64_t pblk)
{
	return pblk && pblk < d->img->blocks;
}

static errcode_t add(struct doubt *d, uint64_t pblk, uint64_t len)
{
	uint64_t blocks = d->img->blocks;

	if (!is_inside(d, pblk))
		return 0;
	return rangeset_add(d->blocks, pblk, len < blocks - pblk ? len : blocks - pblk, NULL);
}

/* Read the block of pointers or of a tree at PBLK into BUF, if it is not one of MET: *GO. */
static errcode_t descend(struct doubt *d, uint64_t pblk, struct rangeset **met, uint8_t *buf,
			 bool *go)
{
	bool again = false;
	errcode_t err = add(d, pblk, 1);

	*go = false;
	if (err || !is_inside(d, pblk))
		return err;
	if (!*met)
		*met = rangeset_new(d->img->blocks);
	err = *met ? rangeset_add(*met, pblk, 1, &again) : ENOMEM;
	if (!err && !again)
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
			err = add(d, extent_pblk(e), extent_len(e, &unwritten));
			continue;
		}
		err = descend(d, index_pblk(e), &d->nodes[depth - 1], d->level[depth - 1], &go);
		if (!err && go)
			err = add_node(d, d->level[depth - 1], d->img->block_size, depth - 1);
	}
	return err;
}

static errcode_t add_pointer(struct doubt *d, uint32_t pblk, unsigned level)
{
	uint8_t *buf;
	errcode_t err;
	bool go;

	if (!level)
		return add(d, pblk, 1);
	buf = d->level[level - 1];
	err = descend(d, pblk, &d->pointers[level - 1], buf, &go);
	for (uint32_t i = 0; !err && go && i < d->img->block_size / 4; i++)
		err = add_pointer(d, get_le32(buf + i * 4), level - 1);
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

errcode_t doubt_add(struct doubt *d, uint32_t ino)
{
	AUTO_FREE uint8_t *raw = malloc(d->img->inode_size);
	struct inode inode;
	uint64_t block;
	uint32_t off;
	errcode_t err;

	if (!raw)
		return ENOMEM;
	inode_place(d->img, ino, &block, &off);
	if (image_read(d->img, block * d->img->block_size + off, d->img->inode_size, raw))
		return 0;
	inode_decode(d->img, ino, raw, &inode);
	err = add(d, inode.acl_block, 1);
	if (!err)
		err = add(d, inode.translator, 1);
	return err ? err : add_map(d, raw + INODE_I_BLOCK, inode.flags);
}

bool doubt_meets(const struct doubt *d, uint64_t pblk, uint64_t len)
{
	uint64_t ratio = d->img->cluster_ratio, start = pblk / ratio * ratio;

	return rangeset_meets(d->blocks, start, (pblk + len + ratio - 1) / ratio * ratio - start);
}
