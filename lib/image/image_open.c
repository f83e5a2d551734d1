// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opening: where is the file system, is it one, does anybody else use it, is its superblock valid;
 * only then does libext2fs see it. The steps are in image_open() in this order.
 */
#include "image/image.h"

#include "base/reserved.h"
#include "busy/busy.h"
#include "busy/caches.h"
#include "busy/lock.h"
#include "errors.h"
#include "format/super.h"
#include "image/follow.h"
#include "image/opening.h"
#include "image/place.h"
#include "origin/origin.h"
#include "sets/rangeset.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Silence of qemu-img that is waited for. */
#define QEMU_SECONDS 60

static const char *const no_strings[] = {NULL};

__attribute__((format(printf, 2, 3))) static void note(struct opening *o, const char *format, ...)
{
	va_list ap;

	if (o->note_count == NOTES_MAX)
		return;
	va_start(ap, format);
	vsnprintf(o->notes[o->note_count++], NOTE_SIZE, format, ap);
	va_end(ap);
}

static void note_plain(void *arg, const char *sentence)
{
	note(arg, "%s", sentence);
}

/* ---- has anybody else got it? ---- */

/* Before the first byte is read that anything is decided by. */
static errcode_t lock_image(struct opening *o)
{
	char why[WHY_SIZE / 2], locks[NOTE_SIZE];
	errcode_t err;

	if (!blkdev_is_host(o->img->dev))
		return 0;
	err = lock_take(o->img->dev, o->options->write, why, sizeof(why), locks, sizeof(locks));
	if (*locks)
		note(o, "%s", locks);
	return err ? image_fail_below(o->img, err, why) : 0;
}

/*
 * An edit holds a device from the first byte that it reads. Why that fails, where it does, is known
 * when all who can have it were asked.
 */
static void begin_reading(struct opening *o)
{
	if (!blkdev_is_host(o->img->dev))
		return;
	if (o->options->write)
		(void)blkdev_hold(o->img->dev);
	caches_forget(NULL, o->img->dev);
}

/* Now that the place is known: who has it, and do all nodes of a device show the same bytes? */
static void look_around(struct opening *o)
{
	char cache[NOTE_SIZE];

	if (!blkdev_is_host(o->img->dev))
		return;
	busy_look(NULL, o->img->dev, o->options->write, &o->busy);
	for (unsigned i = 0; i < o->busy.doubt_count; i++)
		note(o, "%s", o->busy.doubts[i]);
	if (o->busy.mounted)
		return;
	caches_settle(NULL, o->img->dev, cache, sizeof(cache));
	if (*cache)
		note(o, "%s", cache);
}

static errcode_t check_busy(struct opening *o)
{
	struct e4z_image *img = o->img;
	const struct busy *busy = &o->busy;

	if (busy->mounted && (!o->options->force || o->options->write))
		return image_refuse(img, E4Z_ET_MOUNTED, "%s: %s", busy->how, busy->who);
	img->info.mounted = busy->mounted;
	if (busy->mounted || !busy->attached)
		return 0;
	img->info.attached = true;
	if (o->options->write)
		return image_refuse(img, E4Z_ET_BUSY,
				    "the image is attached to %s; detach it first", busy->who);
	note(o, "the image is attached to %s, whose writes may not be in it yet", busy->who);
	return 0;
}

/* ---- the journal's state ---- */

static void check_journal(struct opening *o)
{
	struct e4z_image *img = o->img;
	struct ext2_super_block *sb = img->fs->super;
	bool recover = ext2fs_has_feature_journal_needs_recovery(sb);

	img->info.journal = E4Z_JOURNAL_NONE;
	if (!ext2fs_has_feature_journal(sb)) {
		if (recover)
			note(o, "needs_recovery is set, but the file system has no journal");
		return;
	}
	if (recover)
		img->info.journal = E4Z_JOURNAL_NEEDS_REPLAY;
	else if (!sb->s_journal_inum)
		img->info.journal = E4Z_JOURNAL_EXTERNAL;
	else
		img->info.journal = E4Z_JOURNAL_CLEAN;
}

/* ---- the handle ---- */

void image_strings_free(const char *const *strings)
{
	if (strings != no_strings)
		free((void *)strings);
}

static errcode_t keep_notes(struct opening *o)
{
	struct e4z_image_info *info = &o->img->info;
	const char **notes;
	char *text;

	if (!o->note_count)
		return 0;
	notes = malloc((NOTES_MAX + 1) * sizeof(*notes) + sizeof(o->notes));
	if (!notes)
		return ENOMEM;
	text = memcpy(notes + NOTES_MAX + 1, o->notes, sizeof(o->notes));
	for (size_t i = 0; i < o->note_count; i++)
		notes[i] = text + i * NOTE_SIZE;
	notes[o->note_count] = NULL;
	info->notes = notes;
	return 0;
}

static errcode_t keep_journal(struct opening *o)
{
	if (o->options->journal_device)
		o->img->journal_spec = strdup(o->options->journal_device);
	return o->options->journal_device && !o->img->journal_spec ? ENOMEM : 0;
}

static errcode_t open_fs(struct opening *o)
{
	struct e4z_image *img = o->img;
	const struct ext2_super_block *raw = (const void *)o->raw;
	errcode_t err = capture_new(
		img->dev, EXT2_MIN_BLOCK_SIZE << ext2fs_le32_to_cpu(raw->s_log_block_size),
		&img->view);

	/* the repaired superblock hides the one on the disk */
	if (!err && img->repaired_super)
		err = capture_write(img->view, SUPER_OFFSET, SUPER_SIZE, o->raw);
	if (!err)
		err = image_attach_fs(img);
	if (err)
		return err;
	check_journal(o);
	err = image_keep_features(img);
	return err ? err : keep_notes(o);
}

/* ---- what has the bytes ---- */

/* An image in another file or device: nobody else may have that one, whatever is inside. */
static errcode_t claim_container(void *arg)
{
	struct opening *o = arg;
	errcode_t err;

	look_around(o);
	err = check_busy(o);
	o->busy = (struct busy){.mounted = false};
	return err;
}

static errcode_t open_carrier(struct opening *o)
{
	const struct origin_user user = {note_plain, claim_container, o};
	struct e4z_image *img = o->img;
	char why[WHY_SIZE] = "";
	errcode_t err = origin_open(o->spec.path, o->options, &user, &img->dev, why, sizeof(why));

	if (err)
		return *why ? image_fail_below(img, err, why)
			    : image_fail(img, err, "opening the image");
	img->info.path = img->dev->path;
	err = lock_image(o);
	if (err)
		return err;
	begin_reading(o);
	err = origin_enter(o->options, &user, &img->dev, why, sizeof(why));
	img->info.path = img->dev ? img->dev->path : "";
	if (err && *why)
		return image_fail_below(img, err, why);
	/* who claims the image has said why it cannot be */
	return err && !*e4z_context(img) ? image_fail(img, err, "reading the image's header") : err;
}

static errcode_t choose_place(struct opening *o)
{
	struct e4z_image *img = o->img;
	char why[WHY_SIZE] = "";
	errcode_t err = place_choose(img->dev, &o->spec, o->options->partition, img->places,
				     &o->partition, why, sizeof(why));

	if (err)
		return image_fail_below(img, err, *why ? why : "reading the partition table");
	img->info.fs_offset = img->dev->base;
	look_around(o);
	if (img->places->parts.missing)
		note(o,
		     "the last %" PRIu64 " bytes of the disk are missing, with the backup of its "
		     "GPT; the primary GPT is used",
		     img->places->parts.missing);
	return 0;
}

static errcode_t open_image(struct opening *o, const char *spec)
{
	struct e4z_image *img = o->img;
	char why[WHY_SIZE] = "";
	errcode_t err;

	if (!reserved_open_known(o->options))
		return image_refuse(img, E4Z_ET_USAGE, RESERVED_WHY);
	err = place_parse(spec, &o->spec, why, sizeof(why));
	if (err)
		return image_fail_below(img, err, why);
	err = open_carrier(o);
	err = err ? err : choose_place(o);
	err = err ? err : opening_read_super(o);
	err = err ? err : check_busy(o);
	err = err ? err : opening_check_super(o);
	if (!err && o->options->write)
		follow_look(img->dev, super_fs_len(o->raw), &img->places->parts, note_plain, o);
	return err ? err : open_fs(o);
}

errcode_t image_open(const char *spec, const struct e4z_open_options *options,
		     struct e4z_image **img)
{
	struct opening o = {.options = options};
	errcode_t err;

	*img = o.img = calloc(1, sizeof(**img));
	if (!o.img)
		return ENOMEM;
	o.img->places = calloc(1, sizeof(*o.img->places));
	o.img->info.path = "";
	o.img->info.features = no_strings;
	o.img->info.notes = no_strings;
	err = o.img->places ? keep_journal(&o) : ENOMEM;
	err = err ? err : open_image(&o, spec);
	free(o.spec.path);
	return err;
}

void image_note(struct e4z_image *img, const char *sentence)
{
	size_t count = 0, bytes = strlen(sentence) + 1;
	const char **notes;
	char *text;

	for (; img->info.notes[count]; count++) {
		if (!strcmp(img->info.notes[count], sentence))
			return;
		bytes += strlen(img->info.notes[count]) + 1;
	}
	notes = malloc((count + 2) * sizeof(*notes) + bytes);
	if (!notes)
		return;
	text = (char *)(notes + count + 2);
	for (size_t i = 0; i <= count; i++) {
		notes[i] = text;
		text = stpcpy(text, i < count ? img->info.notes[i] : sentence) + 1;
	}
	notes[count + 1] = NULL;
	image_strings_free(img->info.notes);
	img->info.notes = notes;
}

void image_free(struct e4z_image *img)
{
	if (!img)
		return;
	if (img->fs)
		ext2fs_free(img->fs);
	capture_free(img->view);
	caches_end(img->dev);
	blkdev_close(img->dev);
	e4z_errands_end(img->errands);
	if (img->places)
		places_free(img->places);
	free(img->places);
	tmpfiles_close(&img->tmpfiles);
	free(img->journal_spec);
	free(img->group);
	rangeset_free(img->metadata);
	rangeset_free(img->reserved);
	image_strings_free(img->info.features);
	image_strings_free(img->info.notes);
	free(img);
}

const struct e4z_image_info *e4z_info(const struct e4z_image *img)
{
	return &img->info;
}

const struct e4z_place *e4z_places(const struct e4z_image *img, size_t *count)
{
	*count = img && img->places ? img->places->count : 0;
	return *count ? img->places->items : NULL;
}

void e4z_init_errors(void)
{
	initialize_ext2_error_table();
	initialize_e4z_error_table();
}
