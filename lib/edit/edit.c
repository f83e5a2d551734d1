// SPDX-License-Identifier: GPL-2.0-or-later
// A file being edited: its slot, its map and its blocks stay consistent with each other.
#include "edit/edit.h"

#include "base/bytes.h"
#include "file/inline.h"
#include "file/sound.h"
#include "format/node.h"
#include "image/groups.h"
#include "journal/log.h"
#include "quota/quota.h"
#include "txn/alloc.h"
#include "txn/txn.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SMALL_FILE_MAX 0x7fffffffull

/* ---- opening ---- */

static errcode_t read_block(void *arg, uint64_t pblk, void *buf)
{
	const struct e4z_image *img = arg;

	return image_read(img, pblk * img->block_size, img->block_size, buf);
}

static struct tree_config tree_config_of(const struct edit_file *f)
{
	return (struct tree_config){
		.block_size = f->img->block_size,
		.csum = f->img->metadata_csum,
		.seed = inode_csum_seed(f->img, &f->inode),
	};
}

/* The blocks that the file's bytes reach into. */
static uint64_t eof_of(const struct edit_file *f)
{
	uint64_t size = f->inode.size;

	return (size >> f->img->block_bits) + ((size & (f->img->block_size - 1)) != 0);
}

static errcode_t load_map(struct edit_file *f)
{
	const uint8_t *i_block = f->inode.raw + INODE_I_BLOCK;
	struct tree_config config = tree_config_of(f);

	f->eof = eof_of(f);
	f->list = extents_new();
	if (!f->list)
		return ENOMEM;
	if (f->inode.flags & EXT4_EXTENTS_FL)
		return tree_load(&config, i_block, read_block, f->img, f->list, &f->tree);
	return indirect_load(f->img->block_size, i_block, read_block, f->img, f->list, &f->map);
}

static errcode_t open_slot(struct edit_file *f, uint32_t ino)
{
	struct e4z_image *img = f->img;
	uint64_t block;
	uint32_t off;
	uint8_t *data;
	errcode_t err;

	if (!ino || ino > img->inodes ||
	    img->group[(ino - 1) / img->fs->super->s_inodes_per_group].unreadable)
		return image_fail_file(img, ino, E4Z_ET_BAD_INODE, "reading the inode");
	inode_place(img, ino, &block, &off);
	err = txn_edit(img, block, &data);
	if (err)
		return err;
	if (!inode_checksum_ok(img, ino, data + off))
		return image_refuse_file(img, ino, E4Z_ET_BAD_INODE, "its checksum is wrong");
	inode_decode(img, ino, data + off, &f->inode);
	return 0;
}

/*
 * The blocks that a transaction itself relies on are no file's: what a corrupt map or bitmap gives
 * of them to a file would be lost in the log, or the log in the file. So ext4_setup_system_zone()
 * has the journal's.
 */
static errcode_t reserve(struct e4z_image *img)
{
	const struct log *log = img->log;
	errcode_t err = 0;

	if (img->reserved)
		return 0;
	img->reserved = rangeset_new(img->blocks);
	if (!img->reserved)
		return ENOMEM;
	for (size_t i = 0; log && !log->external && i < log->run_count && !err; i++)
		err = sound_reserve(img, log->runs[i].pblk, log->runs[i].len);
	if (!err)
		err = quota_reserve(img);
	if (err) {
		quota_free(img);
		rangeset_free(img->reserved);
		img->reserved = NULL;
	}
	return err;
}

errcode_t edit_open(struct e4z_image *img, struct edit_session *s, uint32_t ino,
		    struct edit_file *f)
{
	errcode_t err = reserve(img);

	*f = (struct edit_file){.img = img, .session = s, .blocks = cache_file_new(s->cache)};
	if (!err)
		err = f->blocks ? open_slot(f, ino) : ENOMEM;
	if (!err && inode_has_map(&f->inode))
		err = sound_map(img, &f->inode);
	if (!err && inode_has_map(&f->inode))
		err = load_map(f);
	return err ? err : edit_note_origin(f);
}

void edit_close(struct edit_file *f)
{
	free(f->name);
	cache_file_free(f->blocks);
	edit_unmark(f);
	tree_free(f->tree);
	indirect_free(f->map);
	extents_free(f->list);
	vec_free(&f->unmapped);
}

/* ---- finishing ---- */

/* Tree blocks may use what is kept for root, data may not. */
static errcode_t on_take(void *arg, uint64_t near, uint64_t *pblk)
{
	const struct edit_file *f = arg;
	uint32_t bits = f->img->block_bits, ratio = f->img->cluster_ratio;
	errcode_t err = edit_take(arg, near, 1, true, pblk, &(uint64_t){0});

	/* nobody is to have the rest of the cluster, in which old bytes would stay */
	if (!err && ratio > 1)
		err = txn_home_zero(f->img, (*pblk + 1) << bits, (uint64_t)(ratio - 1) << bits);
	return err;
}

static errcode_t on_put(void *arg, uint64_t pblk, const void *image)
{
	struct edit_file *f = arg;
	uint8_t *data;
	errcode_t err = txn_create(f->img, pblk, &data);

	if (!err)
		memcpy(data, image, f->img->block_size);
	return err;
}

static errcode_t on_drop(void *arg, uint64_t pblk)
{
	struct edit_file *f = arg;
	uint64_t ratio = f->img->cluster_ratio;
	struct run run = {.pblk = pblk, .len = 1};

	if (ratio == 1) {
		f->sectors -= (int64_t)(f->img->block_size / SECTOR);
		f->given++;
		return vec_push(&f->unmapped, run) ? ENOMEM : 0;
	}
	f->sectors -= (int64_t)(ratio * f->img->block_size / SECTOR);
	f->given += ratio;
	return alloc_give(f->img, pblk - pblk % ratio, ratio);
}

/* A tree that e2fsck has no complaint about stays one. */
static errcode_t check_plan(const struct edit_file *f)
{
	if (!tree_outgrows(f->tree, true, eof_of(f)) ||
	    (!f->strict && tree_outgrows(f->tree, false, f->eof)))
		return 0;
	return image_refuse_file(
		f->img, f->inode.ino, E4Z_ET_REFUSED,
		"its extent tree would become too deep to keep the blocks past EOF");
}

/* What a map cannot hold. */
static errcode_t fail_big(const struct edit_file *f)
{
	if (f->tree)
		return image_refuse_file(f->img, f->inode.ino, EFBIG,
					 "its extent tree would be deeper than %d levels",
					 NODE_MAX_DEPTH);
	return image_refuse_file(f->img, f->inode.ino, EFBIG,
				 "its indirect block map can address %" PRIu64
				 " blocks of the file, up to block %" PRIu32 " of the file system",
				 indirect_limit(f->img->block_size), UINT32_MAX);
}

static errcode_t write_map(struct edit_file *f)
{
	const struct tree_sink sink = {.arg = f, .take = on_take, .put = on_put, .drop = on_drop};
	uint8_t *i_block = f->inode.raw + INODE_I_BLOCK;
	struct tree_plan plan;
	errcode_t err = 0;

	if (f->tree) {
		err = tree_plan(f->tree, f->list, &plan);
		if (!err)
			err = check_plan(f);
		if (!err)
			err = tree_emit(f->tree, f->list, &sink, i_block);
	} else if (f->map) {
		err = indirect_plan(f->map, f->list, &plan);
		if (!err)
			err = indirect_emit(f->map, f->list, &sink, i_block);
	}
	f->eof = eof_of(f);
	if (err == EFBIG)
		return fail_big(f);
	return err ? err : edit_give_back(f);
}

/*
 * i_blocks counts sectors, or blocks where the inode says so: ext4_inode_blocks_set(). What quota
 * counts changes with it.
 */
static errcode_t add_sectors(struct edit_file *f)
{
	struct e4z_image *img = f->img;
	uint8_t *raw = f->inode.raw;
	uint64_t unit = f->inode.flags & EXT4_HUGE_FILE_FL ? img->block_size / SECTOR : 1;
	bool high = inode_has_blocks_high(img);
	uint64_t n = get_le32(raw + I_BLOCKS_LO);
	errcode_t err;

	if (!f->sectors)
		return 0;
	if (high)
		n |= (uint64_t)get_le16(raw + I_BLOCKS_HIGH) << 32;
	if (f->sectors < 0 && n < (uint64_t)-f->sectors / unit)
		return image_refuse_file(img, f->inode.ino, E4Z_ET_BAD_INODE, "i_blocks is wrong");
	n += (uint64_t)(f->sectors / (int64_t)unit);
	put_le32(raw + I_BLOCKS_LO, (uint32_t)n);
	if (high)
		put_le16(raw + I_BLOCKS_HIGH, (uint32_t)(n >> 32));
	else if (n > UINT32_MAX)
		return image_refuse_file(img, f->inode.ino, EFBIG,
					 "i_blocks cannot be more than %" PRIu32, UINT32_MAX);
	err = quota_add(img, &f->inode, f->sectors * (int64_t)SECTOR, 0);
	f->sectors = err ? f->sectors : 0;
	return err;
}

static bool has_extra(const struct edit_file *f, uint32_t end)
{
	return f->img->inode_size > EXT2_GOOD_OLD_INODE_SIZE &&
	       EXT2_GOOD_OLD_INODE_SIZE + (uint32_t)get_le16(f->inode.raw + I_EXTRA_ISIZE) >= end;
}

static void stamp_time(struct edit_file *f, uint32_t at, uint32_t extra, uint64_t now)
{
	put_le32(f->inode.raw + at, (uint32_t)now);
	if (has_extra(f, extra + 4))
		put_le32(f->inode.raw + extra, (uint32_t)((now + 0x80000000u) >> 32) & 3);
}

static void count_version(struct edit_file *f)
{
	uint8_t *raw = f->inode.raw;
	uint64_t version = get_le32(raw + I_VERSION_LO);

	if (has_extra(f, I_VERSION_HI + 4))
		version |= (uint64_t)get_le32(raw + I_VERSION_HI) << 32;
	version++;
	put_le32(raw + I_VERSION_LO, (uint32_t)version);
	if (has_extra(f, I_VERSION_HI + 4))
		put_le32(raw + I_VERSION_HI, (uint32_t)(version >> 32));
}

/*
 * mtime and ctime are now, and i_version is one more: but with the Hurd, which has its translator's
 * block there (EXT4_MOUNT2_HURD_COMPAT).
 */
static void stamp_inode(struct edit_file *f)
{
	uint64_t now = txn_now(f->img);

	txn_stamp(f->img);
	stamp_time(f, I_MTIME, I_MTIME_EXTRA, now);
	stamp_time(f, I_CTIME, I_CTIME_EXTRA, now);
	if (!f->img->hurd)
		count_version(f);
}

errcode_t edit_finish(struct edit_file *f, bool stamp)
{
	errcode_t err = edit_check(f);

	if (!err)
		err = edit_keep(f);
	if (!err)
		err = write_map(f);
	if (!err)
		err = add_sectors(f);
	if (err)
		return err;
	if (stamp) {
		stamp_inode(f);
		f->stamp = false;
	}
	inode_set_checksum(f->img, f->inode.ino, f->inode.raw);
	f->changed = false;
	return 0;
}

errcode_t edit_set_size(struct edit_file *f, uint64_t size)
{
	uint8_t *sb;
	errcode_t err;

	put_le32(f->inode.raw + I_SIZE_LO, (uint32_t)size);
	put_le32(f->inode.raw + I_SIZE_HIGH, (uint32_t)(size >> 32));
	f->inode.size = size;
	if (size <= SMALL_FILE_MAX || ext2fs_has_feature_large_file(f->img->fs->super))
		return 0;
	err = txn_super(f->img, &sb);
	if (err)
		return err;
	/* the first revision has no features: ext4_update_dynamic_rev() */
	if (get_le32(sb + S_REV_LEVEL) == EXT2_GOOD_OLD_REV) {
		put_le32(sb + S_REV_LEVEL, EXT2_DYNAMIC_REV);
		put_le32(sb + S_FIRST_INO, EXT2_GOOD_OLD_FIRST_INO);
		put_le16(sb + S_INODE_SIZE, EXT2_GOOD_OLD_INODE_SIZE);
	}
	sb[S_FEATURE_RO_COMPAT] |= EXT2_FEATURE_RO_COMPAT_LARGE_FILE;
	return 0;
}

errcode_t edit_leave_inline(struct edit_file *f)
{
	struct tree_config config = tree_config_of(f);
	bool extents = ext2fs_has_feature_extents(f->img->fs->super);

	memset(f->inode.raw + INODE_I_BLOCK, 0, INODE_I_BLOCK_LEN);
	if (!inline_remove(f->img, &f->inode))
		return image_refuse_file(f->img, f->inode.ino, E4Z_ET_BAD_INODE,
					 "its extended attributes are corrupt");
	f->inode.flags &= ~(uint32_t)EXT4_INLINE_DATA_FL;
	if (extents)
		f->inode.flags |= EXT4_EXTENTS_FL;
	put_le32(f->inode.raw + I_FLAGS, f->inode.flags);
	f->list = extents_new();
	if (!f->list)
		return ENOMEM;
	if (extents)
		f->tree = tree_new(&config);
	else
		f->map = indirect_new(f->img->block_size);
	return f->tree || f->map ? 0 : ENOMEM;
}
