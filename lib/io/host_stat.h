/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stat(2) where a time stamp may be later than the host's time_t can say: with one of 32 bits such
 * a file has no size and no identity for fstat(2), EOVERFLOW. The three stamps are of no use here.
 */
#ifndef E4Z_IO_HOST_STAT_H
#define E4Z_IO_HOST_STAT_H

#include <sys/stat.h>

/* As fstatat(2); 0, or -1 with errno. st_atime, st_mtime and st_ctime may be 0. */
int host_fstatat(int dir, const char *path, struct stat *st, int flags);

/* As stat(2) and fstat(2). */
int host_stat(const char *path, struct stat *st);
int host_fstat(int fd, struct stat *st);

/*
 * What this host knows of NAME in DIR without asking a server, FUSE's or NFS's, that may never
 * answer: type, device and number are right, size and blocks may be of an earlier moment.
 */
int host_peek(int dir, const char *name, struct stat *st);

#endif
