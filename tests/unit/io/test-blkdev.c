// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A host that takes the right to write away: before the image is opened for writing it is refused,
 * afterwards the first write or zeroing fails and nothing counts as written.
 */
#include "../check.h"
#include "device/hostfile.h"
#include "io/blkdev.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE 262144

/* A memory file of SIZE bytes that may be sealed, and its name. */
static int memory_file(char *path, size_t size)
{
	int fd = memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0) {
		fprintf(stderr, "test-blkdev: SKIP: no memory file: %s\n", strerror(errno));
		exit(77);
	}
	CHECK(ftruncate(fd, SIZE) == 0);
	snprintf(path, size, "/proc/self/fd/%d", fd);
	return fd;
}

static void test_sealed(int seal)
{
	struct blkdev *dev;
	char path[64];
	int fd = memory_file(path, sizeof(path));

	CHECK(hostfile_open(path, &dev) == 0);
	CHECK(fcntl(fd, F_ADD_SEALS, seal) == 0);
	CHECK(blkdev_make_writable(dev) == EROFS);
	CHECK(dev->write_fd < 0);
	blkdev_close(dev);
	close(fd);
}

/* Sealed when it is open for writing already. */
static void test_sealed_later(bool zero, bool wrote)
{
	struct blkdev *dev;
	errcode_t err;
	char path[64];
	int fd = memory_file(path, sizeof(path));

	CHECK(hostfile_open(path, &dev) == 0);
	CHECK(blkdev_make_writable(dev) == 0);
	if (wrote)
		CHECK(blkdev_write(dev, 4096, 4, "abcd", "home") == 0);
	CHECK(dev->touched == wrote);
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0);
	err = zero ? blkdev_zero(dev, 0, SIZE, "home") : blkdev_write(dev, 0, 4, "efgh", "home");
	CHECK(err == EPERM);
	CHECK(dev->touched == wrote);
	CHECK(blkdev_sync(dev, "home") == EPERM);
	CHECK(dev->touched == wrote);
	blkdev_close(dev);
	close(fd);
}

int main(void)
{
	test_sealed(F_SEAL_WRITE);
	test_sealed(F_SEAL_FUTURE_WRITE);
	for (int i = 0; i < 4; i++)
		test_sealed_later(i & 1, i & 2);
	return 0;
}
