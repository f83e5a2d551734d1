// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each sign is seen at its place, in an image that ends just after the last one and in a larger
 * one, and nothing else is; every type that the libblkid at hand knows is ext or has a sign.
 */
#include "../check.h"
#include "device/hostfile.h"
#include "probe/signatures.h"
#include <blkid/blkid.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct blkdev *open_blank(uint64_t size, int *fd)
{
	struct blkdev *dev;
	char path[64];

	*fd = memfd_create("image", MFD_CLOEXEC);
	if (*fd < 0) {
		fprintf(stderr, "test-signatures: SKIP: no memory file: %s\n", strerror(errno));
		exit(77);
	}
	CHECK(ftruncate(*fd, (off_t)size) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	CHECK(hostfile_open(path, &dev) == 0);
	return dev;
}

static bool is_absent(const struct signatures *found, const char *name)
{
	for (size_t i = 0; found->absent[i]; i++)
		if (!strcmp(found->absent[i], name))
			return true;
	return false;
}

static bool is_known_here(const char *type)
{
	const char *name;

	for (size_t i = 0; !blkid_superblocks_get_name(i, &name, NULL); i++)
		if (!strcmp(name, type))
			return true;
	return false;
}

static void test_blank(struct blkdev *dev)
{
	struct signatures found;
	const char *name;

	signatures_look(dev, &found);
	CHECK(!found.others);
	for (size_t i = 0; !blkid_superblocks_get_name(i, &name, NULL); i++)
		CHECK(is_absent(&found, name) || !strncmp(name, "ext", 3) || !strcmp(name, "jbd"));
}

static void test_sign(struct blkdev *dev, int fd, const struct sign *sign)
{
	off_t at = sign->at < 0 ? (off_t)dev->len + sign->at : sign->at;
	const char *type = sign_names[sign->type];
	static const char zeros[sizeof(sign->mark)];
	struct signatures found;

	if (!is_known_here(type))
		return;
	CHECK(pwrite(fd, sign->mark, sign->len, at) == sign->len);
	signatures_look(dev, &found);
	CHECK(found.others);
	CHECK(!is_absent(&found, type));
	CHECK(is_absent(&found, strcmp(type, "xfs") != 0 ? "xfs" : "minix"));
	CHECK(pwrite(fd, zeros, sign->len, at) == sign->len);
}

static void test_all(uint64_t size)
{
	int fd;
	struct blkdev *dev = open_blank(size, &fd);

	test_blank(dev);
	for (size_t i = 0; i < sign_count; i++)
		test_sign(dev, fd, &signs[i]);
	test_blank(dev);
	blkdev_close(dev);
	close(fd);
}

/* Where an end is no sector's, libblkid is asked for all. */
static void test_odd(void)
{
	struct signatures found;
	int fd;
	struct blkdev *dev = open_blank((64 << 10) + 1, &fd);

	signatures_look(dev, &found);
	CHECK(found.others && !*found.absent);
	blkdev_close(dev);
	close(fd);
}

static void test_tables(void)
{
	int fd;
	struct blkdev *dev = open_blank(1 << 20, &fd);

	CHECK(!signatures_table(dev));
	CHECK(pwrite(fd, "\x55\xaa", 2, 510) == 2);
	CHECK(signatures_table(dev));
	blkdev_close(dev);
	close(fd);
}

int main(void)
{
	test_all((4 << 20) + 512);
	test_all(64 << 20);
	test_odd();
	test_tables();
	return 0;
}
