// SPDX-License-Identifier: GPL-2.0-or-later
// Goes through the metadata at fixed places: superblocks, descriptors, bitmaps, inode tables, and
// what the inodes for resizing and for bad blocks hold.
#include "ledger/statics.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "file/map.h"
#include "format/super.h"
#include "image/groups.h"
#include <errno.h>

/* What is done with LEN blocks at BLOCK, which OWNER has. */
typedef errcode_t static_fn(void *arg, unsigned owner, uint64_t block, uint64_t len);

struct each {
	struct e4z_image *img;
	static_fn *fn;
	void *arg;
	struct rangeset *spare; /* NULL: not collected */
	bool unread;
	errcode_t err;
};

static void give(struct each *each, unsigned owner, uint64_t block, uint64_t len)
{
	const struct e4z_image *img = each->img;

	if (!each->err && block >= img->fs->super->s_first_data_block && len <= img->blocks &&
	    block <= img->blocks - len)
		each->err = each->fn(each->arg, owner, block, len);
}

/* The superblock of group G, and the descriptors that are with it. */
static void give_backups(struct each *each, uint32_t g)
{
	struct e4z_image *img = each->img;
	struct ext2_super_block *sb = img->fs->super;
	bool meta_bg = ext2fs_has_feature_meta_bg(sb);
	uint64_t descs = meta_bg ? sb->s_first_meta_bg : img->fs->desc_blocks;
	uint64_t reserved = meta_bg ? 0 : sb->s_reserved_gdt_blocks;
	blk64_t super, old_desc, new_desc;

	if (!each->err)
		each->err =
			ext2fs_super_and_bgd_loc2(img->fs, g, &super, &old_desc, &new_desc, NULL);
	if (each->err)
		return;
	/* before the first one there is the boot block, which no group has where blocks are 1k */
	if (g == 0)
		each->err = each->fn(each->arg, OWNER_SUPER, 0, super + 1);
	else if (super)
		give(each, OWNER_SUPER, super, 1);
	if (old_desc && old_desc + descs + reserved <= img->blocks) {
		give(each, OWNER_DESCRIPTORS, old_desc, descs);
		give(each, OWNER_RESIZE, old_desc + descs, reserved);
	}
	if (new_desc)
		give(each, OWNER_DESCRIPTORS, new_desc, 1);
}

static void give_group(struct each *each, uint32_t g)
{
	const struct e4z_image *img = each->img;

	give_backups(each, g);
	if (!img->group[g].unreadable)
		give(each, OWNER_INODES, img->group[g].itable, img->fs->inode_blocks_per_group);
	give(each, OWNER_BITMAPS, img->group[g].inode_bitmap, 1);
	give(each, OWNER_BITMAPS, ext2fs_block_bitmap_loc(img->fs, g), 1);
}

/*
 * BLOCK, that inode 7 has, and LEVELS below it: in a sane file system all but the first are
 * descriptors in reserve, which are given already. With meta_bg there are none, and it has what is
 * somebody else's: that is disputed.
 */
static void give_pointers(struct each *each, uint32_t block, unsigned levels)
{
	const struct e4z_image *img = each->img;
	AUTO_FREE uint8_t *buf = NULL;

	if (each->err || !block || block >= img->blocks)
		return;
	if (!rangeset_has(img->metadata, block) || ext2fs_has_feature_meta_bg(img->fs->super)) {
		give(each, OWNER_RESIZE, block, 1);
		if (!levels && each->spare && !each->err)
			each->err = rangeset_add(each->spare, block, 1, NULL);
	}
	if (!levels || each->err)
		return;
	buf = malloc(img->block_size);
	if (!buf) {
		each->err = ENOMEM;
		return;
	}
	if (image_read(img, (uint64_t)block << img->block_bits, img->block_size, buf)) {
		each->unread = true;
		return;
	}
	for (uint32_t at = 0; at < img->block_size; at += 4)
		give_pointers(each, get_le32(buf + at), levels - 1);
}

static void give_resize(struct each *each, uint8_t *raw)
{
	struct inode inode;

	if (!ext2fs_has_feature_resize_inode(each->img->fs->super))
		return;
	if (inode_read(each->img, EXT2_RESIZE_INO, raw, &inode)) {
		each->unread = true;
		return;
	}
	give_pointers(each, get_le32(raw + INODE_I_BLOCK + (size_t)EXT2_DIND_BLOCK * 4), 2);
}

static bool bad_node(void *arg, uint64_t pblk)
{
	give(arg, OWNER_BAD_BLOCKS, pblk, 1);
	return true;
}

static void bad_run(void *arg, const struct run *run)
{
	give(arg, OWNER_BAD_BLOCKS, run->pblk, run->len);
}

/* Those of the bad blocks that are not among the others. */
static void give_bad(struct each *each, uint8_t *raw)
{
	const struct map_sink sink = {.arg = each, .node = bad_node, .run = bad_run};
	struct map_work work = {.stop = NULL};
	struct inode inode;

	if (inode_read(each->img, EXT2_BAD_INO, raw, &inode)) {
		each->unread = true;
		return;
	}
	if (bytes_are_zero(raw + INODE_I_BLOCK, INODE_I_BLOCK_LEN))
		return;
	each->err = map_work_init(each->img, &work);
	if (!each->err)
		each->unread |= map_walk(each->img, &work, &inode, &sink) != NULL;
	map_work_free(&work);
}

static errcode_t each_static(struct e4z_image *img, static_fn *fn, void *arg,
			     struct rangeset *spare, bool *unread)
{
	struct each each = {.img = img, .fn = fn, .arg = arg, .spare = spare};
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);

	if (!raw)
		return ENOMEM;
	for (uint32_t g = 0; g < img->groups && !each.err; g++)
		give_group(&each, g);
	if (img->info.mmp && img->fs->super->s_mmp_block)
		give(&each, OWNER_MMP, img->fs->super->s_mmp_block, 1);
	give_resize(&each, raw);
	if (!each.err)
		give_bad(&each, raw);
	*unread = each.unread;
	return each.err;
}

/* ---- collecting ---- */

static errcode_t collect(void *arg, unsigned owner, uint64_t block, uint64_t len)
{
	struct statics *statics = arg;

	(void)owner;
	return rangeset_add_again(statics->blocks, block, len, statics->twice);
}

errcode_t statics_new(struct e4z_image *img, struct statics *statics)
{
	*statics = (struct statics){.blocks = rangeset_new(img->blocks),
				    .twice = rangeset_new(img->blocks),
				    .spare = rangeset_new(img->blocks)};
	if (!statics->blocks || !statics->twice || !statics->spare)
		return ENOMEM;
	return each_static(img, collect, statics, statics->spare, &statics->unread);
}

void statics_free(struct statics *statics)
{
	rangeset_free(statics->blocks);
	rangeset_free(statics->twice);
	rangeset_free(statics->spare);
}

/* ---- counting ---- */

struct counting {
	const struct e4z_image *img;
	const struct rangeset *disputed;
	struct tally *tally;
};

static errcode_t count(void *arg, unsigned owner, uint64_t block, uint64_t len)
{
	const struct counting *c = arg;
	uint64_t ratio = c->img->cluster_ratio, blocks = len;

	for (uint64_t b = block; b < block + len && rangeset_count(c->disputed); b++)
		blocks -= rangeset_has(c->disputed, b / ratio);
	c->tally->bytes[owner] += blocks << c->img->block_bits;
	return 0;
}

errcode_t statics_tally(struct e4z_image *img, const struct rangeset *disputed, struct tally *tally)
{
	struct counting counting = {img, disputed, tally};
	bool unread;
	errcode_t err = each_static(img, count, &counting, NULL, &unread);

	/* with blocks of 1k the boot block is one of its own, in no group and in no dispute */
	if (!err && !rangeset_has(disputed, 0))
		tally_move(tally, OWNER_SUPER, OWNER_BOOT, SUPER_OFFSET);
	return err;
}
