/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image without a file system in it: blocks to keep the nodes of one map in, each taken, put
 * and dropped once.
 */
#ifndef E4Z_TESTS_UNIT_FAKE_DISK_H
#define E4Z_TESTS_UNIT_FAKE_DISK_H

#include "device/hostfile.h"
#include "image/groups.h"
#include "map-model.h"
#include "tree/tree.h"
#include <unistd.h>

#define DISK_NODES 60000 /* blocks for nodes: 1 and up */

struct disk {
	struct e4z_image img;
	struct struct_ext2_filsys fs;
	struct ext2_super_block super;
	uint8_t raw[256]; /* the inode */
	struct inode inode;
	bool used[DISK_NODES];
	bool dropped[DISK_NODES]; /* since the last emission: not to be taken */
	uint32_t blocks, takes, puts, drops;
	uint32_t fail_take;  /* so many more takes succeed; 0: all */
	struct model *model; /* compared by the walk */
	uint64_t next_lblk;
	uint32_t nodes;
};

static inline errcode_t disk_read(void *arg, uint64_t pblk, void *buf)
{
	struct disk *disk = arg;

	CHECK(pblk < DISK_NODES && disk->used[pblk]);
	return image_read(&disk->img, pblk * disk->img.block_size, disk->img.block_size, buf);
}

static inline errcode_t disk_take(void *arg, uint64_t near, uint64_t *pblk)
{
	struct disk *disk = arg;
	uint64_t at = near && near < DISK_NODES ? near : 1;

	CHECK(!disk->puts);
	if (disk->fail_take && !--disk->fail_take)
		return ENOSPC;
	while (disk->used[at] || disk->dropped[at])
		at = at + 1 < DISK_NODES ? at + 1 : 1;
	disk->used[at] = true;
	disk->blocks++;
	disk->takes++;
	*pblk = at;
	return 0;
}

static inline errcode_t disk_put(void *arg, uint64_t pblk, const void *image)
{
	struct disk *disk = arg;
	size_t size = disk->img.block_size;

	CHECK(pblk < DISK_NODES && disk->used[pblk]);
	CHECK(pwrite(disk->img.dev->fd, image, size, (off_t)(pblk * size)) == (ssize_t)size);
	disk->puts++;
	return 0;
}

static inline errcode_t disk_drop(void *arg, uint64_t pblk)
{
	struct disk *disk = arg;

	CHECK(pblk < DISK_NODES && disk->used[pblk]);
	disk->used[pblk] = false;
	disk->dropped[pblk] = true;
	disk->blocks--;
	disk->drops++;
	return 0;
}

static inline struct tree_sink disk_sink(struct disk *disk)
{
	disk->takes = disk->puts = disk->drops = 0;
	memset(disk->dropped, 0, sizeof(disk->dropped));
	return (struct tree_sink){disk, disk_take, disk_put, disk_drop};
}

static inline bool disk_on_node(void *arg, uint64_t pblk)
{
	struct disk *disk = arg;

	CHECK(pblk < DISK_NODES && disk->used[pblk]);
	disk->nodes++;
	return true;
}

static inline void disk_on_run(void *arg, const struct run *run)
{
	struct disk *disk = arg;
	struct model *m = disk->model;

	for (; disk->next_lblk < run->lblk; disk->next_lblk++)
		CHECK(!m->cell[disk->next_lblk]);
	CHECK(run->lblk + run->len <= m->space);
	for (uint64_t i = 0; i < run->len; i++, disk->next_lblk++)
		CHECK(m->cell[disk->next_lblk] ==
		      ((run->pblk + i) | (run->unwritten ? MODEL_UNWRITTEN : 0)));
}

/* What is on disk is what MODEL says, and there are no other nodes than those. */
static inline void disk_compare(struct disk *disk, struct model *model)
{
	const struct map_sink sink = {.arg = disk, .node = disk_on_node, .run = disk_on_run};
	struct map_work work = {.stop = NULL};
	const char *why;

	disk->model = model;
	disk->next_lblk = 0;
	disk->nodes = 0;
	CHECK(map_work_init(&disk->img, &work) == 0);
	why = map_walk(&disk->img, &work, &disk->inode, &sink);
	if (why)
		fprintf(stderr, "map_walk: %s\n", why);
	CHECK(!why);
	for (; disk->next_lblk < model->space; disk->next_lblk++)
		CHECK(!model->cell[disk->next_lblk]);
	CHECK(disk->nodes == disk->blocks);
	map_work_free(&work);
}

static inline struct disk *disk_new(uint32_t block_size, bool extents)
{
	struct disk *disk = calloc(1, sizeof(*disk));
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	CHECK(disk);
	CHECK(snprintf(path, sizeof(path), "%s/e4zero-test-XXXXXX", dir ? dir : "/tmp") <
	      (int)sizeof(path));
	fd = mkstemp(path);
	CHECK(fd >= 0 && ftruncate(fd, (off_t)block_size * DISK_NODES) == 0);
	CHECK(hostfile_open(path, &disk->img.dev) == 0);
	unlink(path);
	/* the library opens for reading only; the test writes through the same number */
	CHECK(dup2(fd, disk->img.dev->fd) >= 0 && close(fd) == 0);
	disk->super.s_first_data_block = 1;
	disk->fs.super = &disk->super;
	disk->img.fs = &disk->fs;
	disk->img.block_size = block_size;
	disk->img.block_bits = (uint32_t)__builtin_ctz(block_size);
	disk->img.cluster_ratio = 1;
	disk->img.blocks = 1ull << 34;
	disk->img.inode_size = sizeof(disk->raw);
	disk->img.metadata_csum = disk->img.inode_csum = true;
	disk->img.csum_seed = 0x12345678;
	disk->img.metadata = rangeset_new(disk->img.blocks);
	CHECK(disk->img.metadata);
	CHECK(capture_new(disk->img.dev, block_size, &disk->img.view) == 0);
	disk->inode = (struct inode){.ino = 77, .mode = LINUX_S_IFREG, .raw = disk->raw};
	disk->inode.flags = extents ? EXT4_EXTENTS_FL : 0;
	return disk;
}

static inline void disk_free(struct disk *disk)
{
	rangeset_free(disk->img.metadata);
	capture_free(disk->img.view);
	blkdev_close(disk->img.dev);
	free(disk);
}

#endif
