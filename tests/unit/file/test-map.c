// SPDX-License-Identifier: GPL-2.0-or-later
// file/map: extent trees and indirect maps made by hand, whole and damaged in every rule of
// doc/findings.md.
#include "device/hostfile.h"
#include "file/map.h"

#include "../check.h"
#include "image/groups.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BS 1024
#define BLOCKS 4096
#define META 3000 /* a block of static metadata */

static uint8_t disk[BLOCKS][BS];
static struct e4z_image img;
static struct struct_ext2_filsys fs;
static struct ext2_super_block super;

struct seen {
	struct run runs[128];
	size_t count, batches;
	uint64_t nodes[64];
	size_t node_count;
};

static bool on_node(void *arg, uint64_t pblk)
{
	struct seen *seen = arg;

	for (size_t i = 0; i < seen->node_count; i++)
		if (seen->nodes[i] == pblk)
			return false;
	CHECK(seen->node_count < 64);
	seen->nodes[seen->node_count++] = pblk;
	return true;
}

static void on_run(void *arg, const struct run *run)
{
	struct seen *seen = arg;

	CHECK(seen->count < 128);
	seen->runs[seen->count++] = *run;
}

static void on_runs(void *arg, const struct run *run, size_t count)
{
	struct seen *seen = arg;

	CHECK(count && count <= MAP_BATCH);
	seen->batches++;
	for (size_t i = 0; i < count; i++)
		on_run(arg, &run[i]);
}

static void put16(uint8_t *p, unsigned n)
{
	p[0] = (uint8_t)n;
	p[1] = (uint8_t)(n >> 8);
}

static void put32(uint8_t *p, uint32_t n)
{
	put16(p, n & 0xffff);
	put16(p + 2, n >> 16);
}

static void header(uint8_t *node, unsigned entries, unsigned max, unsigned depth)
{
	put16(node, 0xf30a);
	put16(node + 2, entries);
	put16(node + 4, max);
	put16(node + 6, depth);
}

static void extent(uint8_t *node, unsigned i, uint32_t lblk, unsigned len, uint32_t pblk)
{
	put32(node + 12 + i * 12, lblk);
	put16(node + 12 + i * 12 + 4, len);
	put32(node + 12 + i * 12 + 8, pblk);
}

static void child(uint8_t *node, unsigned i, uint32_t lblk, uint32_t pblk)
{
	put32(node + 12 + i * 12, lblk);
	put32(node + 12 + i * 12 + 4, pblk);
}

static void is_run(const struct run *run, uint64_t lblk, uint64_t len, uint64_t pblk,
		   bool unwritten)
{
	CHECK(run->lblk == lblk && run->len == len && run->pblk == pblk &&
	      run->unwritten == unwritten);
}

/* A block alone is found where the walk found it; without damage, none is found in a hole. */
static void check_find(struct map_work *work, const struct inode *inode, const struct seen *seen,
		       bool sound)
{
	uint64_t next = 0;

	for (size_t i = 0; i < seen->count; i++) {
		const struct run *run = &seen->runs[i];
		uint64_t last = run->len - 1;

		CHECK(map_find(&img, work, inode, run->lblk) == (run->unwritten ? 0 : run->pblk));
		CHECK(map_find(&img, work, inode, run->lblk + last) ==
		      (run->unwritten ? 0 : run->pblk + last));
		if (sound && run->lblk > next)
			CHECK(!map_find(&img, work, inode, next) &&
			      !map_find(&img, work, inode, run->lblk - 1));
		next = run->lblk + run->len;
	}
	CHECK(!sound || !map_find(&img, work, inode, next));
}

/* Write the blocks out, walk the inode at RAW: extents one by one and in batches are the same. */
static const char *walk(uint8_t *raw, uint32_t flags, struct seen *seen)
{
	struct inode inode = {.ino = 12, .mode = LINUX_S_IFREG, .flags = flags, .raw = raw};
	struct seen single = {.count = 0};
	const struct map_sink one = {.arg = &single, .node = on_node, .run = on_run};
	const struct map_sink many = {.arg = seen, .node = on_node, .runs = on_runs};
	struct map_work work = {.stop = NULL};
	const char *why;

	memset(seen, 0, sizeof(*seen));
	CHECK(pwrite(img.dev->fd, disk, sizeof(disk), 0) == (ssize_t)sizeof(disk));
	CHECK(map_work_init(&img, &work) == 0);
	why = map_walk(&img, &work, &inode, &one);
	CHECK(map_walk(&img, &work, &inode, &many) == why);
	CHECK(seen->count == single.count && seen->node_count == single.node_count);
	for (size_t i = 0; i < single.count; i++)
		is_run(&seen->runs[i], single.runs[i].lblk, single.runs[i].len, single.runs[i].pblk,
		       single.runs[i].unwritten);
	check_find(&work, &inode, &single, !why);
	map_work_free(&work);
	return why;
}

static bool says(const char *why, const char *what)
{
	return why && strstr(why, what);
}

static void test_shallow(void)
{
	uint8_t raw[256] = {0}, *root = raw + INODE_I_BLOCK;
	struct seen seen;

	header(root, 3, 4, 0);
	extent(root, 0, 0, 10, 100);
	extent(root, 1, 10, 32768 + 5, 200);
	extent(root, 2, 4000000000u, 1, 50);
	CHECK(!walk(raw, EXT4_EXTENTS_FL, &seen) && seen.count == 3);
	is_run(&seen.runs[0], 0, 10, 100, false);
	is_run(&seen.runs[1], 10, 5, 200, true);
	is_run(&seen.runs[2], 4000000000u, 1, 50, false);

	extent(root, 1, 9, 5, 200);
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "order") && seen.count == 2);
	extent(root, 1, 10, 0, 200);
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "empty") && seen.count == 2);
	extent(root, 1, 10, 5, BLOCKS - 4);
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "outside") && seen.count == 2);
	extent(root, 1, 10, 5, BLOCKS - 5);
	CHECK(!walk(raw, EXT4_EXTENTS_FL, &seen) && seen.count == 3);
	extent(root, 1, 10, 5, 0);
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "outside"));
	extent(root, 1, 10, 5, META - 4);
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "metadata") && seen.count == 2);
	extent(root, 1, 10, 5, META - 5);
	extent(root, 2, 0xffffffffu, 1, 50);
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "order"));
	extent(root, 2, 0xfffffffeu, 1, 50);
	CHECK(!walk(raw, EXT4_EXTENTS_FL, &seen));
	header(root, 5, 4, 0);
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "header") && !seen.count);
	header(root, 3, 5, 0);
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "header"));
	header(root, 3, 4, 6);
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "header"));
	root[0] = 0;
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "header"));
}

static void test_deep(void)
{
	uint8_t raw[256] = {0}, *root = raw + INODE_I_BLOCK;
	struct seen seen;

	memset(disk, 0, sizeof(disk));
	header(root, 2, 4, 2);
	child(root, 0, 0, 10);
	child(root, 1, 1000, 11);
	header(disk[10], 2, 84, 1);
	child(disk[10], 0, 0, 20);
	child(disk[10], 1, 500, 21);
	header(disk[11], 1, 84, 1);
	child(disk[11], 0, 1000, 22);
	for (unsigned i = 0; i < 3; i++) {
		header(disk[20 + i], 1, 84, 0);
		extent(disk[20 + i], 0, i * 500, 500, 600 + i * 500);
	}
	CHECK(!walk(raw, EXT4_EXTENTS_FL, &seen) && seen.count == 3 && seen.node_count == 5);
	is_run(&seen.runs[2], 1000, 500, 1600, false);

	/* a leaf that reaches into its neighbour's range loses that extent, and nothing else */
	extent(disk[20], 0, 0, 501, 600);
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "order") && seen.count == 2);
	extent(disk[20], 0, 0, 500, 600);
	header(disk[21], 1, 84, 1);
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "depth") && seen.count == 2);
	header(disk[21], 1, 85, 0);
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "header") && seen.count == 2);
	header(disk[21], 1, 84, 0);
	child(disk[11], 0, 1000, META);
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "metadata") && seen.count == 2);
	child(disk[11], 0, 1000, BLOCKS);
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "outside") && seen.count == 2);
	child(disk[11], 0, 999, 22);
	CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "order"));
	/* a loop: the sink has seen the block and refuses */
	child(disk[11], 0, 1000, 20);
	walk(raw, EXT4_EXTENTS_FL, &seen);
	CHECK(seen.count == 2 && seen.node_count == 4);
}

static void test_indirect(void)
{
	uint8_t raw[256] = {0}, *map = raw + INODE_I_BLOCK;
	const uint32_t n = BS / 4;
	struct seen seen;

	memset(disk, 0, sizeof(disk));
	for (unsigned i = 0; i < 12; i++)
		put32(map + i * 4, 100 + i);
	put32(map + 3 * 4, 0);
	put32(map + 48, 200);
	put32(map + 52, 201);
	put32(map + 56, 202);
	put32(disk[200], 112);
	put32(disk[200] + (n - 1) * 4, 300);
	put32(disk[201] + 5 * 4, 203);
	put32(disk[203] + 7 * 4, 301);
	put32(disk[202] + 4, 204);
	put32(disk[204] + 8, 205);
	put32(disk[205] + 12, 302);
	CHECK(!walk(raw, 0, &seen) && seen.count == 5 && seen.node_count == 6);
	is_run(&seen.runs[0], 0, 3, 100, false);
	is_run(&seen.runs[1], 4, 9, 104, false);
	is_run(&seen.runs[2], 12 + n - 1, 1, 300, false);
	is_run(&seen.runs[3], 12 + n + 5 * n + 7, 1, 301, false);
	is_run(&seen.runs[4], 12 + n + n * n + n * n + 2 * n + 3, 1, 302, false);

	put32(map + 2 * 4, META);
	CHECK(says(walk(raw, 0, &seen), "metadata") && seen.count == 5);
	is_run(&seen.runs[0], 0, 2, 100, false);
	/* the neighbours of an invalid block, on both sides of it, are claimed */
	put32(map + 1 * 4, META - 1);
	put32(map + 3 * 4, META + 1);
	CHECK(says(walk(raw, 0, &seen), "metadata") && seen.count == 7);
	is_run(&seen.runs[1], 1, 1, META - 1, false);
	is_run(&seen.runs[2], 3, 1, META + 1, false);
	put32(map + 1 * 4, 101);
	put32(map + 3 * 4, 0);
	put32(map + 2 * 4, 102);
	put32(disk[203] + 7 * 4, BLOCKS);
	CHECK(says(walk(raw, 0, &seen), "outside") && seen.count == 4);
	put32(disk[203] + 7 * 4, 301);
	put32(map + 56, 201);
	CHECK(!walk(raw, 0, &seen) && seen.count == 4 && seen.node_count == 3);
}

/* Leaves of more extents than a batch: none is lost at its end, and none that is damaged counts. */
static void test_batches(void)
{
	unsigned n = (BS - 12) / 12;
	uint8_t raw[256] = {0}, *root = raw + INODE_I_BLOCK;
	struct seen seen;

	CHECK(n > MAP_BATCH + 2 && n < 2 * MAP_BATCH);
	header(root, 1, 4, 1);
	child(root, 0, 0, 400);
	for (unsigned count = MAP_BATCH - 1; count <= n; count++) {
		header(disk[400], count, n, 0);
		for (unsigned i = 0; i < count; i++)
			extent(disk[400], i, 2 * i, 1, 500 + i);
		CHECK(!walk(raw, EXT4_EXTENTS_FL, &seen) && seen.count == count);
		CHECK(seen.batches == (count + MAP_BATCH - 1) / MAP_BATCH);
		for (unsigned i = 0; i < count; i++)
			is_run(&seen.runs[i], 2 * i, 1, 500 + i, false);
		for (unsigned i = MAP_BATCH - 2; i < count; i++) {
			extent(disk[400], i, 2 * i, 1, META);
			CHECK(says(walk(raw, EXT4_EXTENTS_FL, &seen), "metadata"));
			CHECK(seen.count == count - 1);
			extent(disk[400], i, 2 * i, 1, 500 + i);
		}
	}
}

int main(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	CHECK(snprintf(path, sizeof(path), "%s/e4zero-test-map-XXXXXX", dir ? dir : "/tmp") <
	      (int)sizeof(path));
	fd = mkstemp(path);
	CHECK(fd >= 0 && ftruncate(fd, sizeof(disk)) == 0);
	CHECK(hostfile_open(path, &img.dev) == 0);
	unlink(path);
	/* the library opens for reading only; the test writes through the same number */
	CHECK(dup2(fd, img.dev->fd) >= 0 && close(fd) == 0);
	CHECK(capture_new(img.dev, BS, &img.view) == 0);
	super.s_first_data_block = 1;
	fs.super = &super;
	img.fs = &fs;
	img.block_size = BS;
	img.block_bits = 10;
	img.cluster_ratio = 1;
	img.blocks = BLOCKS;
	img.inode_size = 256;
	img.metadata = rangeset_new(BLOCKS);
	CHECK(img.metadata && rangeset_add(img.metadata, META, 1, NULL) == 0);
	test_shallow();
	test_deep();
	test_batches();
	test_indirect();
	rangeset_free(img.metadata);
	capture_free(img.view);
	blkdev_close(img.dev);
	return 0;
}
