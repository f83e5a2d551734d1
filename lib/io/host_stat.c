// SPDX-License-Identifier: GPL-2.0-or-later
// Asks statx(2), whose times have 64 bits, where fstatat(2) cannot answer.
#include "io/host_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#ifdef HAVE_STATX
static int ask_statx(int dir, const char *path, struct stat *st, int flags)
{
	struct statx x;

	if (statx(dir, path, flags, STATX_BASIC_STATS, &x) < 0)
		return -1;
	memset(st, 0, sizeof(*st));
	st->st_mode = x.stx_mode;
	st->st_nlink = x.stx_nlink;
	st->st_uid = x.stx_uid;
	st->st_gid = x.stx_gid;
	st->st_dev = makedev(x.stx_dev_major, x.stx_dev_minor);
	st->st_rdev = makedev(x.stx_rdev_major, x.stx_rdev_minor);
	st->st_ino = (ino_t)x.stx_ino;
	st->st_size = (off_t)x.stx_size;
	st->st_blocks = (blkcnt_t)x.stx_blocks;
	st->st_blksize = (blksize_t)x.stx_blksize;
	return 0;
}
#endif

int host_fstatat(int dir, const char *path, struct stat *st, int flags)
{
	int rc = fstatat(dir, path, st, flags);

#ifdef HAVE_STATX
	if (rc < 0 && errno == EOVERFLOW)
		rc = ask_statx(dir, path, st, flags);
#endif
	return rc;
}

int host_peek(int dir, const char *name, struct stat *st)
{
#if defined(HAVE_STATX) && defined(AT_STATX_DONT_SYNC)
	return ask_statx(dir, name, st, AT_STATX_DONT_SYNC);
#else
	return host_fstatat(dir, name, st, 0);
#endif
}

int host_stat(const char *path, struct stat *st)
{
	return host_fstatat(AT_FDCWD, path, st, 0);
}

int host_fstat(int fd, struct stat *st)
{
	return host_fstatat(fd, "", st, AT_EMPTY_PATH);
}
