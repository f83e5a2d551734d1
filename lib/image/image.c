// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opening: where is the file system, is it one, has anybody else got it, is its superblock sane;
 * only then does libext2fs see it. The steps are in image_open() in this order.
 */
#include "image/image.h"

#include "base/bytes.h"
#include "busy/busy.h"
#include "busy/caches.h"
#include "busy/lock.h"
#include "errors.h"
#include "format/fields.h"
#include "format/super.h"
#include "image/follow.h"
#include "image/place.h"
#include "image/sniff.h"
#include "io/channel.h"
#include "sets/rangeset.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHY_SIZE 1024
#define NOTES_MAX 8
#define NOTE_SIZE 320
#define GROUP_BITS_MAX ((1U << 16) - 8) /* clusters in a group, for any block size */

/* What one call of image_open() knows beside the handle. */
struct opening {
	struct e4z_image *img;
	const struct e4z_open_options *options;
	struct place_spec spec;
	int partition; /* number, 0: none */
	struct busy busy;
	_Alignas(struct ext2_super_block) uint8_t raw[SUPER_SIZE];
	char notes[NOTES_MAX][NOTE_SIZE];
	size_t note_count;
};

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

/* ---- is it ext? ---- */

/*
 * A backup superblock in the second group, where mke2fs puts it for this block and cluster size:
 * its block number, 0 when there is none that is whole.
 */
static uint64_t backup_at(struct blkdev *dev, unsigned log_block, unsigned log_ratio)
{
	uint64_t block_size = EXT2_MIN_BLOCK_SIZE << log_block;
	uint64_t bits = 8 * block_size < GROUP_BITS_MAX ? 8 * block_size : GROUP_BITS_MAX;
	uint64_t block = (bits << log_ratio) + (log_block + log_ratio == 0);
	struct ext2_super_block sb;
	char why[1];

	if (blkdev_read(dev, block * block_size, sizeof(sb), &sb) ||
	    ext2fs_le32_to_cpu(sb.s_log_block_size) != log_block ||
	    ext2fs_le16_to_cpu(sb.s_block_group_nr) != 1 ||
	    super_validate(&sb, dev->len, why, sizeof(why)))
		return 0;
	return block;
}

/* "; a whole copy ..." in HELP, or nothing. */
static void backup_help(struct opening *o, char *help, size_t size)
{
	struct blkdev *dev = o->img->dev;

	*help = '\0';
	for (unsigned log_block = 0; log_block <= 6; log_block++)
		for (unsigned log_ratio = 0; log_ratio <= 4; log_ratio += 4) {
			uint64_t block = backup_at(dev, log_block, log_ratio);
			char where[48] = "";

			if (!block)
				continue;
			if (dev->base)
				snprintf(where, sizeof(where), "?offset=%" PRIu64, dev->base);
			snprintf(help, size,
				 "; its backup at block %" PRIu64 " is intact: "
				 "\"e2fsck -b %" PRIu64 " -B %u 'IMAGE%s'\" repairs it",
				 block, block, EXT2_MIN_BLOCK_SIZE << log_block, where);
			return;
		}
}

static errcode_t fail_not_ext(struct opening *o)
{
	struct e4z_image *img = o->img;
	uint8_t head[4096] = {0};
	char what[WHY_SIZE];
	size_t len = img->dev->len < sizeof(head) ? (size_t)img->dev->len : sizeof(head);

	if (!img->dev->size)
		return image_refuse(img, E4Z_ET_NOT_EXT, "the image is empty, 0 bytes long");
	if (sniff_content(img->dev, what, sizeof(what))) {
		if (place_offer_volumes(img->dev, img->places) == ENOMEM)
			return ENOMEM;
		return image_refuse(img, E4Z_ET_NOT_EXT, "this is %s", what);
	}
	backup_help(o, what, sizeof(what));
	if (*what)
		return image_refuse(img, E4Z_ET_BAD_SUPER, "the superblock is destroyed%s", what);
	if (img->dev->len < SUPER_OFFSET + SUPER_SIZE)
		return image_refuse(img, E4Z_ET_NOT_EXT,
				    "%" PRIu64 " bytes are too few for a file system",
				    img->dev->len);
	if (!blkdev_read(img->dev, 0, len, head) && bytes_are_zero(head, len))
		return image_refuse(img, E4Z_ET_NOT_EXT,
				    "no ext superblock found; the image starts with zeros");
	return image_refuse(img, E4Z_ET_NOT_EXT,
			    "no ext superblock found, and no other known format; "
			    "try \"file --special-files IMAGE\"");
}

static errcode_t read_super(struct opening *o)
{
	struct e4z_image *img = o->img;
	char what[WHY_SIZE];
	errcode_t err = E4Z_ET_SHORT_READ;

	if (img->dev->len >= SUPER_OFFSET + SUPER_SIZE)
		err = blkdev_read(img->dev, SUPER_OFFSET, sizeof(o->raw), o->raw);
	if (err && err != E4Z_ET_SHORT_READ)
		return image_fail(img, err, "reading the superblock");
	if (err || get_le16(o->raw + S_MAGIC) != EXT2_SUPER_MAGIC)
		return fail_not_ext(o);
	if (o->spec.has_offset || !sniff_contradicts(img->dev, what, sizeof(what)))
		return 0;
	return image_refuse(img, E4Z_ET_NOT_EXT,
			    "this is %s (it also has an ext superblock: use IMAGE?offset=%" PRIu64
			    ")",
			    what, img->dev->base);
}

/*
 * A superblock whose two sectors are of different times: a crash tore the write. Either the flag
 * that says that the log is in use was all that changed, and turning it makes the checksum right;
 * or a transaction in the log has the superblock whole. In the second case the content is taken as
 * it is to find the log, and image->torn_super waits for that copy.
 */
static bool mend_super(struct opening *o)
{
	_Alignas(struct ext2_super_block) uint8_t raw[SUPER_SIZE];
	_Alignas(struct ext2_super_block) uint8_t whole[SUPER_SIZE];
	size_t flags = S_FEATURE_INCOMPAT;
	char why[WHY_SIZE / 2];

	memcpy(raw, o->raw, sizeof(raw));
	raw[flags] ^= EXT3_FEATURE_INCOMPAT_RECOVER;
	if (super_validate(raw, o->img->dev->len, why, sizeof(why))) {
		memcpy(raw, o->raw, sizeof(raw));
		memcpy(whole, o->raw, sizeof(whole));
		super_csum_set(whole);
		if (super_validate(whole, o->img->dev->len, why, sizeof(why)))
			return false;
		memcpy(raw, whole, sizeof(raw));
		o->img->torn_super = true;
	}
	memcpy(o->raw, raw, sizeof(raw));
	o->img->mended_super = true;
	return true;
}

static errcode_t judge_super(struct opening *o)
{
	struct e4z_image *img = o->img;
	char why[WHY_SIZE / 2], help[WHY_SIZE / 2] = "";
	errcode_t err = super_validate(o->raw, img->dev->len, why, sizeof(why));

	if (err == E4Z_ET_BAD_SUPER && o->options->mend && mend_super(o))
		return 0;
	if (err == E4Z_ET_TRUNCATED && o->partition)
		return image_refuse(img, err,
				    "the file system is %" PRIu64 " bytes larger than partition %d",
				    super_fs_len(o->raw) - img->dev->len, o->partition);
	if (err == E4Z_ET_BAD_SUPER)
		backup_help(o, help, sizeof(help));
	return err ? image_refuse(img, err, "%s%s", why, help) : 0;
}

/* ---- has anybody else got it? ---- */

/* Before the first byte is read that anything is decided by. */
static errcode_t lock_image(struct opening *o)
{
	char why[WHY_SIZE / 2], locks[NOTE_SIZE];
	errcode_t err =
		lock_take(o->img->dev, o->options->write, why, sizeof(why), locks, sizeof(locks));

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
	if (o->options->write)
		(void)blkdev_hold(o->img->dev);
	caches_forget(NULL, o->img->dev);
}

/* Now that the place is known: who has it, and do all nodes of a device show the same bytes? */
static void look_around(struct opening *o)
{
	char cache[NOTE_SIZE];

	busy_look(NULL, o->img->dev, o->options->write, &o->busy);
	for (unsigned i = 0; i < o->busy.doubt_count; i++)
		note(o, "%s", o->busy.doubts[i]);
	if (o->busy.mounted)
		return;
	caches_settle(NULL, o->img->dev, cache, sizeof(cache));
	if (*cache)
		note(o, "%s", cache);
}

static errcode_t judge_busy(struct opening *o)
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

static void judge_journal(struct opening *o)
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

/*
 * The free counts of the superblock are those of the descriptors, whatever it says: no kernel
 * believes it (ext4_fill_super() counts), and some that make images get it wrong.
 */
static void count_free(ext2_filsys fs)
{
	uint64_t clusters = 0, inodes = 0;

	for (dgrp_t g = 0; g < fs->group_desc_count; g++) {
		clusters += ext2fs_bg_free_blocks_count(fs, g);
		inodes += ext2fs_bg_free_inodes_count(fs, g);
	}
	ext2fs_free_blocks_count_set(fs->super, EXT2FS_C2B(fs, clusters));
	fs->super->s_free_inodes_count = (uint32_t)inodes;
}

static void derive(struct e4z_image *img)
{
	ext2_filsys fs = img->fs;
	struct ext2_super_block *sb = fs->super;

	img->block_size = fs->blocksize;
	img->block_bits = EXT2_BLOCK_SIZE_BITS(sb);
	img->inode_size = EXT2_INODE_SIZE(sb);
	img->cluster_ratio = 1U << fs->cluster_ratio_bits;
	img->blocks = ext2fs_blocks_count(sb);
	img->inodes = sb->s_inodes_count;
	img->groups = fs->group_desc_count;
	img->csum_seed = fs->csum_seed;
	img->metadata_csum = ext2fs_has_feature_metadata_csum(sb);
	/* ext4_inode_csum_verify() */
	img->inode_csum = img->metadata_csum && sb->s_creator_os == EXT2_OS_LINUX;
	img->hurd = sb->s_creator_os == EXT2_OS_HURD;
	img->group_csum = img->metadata_csum || ext2fs_has_feature_gdt_csum(sb);
	img->shared_blocks = ext2fs_has_feature_shared_blocks(sb);

	img->info.block_size = img->block_size;
	img->info.blocks = img->blocks;
	img->info.inodes = img->inodes;
	memcpy(img->info.uuid, sb->s_uuid, sizeof(img->info.uuid));
	img->info.mmp = ext2fs_has_feature_mmp(sb);
}

static void free_strings(const char *const *strings)
{
	if (strings != no_strings)
		free((void *)strings);
}

/* The names of the features, as long as they stay the same in one place. */
static errcode_t keep_features(struct e4z_image *img)
{
	const char *const *names = super_feature_names(img->fs->super);
	const char *const *old = img->info.features;
	size_t n = 0;

	if (!names)
		return ENOMEM;
	while (names[n] && old[n] && !strcmp(names[n], old[n]))
		n++;
	if (!names[n] && !old[n]) {
		free_strings(names);
		return 0;
	}
	img->info.features = names;
	free_strings(old);
	return 0;
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

/* Have libext2fs read the superblock and the descriptors through the view. */
static errcode_t attach_fs(struct e4z_image *img)
{
	int flags = EXT2_FLAG_64BITS | EXT2_FLAG_SKIP_MMP | EXT2_FLAG_SOFTSUPP_FEATURES;
	errcode_t err = channel_open_fs(img->view, flags, &img->fs);

	if (err)
		return image_fail(img, err, "opening the file system");
	count_free(img->fs);
	derive(img);
	return 0;
}

static errcode_t open_fs(struct opening *o)
{
	struct e4z_image *img = o->img;
	const struct ext2_super_block *raw = (const void *)o->raw;
	errcode_t err = capture_new(
		img->dev, EXT2_MIN_BLOCK_SIZE << ext2fs_le32_to_cpu(raw->s_log_block_size),
		&img->view);

	/* what is mended stands over what is on the disk */
	if (!err && img->mended_super)
		err = capture_write(img->view, SUPER_OFFSET, SUPER_SIZE, o->raw);
	if (!err)
		err = attach_fs(img);
	if (err)
		return err;
	judge_journal(o);
	err = keep_features(img);
	return err ? err : keep_notes(o);
}

errcode_t image_reload(struct e4z_image *img)
{
	_Alignas(struct ext2_super_block) uint8_t raw[SUPER_SIZE];
	char why[WHY_SIZE];
	ext2_filsys old;
	errcode_t err = image_read(img, SUPER_OFFSET, sizeof(raw), raw);

	if (err)
		return image_fail(img, err, "reading the superblock");
	err = super_validate(raw, img->dev->len, why, sizeof(why));
	if (err)
		return image_fail_below(img, err, why);
	old = img->fs;
	err = attach_fs(img);
	if (!err)
		err = keep_features(img);
	if (err) {
		if (img->fs && img->fs != old)
			ext2fs_free(img->fs);
		img->fs = old;
		derive(img);
		return err;
	}
	ext2fs_free(old);
	free(img->group);
	rangeset_free(img->metadata);
	img->group = NULL;
	img->metadata = NULL;
	return 0;
}

static errcode_t open_image(struct opening *o, const char *spec)
{
	struct e4z_image *img = o->img;
	char why[WHY_SIZE] = "";
	errcode_t err = place_parse(spec, &o->spec, why, sizeof(why));

	if (err)
		return image_fail_below(img, err, why);
	err = blkdev_open(o->spec.path, &img->dev);
	if (err)
		return image_fail(img, err, "opening the image");
	img->info.path = img->dev->path;
	err = lock_image(o);
	if (err)
		return err;
	begin_reading(o);
	err = place_choose(img->dev, &o->spec, o->options->partition, img->places, &o->partition,
			   why, sizeof(why));
	img->info.fs_offset = img->dev->base;
	if (err)
		return image_fail_below(img, err, *why ? why : "reading the partition table");
	look_around(o);
	if (img->places->parts.missing)
		note(o,
		     "the last %" PRIu64 " bytes of the disk are missing, with the backup of its "
		     "GPT; the primary GPT is used",
		     img->places->parts.missing);
	err = read_super(o);
	err = err ? err : judge_busy(o);
	err = err ? err : judge_super(o);
	if (!err && o->options->write)
		follow_look(img->dev, super_fs_len(o->raw), &img->places->parts, note_plain, o);
	return err ? err : open_fs(o);
}

errcode_t image_open(const char *spec, const struct e4z_open_options *options,
		     struct e4z_image **img)
{
	static const struct e4z_open_options defaults;
	struct opening o = {.options = options ? options : &defaults};
	errcode_t err;

	*img = o.img = calloc(1, sizeof(**img));
	if (!o.img)
		return ENOMEM;
	o.img->places = calloc(1, sizeof(*o.img->places));
	o.img->info.path = "";
	o.img->info.features = no_strings;
	o.img->info.notes = no_strings;
	err = o.img->places ? open_image(&o, spec) : ENOMEM;
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
	free_strings(img->info.notes);
	img->info.notes = notes;
}

void image_free(struct e4z_image *img)
{
	if (!img)
		return;
	if (img->fs)
		ext2fs_free(img->fs);
	capture_free(img->view);
	caches_close(img->dev);
	if (img->places)
		places_free(img->places);
	free(img->places);
	free(img->group);
	rangeset_free(img->metadata);
	free_strings(img->info.features);
	free_strings(img->info.notes);
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
