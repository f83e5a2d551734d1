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

/* All that the layout alone gives. */
static errcode_t each_static(struct e4z_image *img, static_fn *fn, void *arg)
{
	struct each each = {.img = img, .fn = fn, .arg = arg};

	for (uint32_t g = 0; g < img->groups && !each.err; g++)
		give_group(&each, g);
	if (img->info.mmp && img->fs->super->s_mmp_block)
		give(&each, OWNER_MMP, img->fs->super->s_mmp_block, 1);
	return each.err;
}

/* ---- collecting ---- */

static errcode_t collect(void *arg, unsigned owner, uint64_t block, uint64_t len)
{
	struct statics *statics = arg;

	(void)owner;
	return rangeset_add_again(statics->blocks, block, len, statics->twice);
}

/* ---- what is mapped ---- */

struct mapped {
	const struct e4z_image *img;
	struct statics *statics;
	struct rangeset *read, *read_twice; /* blocks of pointers */
	errcode_t err;
};

static void map(struct mapped *m, struct rangeset *of, uint64_t block, uint64_t len)
{
	const struct e4z_image *img = m->img;

	if (m->err || block < img->fs->super->s_first_data_block || len > img->blocks ||
	    block > img->blocks - len)
		return;
	m->err = collect(m->statics, 0, block, len);
	if (!m->err)
		m->err = rangeset_add(of, block, len, NULL);
}

static void map_pointers(struct mapped *m, uint32_t block, unsigned levels);

/* BLOCK was followed often enough: what has its pointers more than twice says nothing new. */
static bool was_read(struct mapped *m, uint32_t block)
{
	if (rangeset_has(m->read_twice, block))
		return true;
	m->err = rangeset_add_again(m->read, block, 1, m->read_twice);
	return m->err != 0;
}

static void read_pointers(struct mapped *m, uint32_t block, unsigned levels)
{
	const struct e4z_image *img = m->img;
	AUTO_FREE uint8_t *buf = malloc(img->block_size);

	if (!buf) {
		m->err = ENOMEM;
		return;
	}
	if (image_read(img, (uint64_t)block << img->block_bits, img->block_size, buf)) {
		m->statics->unread = m->statics->spare_unread = true;
		return;
	}
	for (uint32_t at = 0; at < img->block_size; at += 4)
		map_pointers(m, get_le32(buf + at), levels - 1);
}

/*
 * BLOCK, that inode 7 has, and LEVELS below it: in a sane file system all but the first are
 * descriptors in reserve, which are given already. With meta_bg there are none, and it has what is
 * somebody else's: that is disputed.
 */
static void map_pointers(struct mapped *m, uint32_t block, unsigned levels)
{
	const struct e4z_image *img = m->img;

	if (m->err || !block || block >= img->blocks)
		return;
	if (!rangeset_has(img->metadata, block) || ext2fs_has_feature_meta_bg(img->fs->super)) {
		map(m, m->statics->resize, block, 1);
		if (!levels && !m->err)
			m->err = rangeset_add(m->statics->spare, block, 1, NULL);
	}
	if (levels && !m->err && (levels > 1 || !was_read(m, block)))
		read_pointers(m, block, levels);
}

static void map_resize(struct mapped *m, uint8_t *raw)
{
	struct inode inode;

	if (!ext2fs_has_feature_resize_inode(m->img->fs->super))
		return;
	if (inode_read(m->img, EXT2_RESIZE_INO, raw, &inode))
		m->statics->unread = m->statics->spare_unread = true;
	else
		map_pointers(m, get_le32(raw + INODE_I_BLOCK + (size_t)EXT2_DIND_BLOCK * 4), 2);
}

static void map_others(struct mapped *m, uint64_t block, uint64_t len)
{
	for (uint64_t i = 0; i < len; i++)
		if (!rangeset_has(m->statics->blocks, block + i))
			map(m, m->statics->bad, block + i, 1);
}

static bool bad_node(void *arg, uint64_t pblk)
{
	map_others(arg, pblk, 1);
	return true;
}

static void bad_run(void *arg, const struct run *run)
{
	map_others(arg, run->pblk, run->len);
}

/* Those of the bad blocks that are not among the others. */
static void map_bad(struct mapped *m, uint8_t *raw)
{
	const struct map_sink sink = {.arg = m, .node = bad_node, .run = bad_run};
	struct map_work work = {.stop = NULL};
	struct inode inode;

	if (inode_read(m->img, EXT2_BAD_INO, raw, &inode)) {
		m->statics->unread = true;
		return;
	}
	if (bytes_are_zero(raw + INODE_I_BLOCK, INODE_I_BLOCK_LEN))
		return;
	m->err = map_work_init(m->img, &work);
	if (!m->err && map_walk(m->img, &work, &inode, &sink))
		m->statics->unread = true;
	map_work_free(&work);
}

static errcode_t collect_mapped(const struct e4z_image *img, struct statics *statics)
{
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	struct mapped m = {.img = img,
			   .statics = statics,
			   .read = rangeset_new(img->blocks),
			   .read_twice = rangeset_new(img->blocks)};

	if (!raw || !m.read || !m.read_twice)
		m.err = ENOMEM;
	if (!m.err)
		map_resize(&m, raw);
	if (!m.err)
		map_bad(&m, raw);
	rangeset_free(m.read);
	rangeset_free(m.read_twice);
	return m.err;
}

errcode_t statics_new(struct e4z_image *img, struct statics *statics)
{
	errcode_t err;

	*statics = (struct statics){.blocks = rangeset_new(img->blocks),
				    .twice = rangeset_new(img->blocks),
				    .resize = rangeset_new(img->blocks),
				    .bad = rangeset_new(img->blocks),
				    .spare = rangeset_new(img->blocks)};
	if (!statics->blocks || !statics->twice || !statics->resize || !statics->bad ||
	    !statics->spare)
		return ENOMEM;
	err = each_static(img, collect, statics);
	return err ? err : collect_mapped(img, statics);
}

void statics_free(struct statics *statics)
{
	rangeset_free(statics->blocks);
	rangeset_free(statics->twice);
	rangeset_free(statics->resize);
	rangeset_free(statics->bad);
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

/* What is in SET twice is disputed. */
static void count_set(struct counting *c, unsigned owner, const struct rangeset *set)
{
	uint64_t from = 0, start, len;

	while (rangeset_next(set, &from, &start, &len))
		(void)count(c, owner, start, len);
}

errcode_t statics_tally(struct e4z_image *img, const struct statics *statics,
			const struct rangeset *disputed, struct tally *tally)
{
	struct counting counting = {img, disputed, tally};
	errcode_t err = each_static(img, count, &counting);

	count_set(&counting, OWNER_RESIZE, statics->resize);
	count_set(&counting, OWNER_BAD_BLOCKS, statics->bad);
	/* with blocks of 1k the boot block is one of its own, in no group and in no dispute */
	if (!err && !rangeset_has(disputed, 0))
		tally_move(tally, OWNER_SUPER, OWNER_BOOT, SUPER_OFFSET);
	return err;
}
