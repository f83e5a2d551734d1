// SPDX-License-Identifier: GPL-2.0-or-later
// What it takes without e4zero: every file's tail is zeroed through a mounted kernel.
/* FALLOC_FL_ZERO_RANGE from EOF to the end of its block, for all regular files of a directory. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <linux/falloc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int zero_tail(const FTSENT *e, uint64_t *count)
{
	off_t size = e->fts_statp->st_size, tail = -size & (e->fts_statp->st_blksize - 1);
	int fd, bad = 0;

	if (!tail)
		return 0;
	fd = open(e->fts_accpath, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return 1;
	/* not every kind of file has such a range */
	if (fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, size, tail) == 0)
		++*count;
	else
		bad = errno != EOPNOTSUPP;
	return close(fd) || bad;
}

int main(int argc, char **argv)
{
	uint64_t count = 0;
	FTS *fts;
	FTSENT *e;

	if (argc != 2) {
		fputs("usage: zero-tails DIRECTORY\n", stderr);
		return 16;
	}
	fts = fts_open(argv + 1, FTS_PHYSICAL | FTS_XDEV, NULL);
	while (fts && (e = fts_read(fts)))
		if (e->fts_info == FTS_F && zero_tail(e, &count)) {
			fprintf(stderr, "zero-tails: %s: %s\n", e->fts_path, strerror(errno));
			return 8;
		}
	if (!fts || errno)
		return 8;
	printf("%" PRIu64 " tails zeroed\n", count);
	return fts_close(fts) ? 8 : 0;
}
