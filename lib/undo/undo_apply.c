// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * e4z_undo(): old content back to where it was, from a file of ours or of e2fsprogs.
 *
 * The whole file is verified before the image is touched. A finished file requires the superblock
 * of its end, and every saved block as the edit left it, or as it was before the edit: an undo that
 * was interrupted may have restored it. They are compared sector by sector since a crash can mix
 * them. A file that was never finished (a crash in the edit itself) cannot know the superblock;
 * there, nobody may have mounted or checked the file system since. The superblock is restored last.
 */
#include "undo/undo_apply.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/reserved.h"
#include "busy/caches.h"
#include "errors.h"
#include "format/super.h"
#include "image/turn.h"
#include "open/mmp.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

errcode_t apply_say(const struct apply *a, errcode_t err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(a->why, a->why_size, format, ap);
	va_end(ap);
	return err;
}

/* The same, of what the code says why it failed. */
errcode_t apply_say_while(const struct apply *a, errcode_t err, const char *doing)
{
	return apply_say(a, err, "%s: %s", doing, error_message(err));
}

static bool has_super(const struct undo_piece *p)
{
	return p->off < SUPER_OFFSET + SUPER_SIZE && p->off + p->size > SUPER_OFFSET;
}

/* Only what differs is written; what was zero may be a hole again. */
static errcode_t restore(struct apply *a, const struct undo_piece *p)
{
	AUTO_FREE uint8_t *now = malloc(a->block_size);
	errcode_t err = now ? apply_get(a, p->at, a->buf, p->size) : ENOMEM;

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

static errcode_t say_shared(const struct apply *a, errcode_t err)
{
	const char *why = mmp_why(a->mmp);

	return *why ? apply_say(a, err, "%s", why)
		    : apply_say_while(a, err, "taking part in multiple mount protection");
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
	if (err && *mmp_why(a->mmp))
		return say_shared(a, err);
	return err ? apply_say_while(a, err, "restoring the old data") : 0;
}

/* Take part in multiple mount protection, if the file system as it is now has it. */
static errcode_t share(struct apply *a, const struct e4z_open_options *options)
{
	struct ext2_super_block sb;
	errcode_t err = blkdev_read(a->dev, SUPER_OFFSET, sizeof(sb), &sb);

	if (err)
		return apply_say_while(a, err, "reading the superblock");
	if (!mmp_is_on(&sb))
		return 0;
	err = mmp_open(a->dev, &sb, options, &a->mmp);
	return err ? say_shared(a, err) : 0;
}

/*
 * All is open: the caller can have the process confined to it. Of the handle there is what
 * e4z_confine() looks at; the numbers are for the limit of memory, which is that of all keys.
 */
static errcode_t tell_opened(struct apply *a, const struct e4z_open_options *options)
{
	AUTO_TURN struct turn turn = {.img = NULL};
	struct e4z_image *img;
	errcode_t err;

	if (!options->opened)
		return 0;
	a->img = img = calloc(1, sizeof(*img));
	if (!img)
		return ENOMEM;
	img->dev = a->dev;
	img->info.path = a->dev->path;
	img->blocks = a->dev->len / EXT2_MIN_BLOCK_SIZE;
	img->inodes = a->file_size / UNDO_BLOCK_MIN < UINT32_MAX
			      ? (uint32_t)(a->file_size / UNDO_BLOCK_MIN)
			      : UINT32_MAX;
	img->rights = TURN_CONFINE;
	turn = turn_begin(img, "e4z_undo()");
	err = options->opened(options->opened_arg, img);
	return err && image_has_message(img) ? apply_say(a, err, "%s", e4z_message(img, err)) : err;
}

static errcode_t open_for_writing(const struct apply *a)
{
	errcode_t err = a->dry_run ? 0 : blkdev_make_writable(a->dev);

	return err ? apply_say_while(a, err, "opening the image for writing") : 0;
}

static errcode_t apply(struct apply *a, const char *spec, const struct e4z_open_options *options,
		       const char *path)
{
	struct place_spec place;
	errcode_t err;

	if (!reserved_open_known(options))
		return apply_say(a, E4Z_ET_USAGE, RESERVED_WHY);
	err = place_parse(spec, &place, a->why, a->why_size);
	if (err)
		return err;
	err = apply_begin(a, path);
	if (!err)
		err = apply_open_image(a, &place, options);
	free(place.path);
	if (!err)
		err = open_for_writing(a);
	if (!err)
		err = tell_opened(a, options);
	if (!err)
		err = apply_read(a);
	if (!err)
		err = share(a, options);
	if (!err)
		err = apply_check_image(a);
	if (!err && a->mmp && !a->dry_run)
		err = mmp_observe(a->mmp, a->dev);
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
	mmp_close(a.mmp);
	if (!err && a.dev) {
		err = blkdev_end(a.dev);
		if (err)
			apply_say_while(&a, err, "closing the image");
	}
	caches_close(a.dev);
	if (a.img)
		e4z_errands_end(a.img->errands);
	free(a.img);
	free(a.buf);
	vec_free(&a.pieces);
	return err;
}
