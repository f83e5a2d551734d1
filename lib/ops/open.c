// SPDX-License-Identifier: GPL-2.0-or-later
// e4z_open() and e4z_close(): the image, seen through its journal where that holds anything.
#include "e4zero.h"

#include "base/crc32c.h"
#include "edit/session.h"
#include "file/inode.h"
#include "image/groups.h"
#include "image/turn.h"
#include "open/guard.h"
#include "open/mmp.h"
#include "open/recovery.h"
#include "open/sharing.h"
#include "quota/quota.h"
#include "txn/txn.h"
#include "undo/trace.h"
#include "undo/undo.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* What the superblock alone refuses is refused before the image is opened for writing. */
static errcode_t open_for_writing(struct e4z_image *img, const struct e4z_open_options *options)
{
	/* a superblock that is torn says nothing */
	errcode_t err = img->torn_super ? 0 : guard_super(img, options->force);

	if (err)
		return err;
	err = blkdev_make_writable(img->dev);
	if (err)
		return image_fail(img, err, "opening the image for writing");
	img->dev->holes = options->holes;
	err = recovery_make_writable(img);
	return err ? image_fail(img, err, "opening the external journal for writing") : 0;
}

/* All that has a name on the host: afterwards the caller may give up what opens it. */
static errcode_t open_all(struct e4z_image *img, const struct e4z_open_options *options)
{
	bool dirty = img->info.journal == E4Z_JOURNAL_NEEDS_REPLAY;
	errcode_t err = 0;

	if (!img->info.mounted && (dirty || options->write))
		err = recovery_find_external(img, options);
	if (!err && options->write)
		err = open_for_writing(img, options);
	if (err || !options->opened)
		return err;
	img->rights = TURN_CONFINE | TURN_RECORD;
	err = options->opened(options->opened_arg, img);
	img->rights = 0;
	return err;
}

/* Replay the log in memory, and note what is left out. */
static errcode_t look_through(struct e4z_image *img)
{
	struct replay replay;
	errcode_t err = recovery_replay_in_memory(img, &replay);

	if (!err && replay.torn)
		image_note(img, "the journal ends with a transaction that was not committed, or "
				"whose commit block is corrupt; it is ignored, as e2fsck does");
	return err;
}

/* The seed that the UUID gives makes the checksum of the root's inode, RAW, right: into *SEED. */
static bool uuid_fits(struct e4z_image *img, uint8_t *raw, uint32_t *seed)
{
	uint32_t stored = img->csum_seed;
	bool fits;

	*seed = img->csum_seed =
		crc32c(~0U, img->fs->super->s_uuid, sizeof(img->fs->super->s_uuid));
	fits = inode_checksum_ok(img, EXT2_ROOT_INO, raw);
	img->csum_seed = stored;
	return fits;
}

static errcode_t refuse_root(struct e4z_image *img, uint8_t *raw)
{
	uint32_t seed;

	if (uuid_fits(img, raw, &seed))
		return image_refuse(img, E4Z_ET_BAD_SUPER,
				    "metadata_csum: the checksum seed of the superblock, 0x%" PRIx32
				    ", is corrupt; the UUID gives 0x%" PRIx32
				    "; \"debugfs -n -w -R 'ssv checksum_seed 0x%" PRIx32
				    "' IMAGE\" restores it",
				    img->csum_seed, seed, seed);
	return image_refuse(img, E4Z_ET_BAD_INODE,
			    "metadata_csum: the checksum of the root directory's inode is wrong: "
			    "this inode, the UUID or the checksum seed is corrupt, and "
			    "nothing can be checked; \"e2fsck -fn IMAGE\" shows which");
}

/*
 * Where the root's inode has a wrong checksum no kernel mounts, and every other checksum is likely
 * to be wrong too: nothing could be said of any inode.
 */
static errcode_t check_root(struct e4z_image *img)
{
	uint8_t *raw;
	uint64_t block;
	uint32_t off;
	errcode_t err = groups_load(img);

	if (err || !img->inode_csum || img->group[0].unreadable)
		return err;
	raw = malloc(img->inode_size);
	if (!raw)
		return ENOMEM;
	inode_place(img, EXT2_ROOT_INO, &block, &off);
	/* what cannot be read is reported by those who need it */
	if (!image_read(img, block * img->block_size + off, img->inode_size, raw) &&
	    !inode_checksum_ok(img, EXT2_ROOT_INO, raw))
		err = refuse_root(img, raw);
	free(raw);
	return err;
}

/* The checksum of the journal's inode is wrong together with all others. */
static errcode_t find_journal(struct e4z_image *img, const struct e4z_open_options *options)
{
	errcode_t err = recovery_find_log(img, options), root;

	root = err == E4Z_ET_BAD_INODE ? check_root(img) : 0;
	return root ? root : err;
}

/* The steps after image_open(). */
static errcode_t open_rest(struct e4z_image *img, const struct e4z_open_options *options)
{
	bool dirty;
	errcode_t err = sharing_look(img, options);

	if (!err)
		err = open_all(img, options);
	if (!err)
		err = recovery_look_into_log(img, options);
	/*
	 * the log of a mounted file system is being written while we look: the disk's view is all
	 */
	if (!err && img->info.mounted)
		return check_root(img);
	if (err)
		return err;
	dirty = img->info.journal == E4Z_JOURNAL_NEEDS_REPLAY;
	if (dirty || options->write)
		err = find_journal(img, options);
	if (!err && dirty && img->log)
		err = look_through(img);
	if (!err && img->torn_super)
		err = image_refuse(
			img, E4Z_ET_BAD_SUPER,
			"the superblock's checksum is wrong, and the journal has no copy");
	/* a replay may repair it */
	if (!err && !options->repair)
		err = check_root(img);
	if (!err && options->write)
		err = guard_edit(img, options->force);
	if (!err && options->write)
		err = sharing_observe(img);
	return err;
}

errcode_t e4z_open(const char *spec, const struct e4z_open_options *options, struct e4z_image **img)
{
	static const struct e4z_open_options defaults;
	AUTO_TURN struct turn turn = {.img = NULL};
	errcode_t err;

	if (!options)
		options = &defaults;
	err = image_open(spec, options, img);
	if (err)
		return err;
	turn = turn_begin(*img, "e4z_open()");
	return open_rest(*img, options);
}

static errcode_t finish(struct e4z_image *img)
{
	errcode_t err;

	session_drop(img);
	txn_abort(img);
	quota_free(img);
	undo_finish(img);
	trace_finish(img);
	mmp_close(img->mmp);
	img->mmp = NULL;
	err = img->dev ? blkdev_end(img->dev) : 0;
	return err ? image_fail(img, err, "closing the image") : 0;
}

errcode_t e4z_finish(struct e4z_image *img)
{
	errcode_t err = turn_check_closing(img);

	return err ? err : finish(img);
}

void e4z_close(struct e4z_image *img)
{
	if (!img || turn_check_closing(img))
		return;
	(void)!finish(img);
	recovery_close_log(img);
	image_free(img);
}
