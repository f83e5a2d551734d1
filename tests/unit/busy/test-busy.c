// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who else has the image, on hosts that are made up of files: device-mapper, md, swap, partitions,
 * network block devices, loop devices of another mount namespace, a host that says nothing.
 */
#include "../check.h"
#include "busy/busy.h"
#include "busy/lock.h"
#include "device/hostfile.h"
#include "device/hostfile_write.h"
#include "errors.h"
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MIB 1048576ULL

static char root[64], sys[96], proc[96];
static const struct host made = {.sys = sys, .proc = proc};

/* A file below the made-up root, with the directories to it. */
static void __attribute__((format(printf, 2, 3))) put(const char *content, const char *format, ...)
{
	char path[512];
	size_t len = strlen(root) + 1;
	va_list ap;
	FILE *f;

	va_start(ap, format);
	snprintf(path, sizeof(path), "%s/", root);
	vsnprintf(path + len, sizeof(path) - len, format, ap);
	va_end(ap);
	for (char *slash = path + len; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		(void)mkdir(path, 0755);
	}
	if (path[strlen(path) - 1] == '/')
		return;
	f = fopen(path, "we");
	CHECK(f);
	CHECK(fputs(content, f) >= 0 && fclose(f) == 0);
}

static void put_number(uint64_t number, const char *name, const char *leaf)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu\n", (unsigned long long)number);
	put(text, "sys/class/block/%s/%s", name, leaf);
}

/* /sys/block, /sys/dev/block and /sys/class/block have links in truth; only their names count. */
static void put_device(const char *name, const char *disk, unsigned minor_no, uint64_t bytes)
{
	char text[32], link[256], target[256];

	snprintf(text, sizeof(text), "259:%u\n", minor_no);
	put(text, "sys/class/block/%s/dev", name);
	put_number(bytes / 512, name, "size");
	put("", "sys/class/block/%s/holders/", name);
	put("", "sys/dev/block/");
	snprintf(link, sizeof(link), "%s/dev/block/259:%u", sys, minor_no);
	snprintf(target, sizeof(target), "../../devices/block/%s%s%s", disk, *disk ? "/" : "",
		 name);
	CHECK(symlink(target, link) == 0);
	if (!*disk)
		put("", "sys/block/%s", name);
}

static void put_partition(const char *disk, int number, unsigned minor_no, uint64_t start,
			  uint64_t bytes)
{
	char name[32], text[32];

	snprintf(name, sizeof(name), "%s%d", disk, number);
	snprintf(text, sizeof(text), "%d\n", number);
	put_device(name, disk, minor_no, bytes);
	put_number((uint64_t)number, name, "partition");
	put_number(start / 512, name, "start");
	put(text, "sys/class/block/%s/%s/partition", disk, name);
}

static int unlink_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static void remove_host(void)
{
	nftw(root, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A disk with two partitions, and nothing in use. */
static void new_host(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(root, sizeof(root), "%.40s/test-busy.XXXXXX", tmp ? tmp : "/tmp");
	CHECK(mkdtemp(root));
	snprintf(sys, sizeof(sys), "%s/sys", root);
	snprintf(proc, sizeof(proc), "%s/proc", root);
	put("22 1 0:21 / /proc rw - proc proc rw\n", "proc/self/mountinfo");
	put("Filename Type Size Used Priority\n", "proc/swaps");
	put("", "sys/block/");
	put("", "sys/class/bdi/");
	put_device("sda", "", 0, 100 * MIB);
	put_partition("sda", 1, 1, 1 * MIB, 49 * MIB);
	put_partition("sda", 2, 2, 50 * MIB, 50 * MIB);
}

static struct busy look_at(unsigned minor_no, uint64_t base, uint64_t len)
{
	static const struct blkdev_ops nowhere = {.hold = hostfile_hold};
	struct blkdev dev = {.path = (char *)(uintptr_t) "/nowhere/device",
			     .ops = &nowhere,
			     .fd = -1,
			     .is_block = true,
			     .dev = makedev(259, minor_no),
			     .size = 100 * MIB,
			     .base = base,
			     .len = len};
	struct busy busy;

	busy_look(&made, &dev, true, &busy);
	return busy;
}

static void expect(struct busy busy, const char *who)
{
	if (busy.mounted != (who[0] != '\0') || !strstr(busy.who, who)) {
		fprintf(stderr, "mounted %d: \"%s\", wanted \"%s\"\n", busy.mounted, busy.who, who);
		exit(1);
	}
	CHECK(!busy.attached);
}

static bool doubts(const struct busy *busy, const char *what)
{
	for (unsigned i = 0; i < busy->doubt_count; i++)
		if (strstr(busy->doubts[i], what))
			return true;
	return false;
}

static void test_idle(void)
{
	struct busy busy;

	new_host();
	busy = look_at(0, 50 * MIB, 50 * MIB);
	expect(busy, "");
	CHECK(busy.doubt_count == 0);
	busy = look_at(2, 0, 50 * MIB);
	expect(busy, "");
	CHECK(busy.doubt_count == 0);
	remove_host();
}

/* What has a partition has the part of the disk that it is, and nothing else of it. */
static void test_holders(const char *holder)
{
	new_host();
	put_device(holder, "", 8, 50 * MIB);
	put("", "sys/class/block/sda2/holders/%s", holder);
	put("", "sys/class/block/%s/slaves/sda2", holder);
	expect(look_at(2, 0, 50 * MIB), holder);
	expect(look_at(0, 50 * MIB, 50 * MIB), holder);
	expect(look_at(0, 99 * MIB, 1 * MIB), holder);
	expect(look_at(0, 1 * MIB, 49 * MIB), "");
	expect(look_at(1, 0, 49 * MIB), "");
	/* the one that holds is not held by itself */
	expect(look_at(8, 0, 50 * MIB), "");
	/* nor by another volume that is on the same slave */
	put("", "sys/class/block/sda2/holders/dm-7");
	expect(look_at(8, 0, 50 * MIB), "");
	/* but it is in use where its slave is mounted */
	put("40 1 259:2 / /mnt\\040two rw shared:1 - ext4 /dev/sda2 rw\n", "proc/self/mountinfo");
	expect(look_at(8, 0, 50 * MIB), "/dev/sda2 on /mnt two");
	remove_host();
}

static void test_mounts(void)
{
	new_host();
	put("40 1 259:0 / /whole rw master:3 shared:1 - ext4 /dev/sda rw\n", "proc/self/mountinfo");
	expect(look_at(1, 0, 49 * MIB), "/dev/sda on /whole");
	put("40 1 259:1 / /a\nnot a line\n41 1 259:2 / /b rw - ext4 /dev/sda2 rw\n",
	    "proc/self/mountinfo");
	expect(look_at(1, 0, 49 * MIB), "");
	expect(look_at(0, 50 * MIB, 1 * MIB), "/dev/sda2 on /b");
	put("", "proc/self/mountinfo");
	put("", "sys/fs/ext4/sda1");
	expect(look_at(0, 0, 100 * MIB), "/dev/sda1 in another mount namespace");
	remove_host();
}

/* A loop device over PATH, which only sysfs tells of. */
static void put_loop(const char *path, uint64_t off, uint64_t bytes)
{
	put_device("loop9", "", 90, bytes);
	put(path, "sys/class/block/loop9/loop/backing_file");
	put_number(off, "loop9", "loop/offset");
	put_number(0, "loop9", "loop/sizelimit");
}

static struct busy look_at_file(const char *path, bool edit)
{
	struct blkdev *dev;
	struct busy busy;

	CHECK(hostfile_open(path, &dev) == 0);
	busy_look(&made, dev, edit, &busy);
	blkdev_close(dev);
	return busy;
}

static void test_loops(void)
{
	char image[128], other[128];
	struct busy busy;

	new_host();
	put("", "image");
	put("", "other");
	snprintf(image, sizeof(image), "%s/image", root);
	snprintf(other, sizeof(other), "%s/other", root);
	CHECK(truncate(image, 8 * MIB) == 0 && truncate(other, 4 * MIB) == 0);
	put_loop(image, 1 * MIB, 7 * MIB);
	busy = look_at_file(image, true);
	CHECK(busy.attached && !busy.mounted && !strcmp(busy.who, "/dev/loop9"));
	CHECK(busy.doubt_count == 0);
	busy = look_at_file(other, true);
	CHECK(!busy.attached && busy.doubt_count == 0);
	/* the path is one of another mount namespace: here another file is there, or none */
	put_number(16 * MIB / 512, "loop9", "size");
	busy = look_at_file(other, true);
	CHECK(!busy.attached && doubts(&busy, "backing file of /dev/loop9"));
	put("/nowhere", "sys/class/block/loop9/loop/backing_file");
	busy = look_at_file(other, true);
	CHECK(!busy.attached && doubts(&busy, "backing file of /dev/loop9"));
	/* a check leaves out what somebody else's device may be */
	busy = look_at_file(other, false);
	CHECK(!busy.attached && busy.doubt_count == 0);
	remove_host();
}

static void test_nbd(void)
{
	struct busy busy;

	new_host();
	put_device("nbd0", "", 30, 50 * MIB);
	busy = look_at(2, 0, 50 * MIB);
	CHECK(busy.doubt_count == 0);
	put("4711\n", "sys/class/block/nbd0/pid");
	busy = look_at(2, 0, 50 * MIB);
	expect(busy, "");
	CHECK(doubts(&busy, "what /dev/nbd0 shows"));
	/* the device itself is what was given */
	busy = look_at(30, 0, 50 * MIB);
	CHECK(busy.doubt_count == 0);
	remove_host();
}

/* NAME is SPELT so in /proc. */
static void test_swap(const char *name, const char *spelt)
{
	char image[128], line[256];
	struct busy busy;

	new_host();
	put("", "%s", name);
	snprintf(image, sizeof(image), "%s/%s", root, name);
	snprintf(line, sizeof(line), "Filename Type\n%s/%s file 4092 0 -2\n", root, spelt);
	CHECK(truncate(image, 4 * MIB) == 0);
	put(line, "proc/swaps");
	busy = look_at_file(image, true);
	CHECK(busy.mounted && strstr(busy.who, "image is swap space"));
	CHECK(!strcmp(busy.how, "the image is in use"));
	remove_host();
}

static void test_nothing_said(void)
{
	struct busy busy;

	new_host();
	busy = look_at(77, 0, 50 * MIB);
	CHECK(doubts(&busy, "sysfs does not know the device"));
	remove_host();
	busy = look_at_file("/proc/self/exe", false);
	CHECK(doubts(&busy, "sysfs is not available"));
	CHECK(doubts(&busy, "mount table cannot be read"));
}

/* A mount that cannot be asked, of an image whose name has a tab and a newline in it. */
static void test_fuse_doubt(void)
{
	char image[128];
	struct busy busy;

	new_host();
	snprintf(image, sizeof(image), "%s/im\tage\n", root);
	put("", "im\tage\n");
	put("50 1 0:50 / /nowhere rw - fuse.fuse2fs im\\011age\\012 rw\n", "proc/self/mountinfo");
	busy = look_at_file(image, true);
	CHECK(doubts(&busy, "FUSE mount of \"im?age?\" on /nowhere"));
	remove_host();
}

/* Whoever has the lock is named, this process too. */
static void test_lock(void)
{
	struct blkdev *dev[2];
	char image[128], why[256], note[256];

	new_host();
	put("", "image");
	snprintf(image, sizeof(image), "%s/image", root);
	for (int i = 0; i < 2; i++)
		CHECK(hostfile_open(image, &dev[i]) == 0);
	CHECK(lock_take(dev[0], true, why, sizeof(why), note, sizeof(note)) == 0);
	CHECK(lock_take(dev[1], true, why, sizeof(why), note, sizeof(note)) == E4Z_ET_BUSY);
	CHECK(!strcmp(why, "this process has locked the image already"));
	blkdev_close(dev[0]);
	CHECK(lock_take(dev[1], true, why, sizeof(why), note, sizeof(note)) == 0);
	blkdev_close(dev[1]);
	remove_host();
}

int main(void)
{
	test_idle();
	test_holders("dm-0");
	test_holders("md127");
	test_mounts();
	test_loops();
	test_nbd();
	test_swap("image", "image");
	test_swap("an image", "an\\040image");
	test_nothing_said();
	test_fuse_doubt();
	test_lock();
	return 0;
}
