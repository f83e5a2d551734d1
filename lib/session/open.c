// SPDX-License-Identifier: GPL-2.0-or-later
// e4z_open() and e4z_close(): the image, seen through its journal where that holds anything.
#include "e4zero.h"

#include "session/guard.h"
#include "session/journal.h"
#include "session/session.h"
#include "session/trace.h"
#include "session/txn.h"
#include "session/undo.h"

/* All that can be refused is refused before the image is opened for writing. */
static errcode_t prepare_edit(struct e4z_image *img, const struct e4z_open_options *options)
{
	errcode_t err = guard_edit(img, options->force);

	if (err)
		return err;
	err = blkdev_make_writable(img->dev);
	if (err)
		return image_fail(img, err, "opening the image for writing");
	img->dev->holes = options->holes;
	if (!img->journal_dev)
		return 0;
	err = session_journal_make_writable(img);
	return err ? image_fail(img, err, "opening the external journal for writing") : 0;
}

/* See the file system through its log, and say what is left out. */
static errcode_t look_through(struct e4z_image *img)
{
	struct replay replay;
	errcode_t err = session_journal_look_through(img, &replay);

	if (!err && replay.torn)
		image_note(img, "the journal ends with a transaction that was not committed, or "
				"whose commit is damaged: it is left out, as e2fsck does");
	return err;
}

errcode_t e4z_open(const char *spec, const struct e4z_open_options *options, struct e4z_image **img)
{
	static const struct e4z_open_options defaults;
	bool dirty;
	errcode_t err;

	if (!options)
		options = &defaults;
	err = image_open(spec, options, img);
	if (!err)
		err = session_journal_judge(*img, options);
	/*
	 * the log of a mounted file system is being written while we look: the disk's view is all
	 */
	if (err || (*img)->info.mounted)
		return err;
	dirty = (*img)->info.journal == E4Z_JOURNAL_NEEDS_REPLAY;
	if (dirty || options->write)
		err = session_journal_find(*img, options);
	if (!err && dirty && (*img)->log)
		err = look_through(*img);
	if (!err && (*img)->torn_super)
		err = image_refuse(
			*img, E4Z_ET_BAD_SUPER,
			"the superblock's checksum is wrong, and the journal has no copy");
	if (!err && options->write)
		err = prepare_edit(*img, options);
	return err;
}

void e4z_close(struct e4z_image *img)
{
	if (!img)
		return;
	session_drop(img);
	txn_abort(img);
	undo_finish(img);
	trace_finish(img);
	session_journal_close(img);
	image_free(img);
}
