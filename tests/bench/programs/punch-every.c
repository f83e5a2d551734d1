// SPDX-License-Identifier: GPL-2.0-or-later
// Punches every other block of 4 KiB out of a file, the first of each two, by fallocate(2).
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		perror("punch-every: open");
		return 1;
	}
	for (off_t off = 0; off < st.st_size; off += 8192)
		if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, 4096)) {
			perror("punch-every: fallocate");
			return 1;
		}
	return fsync(fd) || close(fd);
}
