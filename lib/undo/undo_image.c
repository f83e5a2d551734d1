// SPDX-License-Identifier: GPL-2.0-or-later
// Is it this image, and is it in the state in which the edit left it?
#include "undo/undo_apply.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "busy/busy.h"
#include "busy/caches.h"
#include "busy/lock.h"
#include "errors.h"
#include "format/super.h"
#include "origin/origin.h"
#include <ext2fs/ext2fs.h>
#include <inttypes.h>
#include <string.h>

#define SUPER_SECTORS (SUPER_SIZE / SECTOR)

/* The place goes on to the end of the image: what lies past the partition is not part of it. */
static void end_with_partition(const struct apply *a)
{
	const struct place_spec at = {.has_offset = true, .offset = a->dev->base};
	struct places places = {.count = 0};
	char why[512];
	int number = 0;

	if (place_choose(a->dev, &at, NULL, &places, &number, why, sizeof(why)))
		(void)blkdev_set_place(a->dev, at.offset, a->dev->size - at.offset);
	places_free(&places);
}

/* Narrow the image to where the undo file says that the file system starts, if it does. */
static bool is_where_it_was(const struct apply *a, const struct ext2_super_block *want)
{
	uint64_t base = ext2fs_le64_to_cpu(a->header.fs_offset);
	struct ext2_super_block now;

	if (!(ext2fs_le32_to_cpu(a->header.compat) & UNDO_COMPAT_OFFSET) || base >= a->dev->size ||
	    blkdev_set_place(a->dev, base, a->dev->size - base))
		return false;
	if (!blkdev_read(a->dev, SUPER_OFFSET, sizeof(now), &now) && now.s_magic == want->s_magic &&
	    !memcmp(now.s_uuid, want->s_uuid, sizeof(now.s_uuid))) {
		end_with_partition(a);
		return true;
	}
	return blkdev_set_place(a->dev, 0, a->dev->size) != 0;
}

static errcode_t check_busy(const struct apply *a)
{
	struct busy busy;

	if (!blkdev_is_host(a->dev))
		return 0;
	busy_look(NULL, a->dev, true, &busy);
	if (busy.mounted)
		return apply_say(a, E4Z_ET_MOUNTED, "%s: %s", busy.how, busy.who);
	if (busy.attached)
		return apply_say(a, E4Z_ET_BUSY, "the image is attached to %s; detach it first",
				 busy.who);
	caches_settle(NULL, a->dev, NULL, 0);
	return 0;
}

/* Lock a file or device of this host, and hold it. */
static errcode_t lock_image(const struct apply *a)
{
	char why[512] = "", note[320];
	errcode_t err;

	if (!blkdev_is_host(a->dev))
		return 0;
	err = lock_take(a->dev, true, why, sizeof(why), note, sizeof(note));
	if (err)
		return err == E4Z_ET_BUSY ? apply_say(a, err, "%s", why)
					  : apply_say_while(a, err, why);
	(void)blkdev_hold(a->dev);
	caches_forget(NULL, a->dev);
	return 0;
}

static errcode_t claim_container(void *arg)
{
	return check_busy(arg);
}

/* WHY is the cause if ERR is the library's own, otherwise what was being done. */
static errcode_t say_below(const struct apply *a, errcode_t err, const char *why)
{
	return (err & ~0xffL) == ERROR_TABLE_BASE_e4z ? apply_say(a, err, "%s", why)
						      : apply_say_while(a, err, why);
}

/* What has the bytes of the image, into A. */
static errcode_t open_carrier(struct apply *a, const char *path,
			      const struct e4z_open_options *options)
{
	const struct origin_user user = {NULL, claim_container, a};
	struct e4z_open_options how = *options;
	char why[512] = "";
	errcode_t err;

	how.write = true;
	err = origin_open(path, &how, &user, &a->dev, why, sizeof(why));
	if (!err) {
		err = lock_image(a);
		if (err)
			return err;
		err = origin_enter(&how, &user, &a->dev, why, sizeof(why));
		if (err && !*why)
			return err;
	}
	if (err)
		return *why ? say_below(a, err, why) : apply_say_while(a, err, "opening the image");
	a->dev->holes = options->holes;
	return 0;
}

errcode_t apply_open_image(struct apply *a, const struct place_spec *spec,
			   const struct e4z_open_options *options)
{
	char why[512] = "";
	struct ext2_super_block want;
	struct places places = {.count = 0};
	int number = 0;
	errcode_t err = apply_wanted_super(a, &want);

	err = err ? err : open_carrier(a, spec->path, options);
	if (err)
		return err;
	if (spec->has_offset || options->partition || !is_where_it_was(a, &want))
		err = place_choose(a->dev, spec, options->partition, &places, &number, why,
				   sizeof(why));
	places_free(&places);
	if (err)
		return *why ? apply_say(a, err, "%s", why)
			    : apply_say_while(a, err, "finding the file system in the image");
	return check_busy(a);
}

/* What the pieces make of the superblock RAW. */
static errcode_t old_super(const struct apply *a, uint8_t *raw)
{
	errcode_t err = 0;

	for (size_t i = 0; i < a->pieces.count && !err; i++) {
		const struct undo_piece *p = &a->pieces.items[i];
		uint64_t from = p->off > SUPER_OFFSET ? p->off : SUPER_OFFSET;
		uint64_t end = p->off + p->size;

		if (end > SUPER_OFFSET + SUPER_SIZE)
			end = SUPER_OFFSET + SUPER_SIZE;
		if (from < end)
			err = apply_get(a, p->at + (from - p->off), raw + (from - SUPER_OFFSET),
					(size_t)(end - from));
	}
	return err;
}

/* Nobody but the interrupted edit has been there: neither a mount nor a check. */
static bool same_history(const struct ext2_super_block *a, const struct ext2_super_block *b)
{
	return a->s_magic == b->s_magic && !memcmp(a->s_uuid, b->s_uuid, sizeof(a->s_uuid)) &&
	       a->s_mkfs_time == b->s_mkfs_time && a->s_mkfs_time_hi == b->s_mkfs_time_hi &&
	       a->s_mtime == b->s_mtime && a->s_mtime_hi == b->s_mtime_hi &&
	       a->s_mnt_count == b->s_mnt_count && a->s_lastcheck == b->s_lastcheck &&
	       a->s_lastcheck_hi == b->s_lastcheck_hi && a->s_inodes_count == b->s_inodes_count &&
	       a->s_blocks_count == b->s_blocks_count && a->s_log_block_size == b->s_log_block_size;
}

static errcode_t check_super(const struct apply *a)
{
	struct ext2_super_block now, want, old;
	bool finished = apply_is_finished(a);
	errcode_t err = blkdev_read(a->dev, SUPER_OFFSET, sizeof(now), &now);

	if (err)
		return apply_say_while(a, err, "reading the superblock");
	err = apply_wanted_super(a, &want);
	if (err)
		return err;
	memcpy(&old, &want, sizeof(old));
	err = old_super(a, (uint8_t *)&old);
	if (err)
		return err;
	for (size_t i = 0; i < SUPER_SECTORS && finished; i++) {
		const uint8_t *sector = (const uint8_t *)&now + i * SECTOR;

		if (memcmp(sector, (const uint8_t *)&want + i * SECTOR, SECTOR) &&
		    memcmp(sector, (const uint8_t *)&old + i * SECTOR, SECTOR))
			return apply_say(a, E4Z_ET_OTHER_IMAGE,
					 memcmp(now.s_uuid, want.s_uuid, sizeof(now.s_uuid))
						 ? "the file system has another UUID"
						 : "the file system was changed after the edit");
	}
	if (!finished && !same_history(&now, &want))
		return apply_say(
			a, E4Z_ET_OTHER_IMAGE,
			"the edit was interrupted, and this is another file system, or it was "
			"mounted or checked since");
	return 0;
}

/* All that was saved, the log's superblock with it, is as the edit left it. */
static errcode_t check_table(const struct apply *a)
{
	uint64_t off = 0;
	errcode_t err = undo_after_check(a->fd, &a->header, &a->pieces, a->dev, &off);

	if (err == E4Z_ET_OTHER_IMAGE)
		return apply_say(a, err,
				 "the file system was changed after the edit: its bytes at %" PRIu64
				 " are neither what the edit left nor what was there before",
				 off);
	return err ? apply_say_while(a, err, "comparing the image with the undo file") : 0;
}

errcode_t apply_check_image(const struct apply *a)
{
	errcode_t err;

	for (size_t i = 0; i < a->pieces.count; i++)
		if (a->pieces.items[i].off > a->dev->len ||
		    a->pieces.items[i].size > a->dev->len - a->pieces.items[i].off)
			return apply_say(a, E4Z_ET_OTHER_IMAGE, "the image is shorter than it was");
	err = check_super(a);
	return err || !apply_has_table(a) ? err : check_table(a);
}
