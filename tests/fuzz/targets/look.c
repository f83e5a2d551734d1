// SPDX-License-Identifier: GPL-2.0-or-later
// The targets that only read: each succeeds or fails with a message, and does not change the image.
#include "fuzz.h"

#include "../told.h"
#include "errors.h"
#include "image/groups.h"
#include "image/image.h"
#include <stdio.h>
#include <string.h>

/* ---- where the file system is, and whether it is one ---- */

static void look_super(struct base *base, const struct input *in)
{
	static const char *const partitions[] = {NULL, "1", "2", "LABEL=root", "PARTLABEL=data",
						 "5"};
	const struct e4z_open_options options = {
		.partition = partitions[in->options[0] % 6],
		.force = in->options[1] & 1,
		.repair = in->options[1] & 2,
		.format = in->options[1] & 4 ? E4Z_FORMAT_RAW : E4Z_FORMAT_AUTO,
	};
	static const char *const offsets[] = {"",	    "?offset=0",       "?offset=32k",
					      "?offset=4M", "?offset=1126400", "?offset=0x100000",
					      "?offset=9x", "?offset=7T"};
	const struct e4z_place *places;
	struct e4z_image *img;
	char spec[64];
	size_t count;
	errcode_t err;

	snprintf(spec, sizeof(spec), "%s%s", base->path, offsets[in->options[2] % 8]);
	err = e4z_open(spec, &options, &img);

	if (err)
		fuzz_failed(img, err);
	places = e4z_places(img, &count);
	for (size_t i = 0; i < count; i++)
		if (places[i].offset > base->img.len)
			fuzz_wrong("a place past the end");
	for (const char *const *f = err ? NULL : e4z_info(img)->features; f && *f; f++)
		if (!**f)
			fuzz_wrong("a feature without a name");
	e4z_close(img);
}

const struct fuzz_target fuzz_super = {.name = "super",
				       .bases = "",
				       .kind = TARGET_SUPER,
				       .run = look_super};

/* ---- groups ---- */

static void look_groups(struct base *base, const struct input *in)
{
	struct e4z_image *img = fuzz_open(base, NULL);
	uint32_t *order = NULL;
	uint8_t *bitmap;
	errcode_t err;

	if (!img)
		return;
	bitmap = fuzz_alloc(img->block_size);
	err = groups_load(img);
	if (!err)
		err = groups_order(img, &order);
	for (uint32_t g = 0; !err && g < img->groups; g++) {
		if (groups_readable(img, g) && groups_read_inode_bitmap(img, g, bitmap) &&
		    !groups_inode_bitmap_ok(img, g, bitmap))
			fuzz_wrong("the bitmap of group %u was read, and is not valid", g);
		if (order[g] >= img->groups)
			fuzz_wrong("a group that there is not");
	}
	if (!err)
		(void)groups_inode_is_free(img, 1 + in->options[0] % img->inodes);
	if (!err && groups_room(img, 2).workers > 2)
		fuzz_wrong("more threads than were asked for");
	free(bitmap);
	free(order);
	e4z_close(img);
}

const struct fuzz_target fuzz_groups = {.name = "groups",
					.bases = "fs-",
					.kind = TARGET_DESC,
					.run = look_groups};

/* ---- block maps ---- */

struct last {
	uint64_t end;
	const struct e4z_image_info *info;
};

static errcode_t on_piece(void *arg, const struct e4z_map_piece *piece)
{
	struct last *last = arg;

	if (piece->lblk < last->end || !piece->blocks)
		fuzz_wrong("the pieces of a map are not in order");
	if (piece->pblk != E4Z_NONE &&
	    (piece->pblk >= last->info->blocks || piece->blocks > last->info->blocks - piece->pblk))
		fuzz_wrong("a piece outside of the file system");
	last->end = piece->lblk + piece->blocks;
	return 0;
}

static void look_maps(struct base *base, const struct input *in)
{
	struct e4z_image *img = fuzz_open(base, NULL);
	uint32_t inodes = img ? e4z_info(img)->inodes : 0;

	(void)in;
	for (uint32_t ino = 1; ino <= inodes && ino <= 200; ino++) {
		struct last last = {.info = e4z_info(img)};
		char name[24];
		errcode_t err;

		snprintf(name, sizeof(name), "<%u>", ino);
		err = e4z_map(img, name, on_piece, &last);
		if (err)
			fuzz_failed(img, err);
	}
	e4z_close(img);
}

const struct fuzz_target fuzz_maps = {.name = "maps",
				      .bases = "fs-",
				      .kind = TARGET_EXTENTS,
				      .run = look_maps};

/* ---- directories ---- */

struct matches {
	uint32_t inodes;
	uint8_t *seen;	 /* a bit for each */
	char last[4096]; /* path */
};

static unsigned weight(char c)
{
	return c == '/' ? 1 : c ? 2u + (unsigned char)c : 0;
}

/* Names are in ascending order, and what is in a directory follows it. */
static bool comes_later(const char *path, const char *last)
{
	while (*path && *path == *last)
		path++, last++;
	return weight(*path) > weight(*last);
}

static errcode_t on_match(void *arg, const struct e4z_match *match)
{
	struct matches *matches = arg;

	if (!match->ino || match->ino > matches->inodes)
		fuzz_wrong("an inode that there is not");
	if (matches->seen[match->ino / 8] >> match->ino % 8 & 1)
		fuzz_wrong("a file is delivered twice");
	matches->seen[match->ino / 8] |= (uint8_t)(1u << match->ino % 8);
	if (!match->path)
		return 0;
	if (match->path[0] != '/' || strlen(match->path) > 4095)
		fuzz_wrong("an invalid path");
	if (!comes_later(match->path, matches->last))
		fuzz_wrong("%s comes after %s", match->path, matches->last);
	strcpy(matches->last, match->path);
	return 0;
}

static errcode_t on_skipped(void *arg, const struct e4z_skipped *skipped)
{
	(void)arg;
	if (!skipped->why)
		fuzz_wrong("left out without a reason");
	return 0;
}

static const struct fuzz_text patterns[] = {
	FUZZ_TEXT("/**"),	   FUZZ_TEXT("/d*/f0*"),
	FUZZ_TEXT("/names/*"),	   FUZZ_TEXT("/d0/f0001"),
	FUZZ_TEXT("/odd/slow400"), FUZZ_TEXT("/[a-d]?/f000[!3]"),
	FUZZ_TEXT("/many/n0150"),  {NULL, 0},
};

static void look_dirs(struct base *base, const struct input *in)
{
	struct e4z_image *img = fuzz_open(base, NULL);
	char pattern[256];
	struct matches matches = {.inodes = img ? e4z_info(img)->inodes : 0};
	const struct e4z_expand_options options = {
		.below = in->options[0] & 1,
		.types = in->options[0] & 2 ? E4Z_TYPE_BIT(0100000) : 0,
		.match = on_match,
		.skipped = on_skipped,
		.arg = &matches,
	};
	errcode_t err;

	if (!img)
		return;
	matches.seen = fuzz_alloc(matches.inodes / 8 + 1);
	memset(matches.seen, 0, matches.inodes / 8 + 1);
	snprintf(pattern, sizeof(pattern), "%.*s", (int)in->text_len, (const char *)in->text);
	err = e4z_expand(img, pattern, &options);
	if (err)
		fuzz_failed(img, err);
	free(matches.seen);
	e4z_close(img);
}

const struct fuzz_target fuzz_dirs = {
	.name = "dirs",
	.bases = "fs-",
	.texts = patterns,
	.kind = TARGET_DIR,
	.run = look_dirs,
};

/* ---- a check ---- */

static void check_once(struct base *base, const struct e4z_check_options *options,
		       struct told *told)
{
	const struct e4z_check_sink sink = told_sink(told);
	struct e4z_image *img = fuzz_open(base, NULL);
	errcode_t err = 0;

	told_begin(told);
	if (img)
		err = e4z_check(img, options, &sink, NULL);
	if (err)
		fuzz_failed(img, err);
	told_end(told, err);
	e4z_close(img);
}

static void check_with(struct base *base, struct e4z_check_options *options, bool twice)
{
	struct told told[2] = {0};

	options->jobs = 1;
	check_once(base, options, &told[0]);
	if (twice && !fuzz_failing) {
		options->jobs = 2;
		check_once(base, options, &told[1]);
		if (!told_same(&told[0], &told[1]))
			fuzz_wrong("one and two threads differ");
	}
	told_free(&told[0]);
	told_free(&told[1]);
}

static void look_check(struct base *base, const struct input *in)
{
	const uint8_t how = in->options[0];
	static const char *const files[] = {"/d0/f0001", "<12>", "/"};
	struct e4z_check_options options = {
		.paranoid = how & 1,
		.opaque = how & 2,
		.all = how & 4,
		.files = how & 8 ? files : NULL,
		.file_count = 1 + (how >> 4) % 3,
	};

	options.all = options.all && !options.files;
	if (how & 0x40 && !options.files && !options.all) {
		options.shards = 2;
		options.shard = 1 + in->options[1] % 2;
	}
	check_with(base, &options, how & 0x80);
}

const struct fuzz_target fuzz_check = {.name = "check",
				       .bases = "fs-",
				       .kind = TARGET_INODE,
				       .run = look_check};

/* Only findings of these kinds, most of them in or beside inodes. */
static void look_xattrs(struct base *base, const struct input *in)
{
	struct e4z_check_options options = {
		.kinds = E4Z_KIND_BIT(E4Z_XATTR_SLACK) | E4Z_KIND_BIT(E4Z_INODE_SLACK) |
			 E4Z_KIND_BIT(E4Z_INLINE_SLACK) | E4Z_KIND_BIT(E4Z_IBLOCK_SLACK) |
			 E4Z_KIND_BIT(E4Z_DELETED_OPEN),
	};

	check_with(base, &options, in->options[0] & 0x80);
}

const struct fuzz_target fuzz_xattrs = {.name = "xattrs",
					.bases = "fs-",
					.kind = TARGET_XATTR,
					.run = look_xattrs};
