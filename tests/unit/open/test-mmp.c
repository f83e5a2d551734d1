// SPDX-License-Identifier: GPL-2.0-or-later
/* Multiple mount protection below the image: taken, updated by its thread, lost to another host. */
#include "../check.h"
#include "base/bytes.h"
#include "device/hostfile.h"
#include "errors.h"
#include "io/blkdev.h"
#include "open/mmp_state.h"
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#define SIZE (1 << 20)
#define BLOCK 64
#define OFFSET 512 /* of the file system in the file */

static char path[256];
static const uint8_t data[512] = {1};

/* A file system of blocks of 1 KiB, as far as anybody looks here. */
static void make_image(bool csum)
{
	struct ext2_super_block sb = {.s_uuid = "uuid"};
	struct mmp mmp = {.dev = NULL};
	struct mmp_struct raw = {.mmp_nodename = "before"};
	int fd = open(path, O_RDWR | O_TRUNC);

	CHECK(fd >= 0 && ftruncate(fd, SIZE) == 0);
	put_le16(&sb.s_magic, EXT2_SUPER_MAGIC);
	put_le32(&sb.s_feature_incompat, EXT4_FEATURE_INCOMPAT_MMP);
	put_le32(&sb.s_feature_ro_compat, csum ? EXT4_FEATURE_RO_COMPAT_METADATA_CSUM : 0);
	put_le64(&sb.s_mmp_block, BLOCK);
	put_le16(&sb.s_mmp_update_interval, 1);
	CHECK(pwrite(fd, &sb, sizeof(sb), OFFSET + SUPER_OFFSET) == sizeof(sb));
	put_le32(&raw.mmp_magic, EXT4_MMP_MAGIC);
	put_le32(&raw.mmp_seq, EXT4_MMP_SEQ_CLEAN);
	mmp_facts(&mmp, &sb);
	close(fd);
	CHECK(!hostfile_open(path, &mmp.dev) && !blkdev_set_place(mmp.dev, OFFSET, SIZE - OFFSET));
	CHECK(!blkdev_make_writable(mmp.dev) && !mmp_write(&mmp, &raw));
	blkdev_close(mmp.dev);
}

static struct blkdev *open_image(struct mmp **mmp)
{
	const struct e4z_open_options how = {.write = true};
	struct ext2_super_block sb;
	struct blkdev *dev;

	CHECK(!hostfile_open(path, &dev) && !blkdev_set_place(dev, OFFSET, SIZE - OFFSET));
	CHECK(!blkdev_read(dev, SUPER_OFFSET, sizeof(sb), &sb));
	CHECK(mmp_is_on(&sb) && !mmp_open(dev, &sb, &how, mmp));
	CHECK(!blkdev_make_writable(dev) && !mmp_observe(*mmp, dev));
	return dev;
}

static struct mmp_struct now(struct mmp *mmp)
{
	struct mmp_struct raw;

	CHECK(!mmp_read_block(mmp, &raw));
	return raw;
}

/* Taken by the first write, a new number each interval, and at the end as it was. */
static void test_course(bool csum)
{
	struct mmp_struct before, raw;
	struct blkdev *dev;
	struct mmp *mmp;

	make_image(csum);
	dev = open_image(&mmp);
	before = now(mmp);
	CHECK(mmp_is_clean(&before) && !mmp_is_taken(mmp));
	CHECK(!blkdev_write(dev, 4096, sizeof(data), data, "data") && mmp_is_taken(mmp));
	raw = now(mmp);
	CHECK(!mmp_is_clean(&raw));
	while (now(mmp).mmp_seq == raw.mmp_seq)
		sched_yield();
	CHECK(!mmp_release(mmp, false));
	raw = now(mmp);
	CHECK(!memcmp(&raw, &before, sizeof(raw)));
	mmp_close(mmp);
	blkdev_close(dev);
}

/* Another host writes its own: nothing more is written, and its block stays. */
static void test_lost(void)
{
	struct mmp_struct other, raw;
	struct blkdev *dev;
	struct mmp *mmp;

	make_image(true);
	dev = open_image(&mmp);
	CHECK(!blkdev_write(dev, 4096, sizeof(data), data, "data"));
	pthread_mutex_lock(&mmp->lock);
	other = mmp->ours;
	memcpy(other.mmp_nodename, "other", 6);
	CHECK(!mmp_write(mmp, &other));
	/* as if this process had been stopped for long */
	mmp->seen_at -= 60000;
	pthread_mutex_unlock(&mmp->lock);
	CHECK(blkdev_write(dev, 8192, sizeof(data), data, "data") == E4Z_ET_BUSY);
	CHECK(strstr(mmp_why(mmp), "host other"));
	CHECK(mmp_release(mmp, false) == E4Z_ET_BUSY);
	raw = now(mmp);
	CHECK(!memcmp(&raw, &other, sizeof(raw)));
	mmp_close(mmp);
	blkdev_close(dev);
}

/* A write has failed: the block is left as by a host that crashed. */
static void test_broken(void)
{
	struct mmp_struct raw;
	struct blkdev *dev;
	struct mmp *mmp;

	make_image(true);
	dev = open_image(&mmp);
	CHECK(!blkdev_write(dev, 4096, sizeof(data), data, "data"));
	CHECK(blkdev_write(dev, SIZE, sizeof(data), data, "data"));
	CHECK(!mmp_release(mmp, false));
	raw = now(mmp);
	CHECK(!mmp_is_clean(&raw));
	mmp_close(mmp);
	blkdev_close(dev);
}

int main(void)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	CHECK(snprintf(path, sizeof(path), "%s/e4zero-test-mmp-XXXXXX", dir ? dir : "/tmp") <
	      (int)sizeof(path));
	fd = mkstemp(path);
	CHECK(fd >= 0);
	close(fd);
	test_course(false);
	test_course(true);
	test_lost();
	test_broken();
	unlink(path);
	return 0;
}
