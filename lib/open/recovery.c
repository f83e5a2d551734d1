// SPDX-License-Identifier: GPL-2.0-or-later
// Finds the log through the journal inode and lays what it holds over the image.
#include "open/recovery.h"

#include "base/cleanup.h"
#include "base/crc32c.h"
#include "base/vec.h"
#include "busy/caches.h"
#include "busy/carrier.h"
#include "device/hostfile_write.h"
#include "file/map.h"
#include "format/super.h"
#include "image/groups.h"
#include "open/external.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHY_SIZE 512

VEC(log_run_vec, struct log_run);

struct mapping {
	struct log_run_vec runs;
	uint64_t next; /* the log block that must come next: a log has no holes */
	uint64_t blocks, nodes;
	const struct e4z_image *img;
	errcode_t err;
};

/* A journal of any legal size has few tree blocks; a loop of indirect ones has many. */
static bool on_node(void *arg, uint64_t pblk)
{
	struct mapping *m = arg;

	(void)pblk;
	if (++m->nodes > m->img->blocks)
		m->err = E4Z_ET_BAD_JOURNAL;
	return !m->err;
}

static void on_run(void *arg, const struct run *run)
{
	struct mapping *m = arg;
	struct log_run piece = {run->pblk, (uint32_t)run->lblk, (uint32_t)run->len};

	m->blocks += run->len;
	if (run->lblk != m->next || run->unwritten || m->blocks > m->img->blocks)
		m->err = E4Z_ET_BAD_JOURNAL;
	else if (vec_push(&m->runs, piece))
		m->err = ENOMEM;
	m->next = run->lblk + run->len;
}

static errcode_t map_journal(struct e4z_image *img, struct mapping *m)
{
	const struct map_sink sink = {.arg = m, .node = on_node, .run = on_run};
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	struct map_work work = {.stop = NULL};
	struct inode inode;
	errcode_t err = raw ? groups_load(img) : ENOMEM;

	if (!err)
		err = map_work_init(img, &work);
	if (!err)
		err = inode_read(img, img->fs->super->s_journal_inum, raw, &inode);
	/* as ext4_get_journal_inode() */
	if (!err && (!inode.links || !inode_is(&inode, LINUX_S_IFREG) || !inode_has_map(&inode)))
		err = E4Z_ET_BAD_JOURNAL;
	if (!err && map_walk(img, &work, &inode, &sink))
		err = work.err ? work.err : E4Z_ET_BAD_JOURNAL;
	if (!err)
		err = m->err;
	if (!err && !m->runs.count)
		err = E4Z_ET_BAD_JOURNAL;
	map_work_free(&work);
	return err ? image_fail(img, err, "reading the journal's inode") : 0;
}

/* The log may hold transactions that the superblock knows nothing of. */
static errcode_t read_log_super(struct e4z_image *img)
{
	struct mapping m = {.img = img};
	struct jbd2_super head;
	errcode_t err = map_journal(img, &m);

	if (!err)
		err = image_read(img, m.runs.items[0].pblk * img->block_size, sizeof(head), &head);
	if (!err)
		img->journal_mark = crc32c(~0u, &head, sizeof(head));
	if (!err && be32_get(head.header.magic) == JBD2_MAGIC && be32_get(head.start))
		img->info.journal = E4Z_JOURNAL_NEEDS_REPLAY;
	vec_free(&m.runs);
	if (err == ENOMEM)
		return err;
	/* a journal that cannot be read says nothing here */
	image_forget(img);
	return 0;
}

static bool has_external(const struct e4z_image *img)
{
	static const uint8_t none[JBD2_UUID_BYTES];

	return !img->fs->super->s_journal_inum &&
	       memcmp(img->fs->super->s_journal_uuid, none, sizeof(none)) != 0;
}

errcode_t recovery_look_into_log(struct e4z_image *img, const struct e4z_open_options *options)
{
	bool has_one = ext2fs_has_feature_journal(img->fs->super);

	if (img->info.journal == E4Z_JOURNAL_CLEAN && !options->journal_device)
		return read_log_super(img);
	if (!options->journal_device || (has_one && has_external(img)))
		return 0;
	return image_refuse(img, E4Z_ET_OTHER_JOURNAL,
			    "%.300s is named as the journal device, but the file system %s",
			    options->journal_device,
			    has_one ? "has an internal journal" : "has no journal");
}

/*
 * In a log of several file systems the transactions of all of them stand together; no kernel mounts
 * one that has another number of users than 1. A check does without it.
 */
static errcode_t check_users(struct e4z_image *img, bool write)
{
	char text[WHY_SIZE];

	snprintf(text, sizeof(text),
		 "the external journal %.300s is used by %" PRIu32
		 " file systems, which no kernel mounts",
		 img->journal_dev->path, img->log->sb.nr_users);
	log_close(img->log);
	img->log = NULL;
	if (write)
		return image_refuse(img, E4Z_ET_OTHER_JOURNAL, "%s", text);
	strcat(text, "; it was not replayed, and the image is examined without it");
	image_note(img, text);
	return 0;
}

/*
 * A log that the file system does not want to be replayed is an old copy, or the file system is: a
 * crash after needs_recovery is set for an edit would bring its blocks back.
 */
static errcode_t find_external(struct e4z_image *img, const struct e4z_open_options *options)
{
	errcode_t err = external_open(img, options, &img->journal_dev, &img->log);

	if (img->journal_dev)
		img->info.journal_path = img->journal_dev->path;
	if (!err && img->log->sb.nr_users != 1)
		return check_users(img, options->write);
	if (err || !img->log->sb.start || img->repaired_super ||
	    img->info.journal == E4Z_JOURNAL_NEEDS_REPLAY)
		return err;
	return image_refuse(img, E4Z_ET_OTHER_JOURNAL,
			    "the journal %.300s is not empty, but the file system needs no "
			    "recovery: one of them is an old copy; \"e2fsck -f -j %.300s IMAGE\" "
			    "makes them agree",
			    img->journal_dev->path, img->journal_dev->path);
}

static uint64_t mkfs_time(const struct e4z_image *img)
{
	const struct ext2_super_block *sb = img->fs->super;

	return sb->s_mkfs_time | (uint64_t)sb->s_mkfs_time_hi << 32;
}

errcode_t recovery_find_log(struct e4z_image *img, const struct e4z_open_options *options)
{
	struct mapping m = {.img = img};
	char why[WHY_SIZE] = "";
	errcode_t err;

	if (img->log || img->journal_dev || !ext2fs_has_feature_journal(img->fs->super))
		return 0;
	if (has_external(img))
		return find_external(img, options);
	if (!img->fs->super->s_journal_inum)
		return image_refuse(img, E4Z_ET_BAD_JOURNAL,
				    "has_journal is set, but the superblock names no journal");
	err = map_journal(img, &m);
	if (!err) {
		err = log_open(img->dev, img->block_size, m.runs.items, m.runs.count, &img->log,
			       why, sizeof(why));
		if (err)
			image_fail_below(img, err, why);
		else
			img->log->born = mkfs_time(img);
	}
	vec_free(&m.runs);
	return err;
}

errcode_t recovery_find_external(struct e4z_image *img, const struct e4z_open_options *options)
{
	return ext2fs_has_feature_journal(img->fs->super) && has_external(img)
		       ? recovery_find_log(img, options)
		       : 0;
}

void recovery_try_external(struct e4z_image *img, const struct e4z_open_options *options)
{
	errcode_t err = recovery_find_external(img, options);

	/* what was not asked for is not part of the facts */
	img->info.journal_path = NULL;
	if (!err)
		return;
	recovery_close_log(img);
	image_forget(img);
}

errcode_t recovery_make_writable(struct e4z_image *img)
{
	struct blkdev *dev = img->journal_dev;

	if (!dev || dev->writable)
		return 0;
	if (!carrier_shared(dev, img->dev))
		return blkdev_make_writable(dev);
	/* a partition of the same disk, which can be opened exclusively only once */
	return hostfile_share_writing(dev, img->dev);
}

void recovery_close_log(struct e4z_image *img)
{
	log_close(img->log);
	img->log = NULL;
	caches_close(img->journal_dev);
	img->journal_dev = NULL;
}

/* ---- what the log makes of itself ---- */

static errcode_t refuse_super(struct e4z_image *img, const char *what)
{
	return image_refuse(img, E4Z_ET_BAD_JOURNAL,
			    "the journal is corrupt: its copy of the superblock has %s", what);
}

/*
 * What the log was found and read by may not be another afterwards. All else of the superblock that
 * the log holds is opened again.
 */
static errcode_t check_super(struct e4z_image *img)
{
	const struct ext2_super_block *was = img->fs->super;
	struct ext2_super_block sb;
	errcode_t err = image_read(img, SUPER_OFFSET, sizeof(sb), &sb);

	if (err)
		return image_fail(img, err, "reading the superblock in the journal");
	if (ext2fs_le16_to_cpu(sb.s_magic) != EXT2_SUPER_MAGIC)
		return refuse_super(img, "no magic number");
	if (ext2fs_le32_to_cpu(sb.s_log_block_size) != was->s_log_block_size)
		return refuse_super(img, "another block size than the file system");
	if (!(ext2fs_le32_to_cpu(sb.s_feature_compat) & EXT3_FEATURE_COMPAT_HAS_JOURNAL) ||
	    ext2fs_le32_to_cpu(sb.s_journal_inum) != was->s_journal_inum)
		return refuse_super(img, "another journal or none");
	if (img->log->external && memcmp(sb.s_journal_uuid, was->s_journal_uuid, JBD2_UUID_BYTES))
		return refuse_super(img, "another journal");
	if (img->log->external && memcmp(sb.s_uuid, was->s_uuid, JBD2_UUID_BYTES))
		return refuse_super(img, "another UUID, which the journal does not serve");
	return 0;
}

/* What the blocks of the journal's inode are now are those that were read. */
static errcode_t check_place(struct e4z_image *img)
{
	struct mapping m = {.img = img};
	const struct log *log = img->log;
	errcode_t err;

	if (log->external)
		return 0;
	err = map_journal(img, &m);
	if (err == E4Z_ET_BAD_JOURNAL || err == E4Z_ET_BAD_INODE ||
	    (!err && (m.runs.count != log->run_count ||
		      memcmp(m.runs.items, log->runs, m.runs.count * sizeof(*log->runs)))))
		err = image_refuse(img, E4Z_ET_BAD_JOURNAL,
				   "the journal is corrupt: after its replay its own inode "
				   "has other blocks");
	vec_free(&m.runs);
	return err;
}

errcode_t recovery_replay_in_memory(struct e4z_image *img, struct replay *replay)
{
	struct overlay *ov;
	char why[WHY_SIZE] = "";
	errcode_t err = replay_read(img->log, img->dev->len / img->block_size, &ov, replay, why,
				    sizeof(why));

	if (err)
		return image_fail_below(img, err, why);
	if (replay->empty) {
		overlay_free(ov);
		return 0;
	}
	capture_set_overlay(img->view, ov);
	/* the log's copy of the superblock is newer than what was repaired in memory */
	if (img->repaired_super && overlay_meets(ov, SUPER_OFFSET / img->block_size, 1)) {
		capture_drop(img->view, SUPER_OFFSET / img->block_size);
		img->torn_super = false;
	}
	err = check_super(img);
	if (!err)
		err = image_reload(img);
	if (!err)
		err = check_place(img);
	if (!err)
		img->info.replayed = true;
	return err;
}

void recovery_count_free(const struct e4z_image *img, uint8_t *raw)
{
	struct ext2_super_block *sb = (void *)raw;
	const struct ext2_super_block *counted = img->fs->super;

	sb->s_free_blocks_count = ext2fs_cpu_to_le32(counted->s_free_blocks_count);
	if (ext2fs_has_feature_64bit(img->fs->super))
		sb->s_free_blocks_hi = ext2fs_cpu_to_le32(counted->s_free_blocks_hi);
	sb->s_free_inodes_count = ext2fs_cpu_to_le32(counted->s_free_inodes_count);
}

errcode_t recovery_clean_super(struct e4z_image *img, uint8_t *raw)
{
	struct ext2_super_block *sb = (void *)raw;
	/*
	 * what the edit changes comes with its own transaction, but what was repaired is in memory
	 * only
	 */
	errcode_t err = img->repaired_super
				? image_read(img, SUPER_OFFSET, SUPER_SIZE, raw)
				: capture_read_below(img->view, SUPER_OFFSET, SUPER_SIZE, raw);

	if (err)
		return image_fail(img, err, "reading the superblock");
	recovery_count_free(img, raw);
	sb->s_feature_incompat &= ~ext2fs_cpu_to_le32(EXT3_FEATURE_INCOMPAT_RECOVER);
	if (img->metadata_csum)
		super_csum_set(raw);
	return 0;
}
