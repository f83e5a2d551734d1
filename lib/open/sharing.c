// SPDX-License-Identifier: GPL-2.0-or-later
// Has an image that is edited take part in multiple mount protection; notes what a check should
// know of it.
#include "open/sharing.h"

#include "format/super.h"
#include "open/mmp.h"
#include <stdio.h>

/* ERR of img->mmp, with its sentence if it has one. */
static errcode_t fail(struct e4z_image *img, errcode_t err)
{
	const char *why = mmp_why(img->mmp);

	return *why ? image_refuse(img, err, "%s", why)
		    : image_fail(img, err, "taking part in multiple mount protection");
}

static void note_use(struct e4z_image *img, const struct ext2_super_block *sb)
{
	uint64_t off = mmp_block(sb) * img->block_size;
	struct mmp_struct raw;
	char who[160], note[320];
	const char *fault;

	blkdev_forget(img->dev, off, sizeof(raw));
	if (blkdev_read(img->dev, off, sizeof(raw), &raw))
		return;
	fault = mmp_fault(sb, &raw);
	if (fault)
		snprintf(note, sizeof(note), "the block of multiple mount protection %s", fault);
	else if (!mmp_is_clean(&raw))
		snprintf(note, sizeof(note),
			 "multiple mount protection: the file system is in use, or was not "
			 "unmounted (%s)",
			 mmp_who(&raw, who, sizeof(who)));
	else
		return;
	image_note(img, note);
}

errcode_t sharing_look(struct e4z_image *img, const struct e4z_open_options *options)
{
	struct ext2_super_block sb;
	errcode_t err;

	if (!img->info.mmp || img->info.mounted)
		return 0;
	/* not as it was repaired, but as it is on the disk */
	err = blkdev_read(img->dev, SUPER_OFFSET, sizeof(sb), &sb);
	if (err)
		return image_fail(img, err, "reading the superblock");
	if (!options->write) {
		note_use(img, &sb);
		return 0;
	}
	err = mmp_open(img->dev, &sb, options, &img->mmp);
	return err ? fail(img, err) : 0;
}

static errcode_t before_write(void *arg, struct blkdev *dev, const struct blkdev_op *op)
{
	struct e4z_image *img = arg;
	errcode_t err = mmp_take(img->mmp);

	(void)dev, (void)op;
	return err ? fail(img, err) : 0;
}

errcode_t sharing_observe(struct e4z_image *img)
{
	const struct blkdev_observer observer = {.before = before_write, .arg = img};
	errcode_t err = img->mmp ? blkdev_observe(img->dev, &observer) : 0;

	if (!err && img->mmp && img->journal_dev)
		err = blkdev_observe(img->journal_dev, &observer);
	return err;
}

errcode_t sharing_scrub(struct e4z_image *img)
{
	errcode_t err = mmp_take(img->mmp);

	if (!err)
		err = mmp_release(img->mmp, true);
	return err ? fail(img, err) : 0;
}
