// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * e4z_undo(): old content back to where it was, from a file of ours or of e2fsprogs.
 *
 * The whole file is verified before the image is touched. A finished file wants the superblock of
 * its end, and all that was saved as the edit left it; what it was at the beginning is welcome too:
 * an undo that was interrupted may have come so far. They are compared sector by sector since a
 * crash can mix them. A file that was never
 * finished (a crash in the edit itself) cannot know the superblock; there, nobody may have mounted
 * or checked the file system since. The superblock goes back last.
 */
#include "e4zero.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/crc32c.h"
#include "base/whole.h"
#include "busy/busy.h"
#include "busy/caches.h"
#include "errors.h"
#include "format/super.h"
#include "image/place.h"
#include "io/lock.h"
#include "undo/undo_after.h"
#include "undo/undo_format.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUPER_SECTORS (SUPER_SIZE / SECTOR)

struct apply {
	int fd; /* of the undo file */
	struct undo_header header;
	uint32_t block_size;
	uint64_t file_size;
	struct undo_piece_vec pieces;
	uint8_t *buf; /* for the largest key */
	struct blkdev *dev;
	bool dry_run;
	uint64_t restored; /* bytes */
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 3, 4))) static errcode_t say(const struct apply *a, errcode_t err,
							   const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(a->why, a->why_size, format, ap);
	va_end(ap);
	return err;
}

/* The same, of what the code says why it failed. */
static errcode_t say_while(const struct apply *a, errcode_t err, const char *doing)
{
	return say(a, err, "%s: %s", doing, error_message(err));
}

/* ---- the undo file ---- */

static errcode_t get(const struct apply *a, uint64_t at, void *buf, size_t len)
{
	errcode_t err;

	if (at > a->file_size || len > a->file_size - at)
		return say(a, E4Z_ET_BAD_UNDO, "the undo file is too short");
	err = whole_pread(a->fd, buf, len, at);
	return err ? say_while(a, err, "reading the undo file") : 0;
}

static bool is_finished(const struct apply *a)
{
	return ext2fs_le32_to_cpu(a->header.state) & UNDO_FINISHED;
}

static errcode_t read_header(struct apply *a)
{
	struct undo_header *h = &a->header;
	uint32_t fs_block;
	errcode_t err = get(a, 0, h, sizeof(*h));

	if (err)
		return err;
	if (memcmp(h->magic, UNDO_MAGIC, sizeof(h->magic)))
		return say(a, E4Z_ET_BAD_UNDO, "this is no undo file");
	if (ext2fs_le32_to_cpu(h->crc) != crc32c(~0U, h, offsetof(struct undo_header, crc)))
		return say(a, E4Z_ET_BAD_UNDO, "the undo file's header has a wrong checksum");
	if (h->incompat || h->ro_compat)
		return say(a, E4Z_ET_FEATURE, "the undo file has features that are not known");
	a->block_size = ext2fs_le32_to_cpu(h->block_size);
	fs_block = ext2fs_le32_to_cpu(h->fs_block_size);
	if (a->block_size < UNDO_BLOCK_MIN || a->block_size > UNDO_BLOCK_MAX ||
	    a->block_size % sizeof(struct undo_key) || !fs_block || fs_block > UNDO_BLOCK_MAX)
		return say(a, E4Z_ET_BAD_UNDO, "the undo file's block sizes are not possible");
	return 0;
}

static errcode_t take_key(struct apply *a, const struct undo_key *key, uint64_t *block)
{
	uint64_t fs_block = ext2fs_le32_to_cpu(a->header.fs_block_size), end;
	struct undo_piece p = {.size = ext2fs_le32_to_cpu(key->size), .at = *block * a->block_size};
	errcode_t err;

	if (!p.size)
		return 0;
	if (p.size > (uint64_t)UNDO_KEY_BLOCKS * a->block_size ||
	    !bytes_mul(ext2fs_le64_to_cpu(key->block), fs_block, &p.off) ||
	    !bytes_add(p.off, p.size, &end))
		return say(a, E4Z_ET_BAD_UNDO, "a key of the undo file is not possible");
	err = get(a, p.at, a->buf, p.size);
	if (err)
		return err;
	if (crc32c(~0U, a->buf, p.size) != ext2fs_le32_to_cpu(key->crc))
		return say(a, E4Z_ET_BAD_UNDO, "old content in the undo file has a wrong checksum");
	*block += (p.size + a->block_size - 1) / a->block_size;
	return vec_push(&a->pieces, p);
}

/* COUNT keys in *BLOCK, which moves behind their data. */
static errcode_t read_keys(struct apply *a, struct undo_keys *keys, uint64_t count, uint64_t *block)
{
	uint32_t crc;
	errcode_t err;

	/* no product below leaves 64 bits */
	if (*block > a->file_size / a->block_size)
		return say(a, E4Z_ET_BAD_UNDO, "the undo file is too short");
	err = get(a, *block * a->block_size, keys, a->block_size);
	if (err)
		return err;
	crc = ext2fs_le32_to_cpu(keys->crc);
	keys->crc = 0;
	if (ext2fs_le32_to_cpu(keys->magic) != UNDO_KEYS_MAGIC ||
	    crc32c(~0U, keys, a->block_size) != crc)
		return say(a, E4Z_ET_BAD_UNDO, "keys of the undo file have a wrong checksum");
	++*block;
	for (uint64_t i = 0; i < count && !err; i++)
		err = take_key(a, &keys->key[i], block);
	return err;
}

static errcode_t read_all_keys(struct apply *a)
{
	uint64_t left = ext2fs_le64_to_cpu(a->header.num_keys);
	uint64_t block = ext2fs_le64_to_cpu(a->header.first_keys);
	uint64_t room = UNDO_KEYS_ROOM(a->block_size);
	AUTO_FREE struct undo_keys *keys = malloc(a->block_size);
	errcode_t err = 0;

	a->buf = malloc((size_t)UNDO_KEY_BLOCKS * a->block_size);
	if (!keys || !a->buf)
		return ENOMEM;
	for (; left && !err; left -= left < room ? left : room)
		err = read_keys(a, keys, left < room ? left : room, &block);
	return err;
}

/* Only the end of an edit knows what it left, and e2fsprogs does not say so then either. */
static bool has_table(const struct apply *a)
{
	return is_finished(a) && undo_after_is_there(&a->header);
}

static errcode_t verify_table(const struct apply *a)
{
	errcode_t err = undo_after_verify(a->fd, a->file_size, &a->header, &a->pieces);

	if (err == E4Z_ET_BAD_UNDO)
		return say(a, err, "the table of what the edit left is damaged in the undo file");
	return err ? say_while(a, err, "reading the undo file") : 0;
}

static errcode_t read_file(struct apply *a, const char *path)
{
	struct stat st;
	errcode_t err;

	a->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (a->fd < 0 || fstat(a->fd, &st) < 0)
		return say(a, errno, "opening the undo file %.300s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return say(a, E4Z_ET_BAD_UNDO, "the undo file is no regular file");
	a->file_size = (uint64_t)st.st_size;
	err = read_header(a);
	if (!err)
		err = read_all_keys(a);
	return err || !has_table(a) ? err : verify_table(a);
}

/* ---- is it this image? ---- */

/* The superblock that the file system has to have. */
static errcode_t wanted_super(const struct apply *a, struct ext2_super_block *want)
{
	uint64_t block = ext2fs_le64_to_cpu(a->header.super_block), at;
	errcode_t err;

	if (!bytes_mul(block, a->block_size, &at))
		return say(a, E4Z_ET_BAD_UNDO, "the undo file is too short");
	err = get(a, at, want, sizeof(*want));
	if (err)
		return err;
	want->s_magic = (uint16_t)~want->s_magic;
	if (crc32c(~0U, want, sizeof(*want)) != ext2fs_le32_to_cpu(a->header.super_crc))
		return say(a, E4Z_ET_BAD_UNDO,
			   "the superblock in the undo file has a wrong checksum");
	return 0;
}

/* The place goes on to the end of the image: what lies behind the partition is none of it. */
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

static errcode_t judge_busy(const struct apply *a)
{
	struct busy busy;

	busy_look(NULL, a->dev, true, &busy);
	if (busy.mounted)
		return say(a, E4Z_ET_MOUNTED, "%s: %s", busy.how, busy.who);
	if (busy.attached)
		return say(a, E4Z_ET_BUSY, "the image is attached to %s; detach it first",
			   busy.who);
	caches_settle(NULL, a->dev, NULL, 0);
	return 0;
}

static errcode_t open_image(struct apply *a, const struct place_spec *spec,
			    const struct e4z_open_options *options)
{
	char why[512] = "", note[320];
	struct ext2_super_block want;
	struct places places = {.count = 0};
	int number = 0;
	errcode_t err = wanted_super(a, &want);

	if (err)
		return err;
	err = blkdev_open(spec->path, &a->dev);
	if (err)
		return say_while(a, err, "opening the image");
	a->dev->holes = options->holes;
	err = lock_take(a->dev, true, why, sizeof(why), note, sizeof(note));
	if (err)
		return err == E4Z_ET_BUSY ? say(a, err, "%s", why) : say_while(a, err, why);
	(void)blkdev_hold(a->dev);
	caches_forget(NULL, a->dev);
	if (spec->has_offset || options->partition || !is_where_it_was(a, &want))
		err = place_choose(a->dev, spec, options->partition, &places, &number, why,
				   sizeof(why));
	places_free(&places);
	if (err)
		return *why ? say(a, err, "%s", why)
			    : say_while(a, err, "finding the file system in the image");
	return judge_busy(a);
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
			err = get(a, p->at + (from - p->off), raw + (from - SUPER_OFFSET),
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

static errcode_t judge_super(const struct apply *a)
{
	struct ext2_super_block now, want, old;
	bool finished = is_finished(a);
	errcode_t err = blkdev_read(a->dev, SUPER_OFFSET, sizeof(now), &now);

	if (err)
		return say_while(a, err, "reading the superblock");
	err = wanted_super(a, &want);
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
			return say(a, E4Z_ET_OTHER_IMAGE,
				   memcmp(now.s_uuid, want.s_uuid, sizeof(now.s_uuid))
					   ? "the file system has another UUID"
					   : "the file system was changed after the edit");
	}
	if (!finished && !same_history(&now, &want))
		return say(a, E4Z_ET_OTHER_IMAGE,
			   "the edit was interrupted, and it is not this file system or somebody "
			   "mounted or checked it since");
	return 0;
}

/* All that was saved, the log's superblock with it, is as the edit left it. */
static errcode_t judge_table(const struct apply *a)
{
	uint64_t off = 0;
	errcode_t err = undo_after_judge(a->fd, &a->header, &a->pieces, a->dev, &off);

	if (err == E4Z_ET_OTHER_IMAGE)
		return say(a, err,
			   "the file system was changed after the edit: its bytes at %" PRIu64
			   " are neither what the edit left nor what was there before",
			   off);
	return err ? say_while(a, err, "comparing the image with the undo file") : 0;
}

static errcode_t judge_image(const struct apply *a)
{
	errcode_t err;

	for (size_t i = 0; i < a->pieces.count; i++)
		if (a->pieces.items[i].off > a->dev->len ||
		    a->pieces.items[i].size > a->dev->len - a->pieces.items[i].off)
			return say(a, E4Z_ET_OTHER_IMAGE, "the image is shorter than it was");
	err = judge_super(a);
	return err || !has_table(a) ? err : judge_table(a);
}

/* ---- back ---- */

static bool has_super(const struct undo_piece *p)
{
	return p->off < SUPER_OFFSET + SUPER_SIZE && p->off + p->size > SUPER_OFFSET;
}

/* Only what differs is written; what was zero may be a hole again. */
static errcode_t restore(struct apply *a, const struct undo_piece *p)
{
	AUTO_FREE uint8_t *now = malloc(a->block_size);
	errcode_t err = now ? get(a, p->at, a->buf, p->size) : ENOMEM;

	for (uint32_t done = 0, n; done < p->size && !err; done += n) {
		const uint8_t *old = a->buf + done;

		n = p->size - done < a->block_size ? p->size - done : a->block_size;
		err = blkdev_read(a->dev, p->off + done, n, now);
		if (err || !memcmp(now, old, n))
			continue;
		a->restored += n;
		if (a->dry_run)
			continue;
		if (bytes_are_zero(old, n))
			err = blkdev_zero(a->dev, p->off + done, n, "undo");
		else
			err = blkdev_write(a->dev, p->off + done, n, old, "undo");
	}
	return err;
}

static errcode_t restore_all(struct apply *a)
{
	errcode_t err = 0;

	for (int super = 0; super < 2 && !err; super++) {
		for (size_t i = 0; i < a->pieces.count && !err; i++)
			if (has_super(&a->pieces.items[i]) == super)
				err = restore(a, &a->pieces.items[i]);
		if (!err && a->restored && !a->dry_run)
			err = blkdev_sync(a->dev, "undo");
	}
	return err ? say_while(a, err, "writing old content back") : 0;
}

static errcode_t apply(struct apply *a, const char *spec, const struct e4z_open_options *options,
		       const char *path)
{
	struct place_spec place;
	errcode_t err = place_parse(spec, &place, a->why, a->why_size);

	if (err)
		return err;
	err = read_file(a, path);
	if (!err)
		err = open_image(a, &place, options);
	free(place.path);
	if (!err)
		err = judge_image(a);
	if (!err && !a->dry_run) {
		err = blkdev_make_writable(a->dev);
		if (err)
			say_while(a, err, "opening the image for writing");
	}
	return err ? err : restore_all(a);
}

errcode_t e4z_undo(const char *spec, const struct e4z_open_options *options, const char *path,
		   bool dry_run, struct e4z_commit_summary *done, char *why, size_t why_size)
{
	static const struct e4z_open_options defaults;
	struct apply a = {.fd = -1, .dry_run = dry_run, .why = why, .why_size = why_size};
	errcode_t err;

	if (why_size)
		*why = '\0';
	err = apply(&a, spec, options ? options : &defaults, path);
	/* of a first write that failed nothing was written */
	if (!dry_run && a.dev && !a.dev->touched)
		a.restored = 0;
	if (a.dev)
		a.restored += a.dev->bytes_missed;
	if (done)
		*done = (struct e4z_commit_summary){
			.bytes_written = a.restored,
			.bytes_zeroed_again = a.dev ? a.dev->bytes_missed : 0,
			.barriers = a.dev ? a.dev->barriers : 0,
			.bytes_read = a.dev ? a.dev->bytes_read : 0,
		};
	if (a.fd >= 0)
		close(a.fd);
	caches_close(a.dev);
	free(a.buf);
	vec_free(&a.pieces);
	return err;
}
