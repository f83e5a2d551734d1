// SPDX-License-Identifier: GPL-2.0-or-later
// Processes orphans tail first: e2fsck would leave the tail, and on bigalloc undo the truncate.
#include "ops/orphan.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/crc32c.h"
#include "base/rangeset.h"
#include "base/vec.h"
#include "file/map.h"
#include "image/groups.h"
#include "ops/truncate.h"
#include "scan/orphan.h"
#include "session/txn.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define S_LAST_ORPHAN 0xe8
#define S_FEATURE_RO_COMPAT 0x64
#define RO_COMPAT_ORPHAN_PRESENT 0x10000u
#define I_DTIME 0x14

VEC(ino_vec, uint32_t);

struct orphans {
	struct e4z_image *img;
	struct rangeset *all, *done; /* inodes */
	uint64_t finished, left;
};

/* Finish INO if it is one that can be: a regular file with links whose mapping is sane. */
static errcode_t finish_one(struct orphans *o, uint32_t ino, uint8_t *raw)
{
	struct e4z_image *img = o->img;
	struct e4z_edit edit;
	struct inode inode;
	errcode_t err;

	if (inode_read(img, ino, raw, &inode) || !inode.links || !inode_is(&inode, LINUX_S_IFREG) ||
	    inode.flags & (EXT4_VERITY_FL | EXT4_EA_INODE_FL)) {
		o->left++;
		return 0;
	}
	err = truncate_finish(img, ino, &edit);
	if (err == E4Z_ET_CORRUPT_MAP || err == E4Z_ET_BAD_INODE || err == E4Z_ET_QUOTA) {
		o->left++;
		return edit.blocks_freed ? err : 0;
	}
	if (err)
		return err;
	o->finished++;
	return rangeset_add(o->done, ino, 1, NULL);
}

static errcode_t finish_all(struct orphans *o)
{
	AUTO_FREE uint8_t *raw = malloc(o->img->inode_size);
	uint64_t from = 0, start, len;
	errcode_t err = raw ? 0 : ENOMEM;

	while (!err && rangeset_next(o->all, &from, &start, &len))
		for (uint64_t i = 0; i < len && !err; i++)
			err = finish_one(o, (uint32_t)(start + i), raw);
	return err;
}

/* The slot of INO in the transaction. */
static errcode_t edit_slot(struct e4z_image *img, uint32_t ino, uint8_t **raw)
{
	uint64_t block;
	uint32_t off;
	errcode_t err;

	inode_place(img, ino, &block, &off);
	err = txn_edit(img, block, raw);
	*raw += off;
	return err;
}

/* Chain those that stay, in the order in which they were; the others' i_dtime is zero. */
static errcode_t rechain(struct orphans *o)
{
	struct e4z_image *img = o->img;
	uint32_t ino = img->fs->super->s_last_orphan, left = img->inodes;
	uint8_t *link, *raw;
	errcode_t err;

	if (!ino)
		return 0;
	err = txn_super(img, &link);
	if (err)
		return err;
	link += S_LAST_ORPHAN;
	/* LINK is where the number of the next one that stays goes, OWNER whose slot that is in */
	for (uint32_t owner = 0, next; ino && ino <= img->inodes && left; ino = next, left--) {
		err = edit_slot(img, ino, &raw);
		if (err)
			return err;
		next = get_le32(raw + I_DTIME);
		if (rangeset_has(o->done, ino)) {
			put_le32(raw + I_DTIME, 0);
			put_le32(link, next);
			inode_set_checksum(img, ino, raw);
		} else {
			put_le32(link, ino);
			link = raw + I_DTIME;
		}
		if (owner)
			err = edit_slot(img, owner, &raw);
		if (err)
			return err;
		if (owner)
			inode_set_checksum(img, owner, raw);
		if (!rangeset_has(o->done, ino))
			owner = ino;
	}
	return err;
}

/* The orphan file: entries of those that are done become free. */
struct file_walk {
	struct orphans *o;
	uint32_t seed;
	bool any_left;
	errcode_t err;
};

static bool any_node(void *arg, uint64_t pblk)
{
	(void)arg;
	(void)pblk;
	return true;
}

static void clear_block(struct file_walk *w, uint64_t pblk)
{
	struct e4z_image *img = w->o->img;
	size_t entries = img->block_size - 8;
	bool changed = false;
	uint8_t *block, number[8];

	w->err = txn_edit(img, pblk, &block);
	for (size_t at = 0; !w->err && at < entries; at += 4) {
		uint32_t ino = get_le32(block + at);

		if (!ino)
			continue;
		if (ino <= img->inodes && rangeset_has(w->o->done, ino)) {
			put_le32(block + at, 0);
			changed = true;
		} else {
			w->any_left = true;
		}
	}
	if (w->err || !changed || !img->metadata_csum)
		return;
	for (unsigned i = 0; i < 8; i++)
		number[i] = (uint8_t)(pblk >> 8 * i);
	put_le32(block + entries + 4, crc32c(crc32c(w->seed, number, 8), block, entries));
}

static void clear_run(void *arg, const struct run *run)
{
	struct file_walk *w = arg;

	for (uint64_t i = 0; !run->unwritten && i < run->len && !w->err; i++)
		clear_block(w, run->pblk + i);
}

static errcode_t clear_entries(struct orphans *o, struct map_work *work)
{
	struct e4z_image *img = o->img;
	struct file_walk w = {.o = o};
	const struct map_sink sink = {.arg = &w, .node = any_node, .run = clear_run};
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	struct inode inode;
	uint8_t *sb;
	errcode_t err;

	err = raw ? inode_read(img, img->fs->super->s_orphan_file_inum, raw, &inode) : ENOMEM;
	if (err)
		return err;
	w.seed = inode_csum_seed(img, &inode);
	if (!inode_has_map(&inode) || map_walk(img, work, &inode, &sink))
		w.any_left = true;
	if (w.err || w.any_left)
		return w.err;
	err = txn_super(img, &sb);
	if (!err)
		put_le32(sb + S_FEATURE_RO_COMPAT,
			 get_le32(sb + S_FEATURE_RO_COMPAT) & ~RO_COMPAT_ORPHAN_PRESENT);
	return err;
}

errcode_t orphan_finish(struct e4z_image *img, uint64_t *finished, uint64_t *left)
{
	struct orphans o = {.img = img};
	struct map_work work = {.stop = NULL};
	errcode_t err = map_work_init(img, &work);

	o.all = rangeset_new((uint64_t)img->inodes + 1);
	o.done = rangeset_new((uint64_t)img->inodes + 1);
	if (!o.all || !o.done)
		err = ENOMEM;
	if (!err)
		err = orphan_load(img, &work, o.all);
	if (!err && rangeset_count(o.all))
		err = finish_all(&o);
	if (!err && o.finished)
		err = rechain(&o);
	/* the mark is there from the mount on, also when no inode is */
	if (!err && ext2fs_has_feature_orphan_file(img->fs->super) &&
	    (o.finished || ext2fs_has_feature_orphan_present(img->fs->super)))
		err = clear_entries(&o, &work);
	*finished += o.finished;
	*left += o.left;
	rangeset_free(o.all);
	rangeset_free(o.done);
	map_work_free(&work);
	return err;
}
