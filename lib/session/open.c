// SPDX-License-Identifier: GPL-2.0-or-later
// e4z_open() and e4z_close(): the image, seen through its journal where that holds anything.
#include "e4zero.h"

#include "session/journal.h"

errcode_t e4z_open(const char *spec, const struct e4z_open_options *options, struct e4z_image **img)
{
	struct replay replay;
	errcode_t err = image_open(spec, options, img);

	/*
	 * the log of a mounted file system is being written while we look: the disk's view is all
	 */
	if (err || (*img)->info.journal != E4Z_JOURNAL_NEEDS_REPLAY || (*img)->info.mounted)
		return err;
	err = session_journal_open(*img);
	if (!err && !(*img)->log)
		return image_fail(*img, E4Z_ET_NEEDS_REPLAY, "the journal is on another device");
	return err ? err : session_journal_look_through(*img, &replay);
}

void e4z_close(struct e4z_image *img)
{
	if (!img)
		return;
	session_journal_close(img);
	image_free(img);
}
