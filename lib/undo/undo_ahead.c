// SPDX-License-Identifier: GPL-2.0-or-later
// Says whether an undo file could be begun, and makes none: what a dry run has instead.
#include "e4zero.h"

#include "image/turn.h"
#include "undo/undo.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* May a file be made in the folder of PATH? An errno value. */
static errcode_t check_folder(const char *path)
{
	char *folder = undo_folder(path);
	errcode_t err = 0;

	if (!folder)
		return ENOMEM;
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0)
		err = errno;
	free(folder);
	return err;
}

/* As O_CREAT | O_EXCL | O_NOFOLLOW would, by lstat(2). */
static errcode_t check_path(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return EEXIST;
	return errno == ENOENT ? check_folder(path) : errno;
}

errcode_t e4z_plan_undo(struct e4z_image *img, const char *path)
{
	errcode_t err = turn_check(img, TURN_RECORD);

	if (!err)
		err = undo_check(img);
	if (err)
		return err;
	err = check_path(path);
	return err ? image_fail(img, err, "creating the undo file %.300s", path) : 0;
}
