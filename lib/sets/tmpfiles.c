// SPDX-License-Identifier: GPL-2.0-or-later
// Unlinked temporary files, made when they are needed or before.
#include "sets/tmpfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

const char *tmpfiles_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

static errcode_t make(int *fd)
{
	const char *dir = tmpfiles_dir();
	char path[4096];

	*fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*fd >= 0)
		return 0;
	/* a file system without O_TMPFILE */
	if (snprintf(path, sizeof(path), "%s/e4zero-XXXXXX", dir) >= (int)sizeof(path))
		return ENAMETOOLONG;
	*fd = mkostemp(path, O_CLOEXEC);
	if (*fd < 0)
		return errno;
	unlink(path);
	return 0;
}

void tmpfiles_reserve(struct tmpfiles *files, size_t count, bool memory)
{
	files->reserved = true;
	while (!files->err && files->count < count) {
		int *fd = &files->fd[files->count];

		*fd = memory ? memfd_create("e4zero-temporary", MFD_CLOEXEC) : -1;
		files->err = *fd < 0 ? make(fd) : 0;
		files->count += !files->err;
	}
}

void tmpfiles_close(struct tmpfiles *files)
{
	while (files->count)
		close(files->fd[--files->count]);
}

errcode_t tmpfiles_take(struct tmpfiles *files, int *fd)
{
	*fd = -1;
	if (!files || !files->reserved)
		return make(fd);
	for (size_t i = 0; i < files->count; i++)
		if (!atomic_exchange(&files->taken[i], true)) {
			*fd = files->fd[i];
			return 0;
		}
	return files->err ? files->err : EMFILE;
}

void tmpfiles_give(struct tmpfiles *files, int fd)
{
	for (size_t i = 0; files && fd >= 0 && i < files->count; i++)
		if (files->fd[i] == fd) {
			/* its space is the disk's again */
			(void)!ftruncate(fd, 0);
			atomic_store(&files->taken[i], false);
			return;
		}
	if (fd >= 0)
		close(fd);
}
