// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The external journal of a file system, found by its UUID.
 *
 * s_journal_dev is a number that some host once gave the journal; on this host it may be anybody's
 * disk. Only what carries the UUID itself is taken, and only if no second one does: a copy of a
 * journal is as good as a wrong one.
 */
#include "open/external.h"

#include "base/cleanup.h"
#include "busy/busy.h"
#include "busy/caches.h"
#include "busy/carrier.h"
#include "busy/lock.h"
#include "device/hostfile.h"
#include "device/nbd.h"
#include "format/super.h"
#include "header/format.h"
#include "image/place.h"
#include "io/host_stat.h"
#include "probe/parts.h"
#include <blkid/blkid.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uuid/uuid.h>

#define ENTRIES_MAX 10000 /* of a directory that is searched */
#define WHY_SIZE 512

struct hunt {
	struct e4z_image *img;
	const uint8_t *uuid; /* of the journal */
	struct blkdev *dev;  /* the first that has it */
	char *second;	     /* another one */
};

/* DEV, as it is narrowed, is the journal that we look for. */
static bool is_journal(const struct hunt *hunt, struct blkdev *dev)
{
	struct ext2_super_block sb;

	return dev->len >= SUPER_OFFSET + SUPER_SIZE &&
	       !blkdev_read(dev, SUPER_OFFSET, sizeof(sb), &sb) &&
	       ext2fs_le16_to_cpu(sb.s_magic) == EXT2_SUPER_MAGIC &&
	       ext2fs_le32_to_cpu(sb.s_feature_incompat) & EXT3_FEATURE_INCOMPAT_JOURNAL_DEV &&
	       !memcmp(sb.s_uuid, hunt->uuid, sizeof(sb.s_uuid));
}

static bool same_place(const struct blkdev *a, const struct blkdev *b)
{
	return carrier_shared(a, b) && a->base == b->base;
}

/* What opens DEV's place, for free(); NULL: memory ran out. */
static char *spec_of(const struct blkdev *dev)
{
	char *spec;

	if (!dev->base)
		return strdup(dev->path);
	return asprintf(&spec, "%s?offset=%" PRIu64, dev->path, dev->base) < 0 ? NULL : spec;
}

/* DEV has it: the first to be found is kept, any other one is closed. */
static errcode_t keep(struct hunt *hunt, struct blkdev *dev)
{
	errcode_t err = 0;

	if (!hunt->dev) {
		hunt->dev = dev;
		return 0;
	}
	if (!hunt->second && !same_place(hunt->dev, dev)) {
		hunt->second = spec_of(dev);
		err = hunt->second ? 0 : ENOMEM;
	}
	blkdev_close(dev);
	return err;
}

/* What cannot be opened is not the journal: no error, and *DEV is NULL. ENOMEM. */
static errcode_t open_any(const char *path, struct blkdev **dev)
{
	errcode_t err = hostfile_open(path, dev);

	return err == ENOMEM ? err : 0;
}

/* Look at PATH from its first byte. */
static errcode_t try_whole(struct hunt *hunt, const char *path)
{
	struct blkdev *dev;
	errcode_t err = open_any(path, &dev);

	if (!dev)
		return err;
	if (is_journal(hunt, dev))
		return keep(hunt, dev);
	blkdev_close(dev);
	return 0;
}

static errcode_t try_part(struct hunt *hunt, const char *path, const struct part *part)
{
	struct blkdev *dev;
	errcode_t err = open_any(path, &dev);

	if (!dev)
		return err;
	if (!blkdev_set_place(dev, part->start, part->len) && is_journal(hunt, dev))
		return keep(hunt, dev);
	blkdev_close(dev);
	return 0;
}

static errcode_t try_parts(struct hunt *hunt, const char *path)
{
	struct parts parts = {0};
	struct blkdev *dev;
	errcode_t err = open_any(path, &dev);

	if (!dev)
		return err;
	err = parts_read(dev, &parts);
	blkdev_close(dev);
	for (size_t i = 0; i < parts.count && !err; i++)
		err = try_part(hunt, path, &parts.items[i]);
	parts_free(&parts);
	return err == ENOMEM ? err : 0;
}

/* ---- where it may be ---- */

/* One name in the image's directory. */
static errcode_t try_entry(struct hunt *hunt, const char *folder, int fd, const char *name)
{
	AUTO_FREE char *path = NULL;
	struct stat st;

	if (host_fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size < SUPER_OFFSET + SUPER_SIZE)
		return 0;
	if (asprintf(&path, "%s/%s", folder, name) < 0) {
		path = NULL;
		return ENOMEM;
	}
	return try_whole(hunt, path);
}

static errcode_t search_folder(struct hunt *hunt, const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	errcode_t err = 0;
	unsigned seen = 0;

	if (!dir)
		return errno == ENOMEM ? ENOMEM : 0;
	while (!err && seen++ < ENTRIES_MAX && (entry = readdir(dir)))
		err = try_entry(hunt, folder, dirfd(dir), entry->d_name);
	closedir(dir);
	return err;
}

static errcode_t search_beside(struct hunt *hunt)
{
	const char *path = hunt->img->dev->path, *slash = strrchr(path, '/');
	AUTO_FREE char *folder = NULL;

	if (!slash)
		return search_folder(hunt, ".");
	/* "/" is its own folder */
	folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	return folder ? search_folder(hunt, folder) : ENOMEM;
}

static errcode_t search_host(struct hunt *hunt, const char *uuid)
{
	blkid_cache cache = NULL;
	blkid_dev_iterate walk;
	blkid_dev dev;
	errcode_t err = 0;

	/* no cache file is read or written: what it says may be old; only memory can be missing */
	if (blkid_get_cache(&cache, "/dev/null") < 0)
		return ENOMEM;
	blkid_probe_all(cache);
	walk = blkid_dev_iterate_begin(cache);
	if (walk)
		blkid_dev_set_search(walk, "UUID", uuid);
	while (walk && !err && blkid_dev_next(walk, &dev) == 0)
		err = try_whole(hunt, blkid_dev_devname(dev));
	if (walk)
		blkid_dev_iterate_end(walk);
	blkid_put_cache(cache);
	return err;
}

/* A second one makes either doubtful. */
static errcode_t refuse_second(const struct hunt *hunt)
{
	AUTO_FREE char *first = hunt->second ? spec_of(hunt->dev) : NULL;
	char uuid[UUID_STR_LEN];

	if (!hunt->second)
		return 0;
	if (!first)
		return ENOMEM;
	uuid_unparse_lower(hunt->uuid, uuid);
	return image_refuse(hunt->img, E4Z_ET_AMBIGUOUS,
			    "both %.300s and %.300s are the external journal, UUID %s", first,
			    hunt->second, uuid);
}

static errcode_t search(struct hunt *hunt)
{
	char uuid[UUID_STR_LEN];
	errcode_t err = 0;

	uuid_unparse_lower(hunt->uuid, uuid);
	if (!hunt->img->dev->is_block)
		err = search_beside(hunt);
	if (!err)
		err = try_parts(hunt, hunt->img->dev->path);
	if (!err && !hunt->dev)
		err = search_host(hunt, uuid);
	if (err)
		return image_fail(hunt->img, err, "searching the external journal");
	if (!hunt->dev)
		return image_refuse(hunt->img, E4Z_ET_NO_JOURNAL,
				    "the external journal, UUID %s, was found "
				    "neither next to the image nor on this host",
				    uuid);
	return refuse_second(hunt);
}

/* A partition of PATH, which is not the journal itself, instead of what HUNT has; or none. */
static errcode_t take_part(struct hunt *hunt, const char *path)
{
	struct hunt inside = {.img = hunt->img, .uuid = hunt->uuid};
	errcode_t err = try_parts(&inside, path);

	if (!inside.dev)
		return err;
	blkdev_close(hunt->dev);
	hunt->dev = inside.dev;
	hunt->second = inside.second;
	return err;
}

/* A journal is read and written as it lies. WHY: the image that DEV is is not a raw one. */
static errcode_t check_raw(struct blkdev *dev, char *why, size_t why_size)
{
	enum e4z_format format;

	if (!format_decide(dev, E4Z_FORMAT_AUTO, &format, why, why_size) &&
	    format == E4Z_FORMAT_RAW)
		return 0;
	snprintf(why, why_size, "it is not a raw image, but %s", e4z_format_name(format));
	return E4Z_ET_IMAGE_FORMAT;
}

/* What the caller names must be it. */
static errcode_t take_named(struct hunt *hunt, const char *spec)
{
	struct place_spec place;
	char why[WHY_SIZE] = "";
	errcode_t err = place_parse(spec, &place, why, sizeof(why));

	if (!err && nbd_is_uri(spec)) {
		free(place.path);
		snprintf(why, sizeof(why), "it is a URI, not a file or device");
		err = E4Z_ET_IMAGE_FORMAT;
	}
	if (err)
		return *why ? image_refuse(hunt->img, err, "the journal device %.300s: %s", spec,
					   why)
			    : err;
	err = hostfile_open(place.path, &hunt->dev);
	if (!err)
		err = check_raw(hunt->dev, why, sizeof(why));
	if (!err && place.has_offset)
		err = place.offset < hunt->dev->size
			      ? blkdev_set_place(hunt->dev, place.offset,
						 hunt->dev->size - place.offset)
			      : E4Z_ET_CLIPPED;
	if (!err && !place.has_offset && !is_journal(hunt, hunt->dev))
		err = take_part(hunt, place.path);
	free(place.path);
	if (err == E4Z_ET_IMAGE_FORMAT)
		return image_refuse(hunt->img, err, "the journal device %.300s: %s", spec, why);
	return err ? image_fail(hunt->img, err, "opening the journal device %.300s", spec)
		   : refuse_second(hunt);
}

/* ---- has anybody else got it? ---- */

static errcode_t fail_of(struct e4z_image *img, errcode_t err, const struct blkdev *dev,
			 const char *why)
{
	char text[WHY_SIZE + 400];

	snprintf(text, sizeof(text), "the external journal %.300s: %s", dev->path, why);
	return *why ? image_fail_below(img, err, text) : err;
}

/* One of the two is the disk that the other is a partition of. */
static bool share_disk(const struct blkdev *a, const struct blkdev *b)
{
	char name[2][HOST_NAME_SIZE], disk[2][HOST_NAME_SIZE];

	return a->is_block && b->is_block && host_names(&host_here, a->dev, name[0], disk[0]) &&
	       host_names(&host_here, b->dev, name[1], disk[1]) &&
	       (!strcmp(name[0], disk[1]) || !strcmp(name[1], disk[0]));
}

/* As of an image: see image_open(). */
static errcode_t check_busy(struct e4z_image *img, const struct e4z_open_options *options,
			    struct blkdev *dev)
{
	char note[WHY_SIZE];
	struct busy busy;

	/* a disk and its partition cannot both be held: what the image holds is enough */
	if (options->write && (carrier_shared(dev, img->dev) || share_disk(dev, img->dev)))
		dev->held = img->dev->held;
	if (options->write)
		(void)blkdev_hold(dev);
	busy_look(NULL, dev, options->write, &busy);
	for (unsigned i = 0; i < busy.doubt_count; i++)
		image_note(img, busy.doubts[i]);
	if (busy.mounted)
		return image_refuse(img, E4Z_ET_MOUNTED, "the external journal is in use: %s",
				    busy.who);
	if (busy.attached && options->write)
		return image_refuse(img, E4Z_ET_BUSY,
				    "the external journal is attached to %s; detach it first",
				    busy.who);
	if (busy.attached) {
		snprintf(
			note, sizeof(note),
			"the external journal is attached to %s, whose writes may not be in it yet",
			busy.who);
		image_note(img, note);
	}
	caches_settle(NULL, dev, note, sizeof(note));
	if (*note)
		image_note(img, note);
	return 0;
}

static errcode_t make_ours(struct e4z_image *img, const struct e4z_open_options *options,
			   struct blkdev *dev)
{
	char why[WHY_SIZE / 2] = "", note[WHY_SIZE];
	errcode_t err = check_busy(img, options, dev);

	/* another partition of the image: the image's own locks cover it */
	if (err || carrier_shared(dev, img->dev))
		return err;
	err = lock_take(dev, options->write, why, sizeof(why), note, sizeof(note));
	return err ? fail_of(img, err, dev, why) : 0;
}

errcode_t external_open(struct e4z_image *img, const struct e4z_open_options *options,
			struct blkdev **dev, struct log **log)
{
	const struct ext2_super_block *sb = img->fs->super;
	struct hunt hunt = {.img = img, .uuid = sb->s_journal_uuid};
	char why[WHY_SIZE] = "";
	errcode_t err;

	*dev = NULL;
	*log = NULL;
	err = options->journal_device ? take_named(&hunt, options->journal_device) : search(&hunt);
	if (!err)
		err = make_ours(img, options, hunt.dev);
	if (!err) {
		err = log_open_external(hunt.dev, img->block_size, sb->s_journal_uuid, sb->s_uuid,
					log, why, sizeof(why));
		if (err)
			fail_of(img, err, hunt.dev, why);
	}
	free(hunt.second);
	*dev = hunt.dev;
	return err;
}
