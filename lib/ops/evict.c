// SPDX-License-Identifier: GPL-2.0-or-later
// Frees an unlinked inode: blocks, references of extended attributes, usage, the inode itself
// (ext4_evict_inode(), ext4_xattr_delete_inode() and ext4_free_inode() in the kernel).
#include "ops/evict.h"

#include "base/cleanup.h"
#include "edit/session.h"
#include "format/xattr.h"
#include "quota/quota.h"
#include "txn/alloc.h"
#include "txn/txn.h"
#include "unlinked/held.h"
#include <errno.h>
#include <stdlib.h>

errcode_t evict_blocks(struct e4z_image *img, uint32_t ino, uint64_t from)
{
	uint64_t len = EXTENTS_END - from;
	struct edit_file *f;
	errcode_t err = session_open(img, ino, &f);

	if (!err && f->list) {
		err = edit_open_handle(f);
		if (!err)
			err = edit_unmap(f, from, len);
		if (!err)
			err = edit_prune(f, from, len);
		edit_close_handle(f);
	}
	return err ? err : session_put_files(img);
}

/* An eviction that is running. */
struct eviction {
	struct e4z_image *img;
	const struct inode *inode;
	struct held held;
	struct evicted *gone;
	int64_t bytes; /* that are no longer counted for the inode's owners */
};

static uint64_t cluster_bytes(const struct e4z_image *img)
{
	return (uint64_t)img->cluster_ratio << img->block_bits;
}

static errcode_t refuse(const struct eviction *e, const char *why)
{
	return image_refuse_file(e->img, e->inode->ino, E4Z_ET_REFUSED, "%s", why);
}

static errcode_t free_inode(struct eviction *e, uint32_t ino, bool directory)
{
	errcode_t err = alloc_give_inode(e->img, ino, directory);

	return err ? err : vec_push(e->gone, ino);
}

/* One reference less to VALUE's inode; without any it is freed, as one that is unlinked. */
static errcode_t release_value(struct eviction *e, uint32_t value)
{
	struct e4z_image *img = e->img;
	AUTO_FREE uint8_t *slot = malloc(img->inode_size);
	struct inode inode;
	uint64_t block;
	uint32_t off;
	uint8_t *raw;
	const char *why;
	errcode_t err = slot ? held_read_value(img, e->inode, value, slot, &inode, &why) : ENOMEM;

	if (!err && why)
		return refuse(e, why);
	if (!err && held_references(slot) == 1) {
		err = evict_blocks(img, value, 0);
		return err ? err : free_inode(e, value, false);
	}
	inode_place(img, value, &block, &off);
	if (!err)
		err = txn_edit(img, block, &raw);
	if (err)
		return err;
	held_set_references(raw + off, held_references(raw + off) - 1);
	inode_set_checksum(img, value, raw + off);
	return 0;
}

/* Values are counted for everybody who refers to them, blocks that have their names or not. */
static errcode_t release_values(struct eviction *e)
{
	const struct held *held = &e->held;
	uint64_t unit = cluster_bytes(e->img);
	size_t named = held->references > 1 ? held->in_slot : held->values.count;
	errcode_t err = 0;

	for (size_t i = 0; i < held->values.count && !err; i++) {
		e->bytes += (int64_t)((held->values.items[i].size + unit - 1) / unit * unit);
		if (i < named)
			err = release_value(e, held->values.items[i].ino);
	}
	return err;
}

static errcode_t release_block(struct eviction *e)
{
	struct e4z_image *img = e->img;
	uint64_t block = e->held.block;
	uint8_t *data;
	errcode_t err;

	if (!block)
		return 0;
	e->bytes += (int64_t)cluster_bytes(img);
	if (e->held.references == 1)
		return alloc_give(img, block - block % img->cluster_ratio, img->cluster_ratio);
	err = txn_edit(img, block, &data);
	if (err)
		return err;
	xattr_block_set_references(data, e->held.references - 1);
	if (img->metadata_csum)
		xattr_block_set_csum(
			data, xattr_block_csum_right(data, img->block_size, block, img->csum_seed));
	return 0;
}

static errcode_t evict(struct eviction *e)
{
	const char *why;
	errcode_t err = held_read(e->img, e->inode, &e->held, &why);

	if (!err && why)
		return refuse(e, why);
	if (!err)
		err = release_values(e);
	if (!err)
		err = release_block(e);
	if (!err)
		err = quota_add(e->img, e->inode, -e->bytes, -1 - (int64_t)e->held.values.count);
	return err ? err : free_inode(e, e->inode->ino, inode_is(e->inode, LINUX_S_IFDIR));
}

errcode_t evict_inode(struct e4z_image *img, uint32_t ino, struct evicted *gone)
{
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	struct inode inode;
	struct eviction e = {.img = img, .inode = &inode, .gone = gone};
	errcode_t err = raw ? inode_read(img, ino, raw, &inode) : ENOMEM;

	if (!err)
		err = evict(&e);
	held_free(&e.held);
	return err;
}
