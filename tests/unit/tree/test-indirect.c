// SPDX-License-Identifier: GPL-2.0-or-later
// tree/indirect: random edits on indirect maps of every level, read again after every emission.
#include "fake-disk.h"

#include "tree/indirect.h"

struct bench {
	struct disk *disk;
	struct indirect *map;
	struct extents *list;
	struct model m;
};

static struct tree_plan emit(struct bench *b)
{
	struct tree_sink sink = disk_sink(b->disk);
	struct tree_plan plan;

	CHECK(indirect_plan(b->map, b->list, &plan) == 0);
	CHECK(indirect_emit(b->map, b->list, &sink, b->disk->raw + INODE_I_BLOCK) == 0);
	CHECK(b->disk->takes == plan.takes && b->disk->drops == plan.drops);
	CHECK(b->disk->puts == plan.writes && indirect_blocks(b->map) == b->disk->blocks);
	disk_compare(b->disk, &b->m);
	model_save(&b->m);
	return plan;
}

static void reload(struct bench *b)
{
	struct extents *list = extents_new();
	struct indirect *map;

	CHECK(list);
	CHECK(indirect_load(b->disk->img.block_size, b->disk->raw + INODE_I_BLOCK, disk_read,
			    b->disk, list, &map) == 0);
	model_compare(&b->m, list);
	extents_free(b->list);
	indirect_free(b->map);
	b->list = list;
	b->map = map;
}

static void bench_open(struct bench *b, uint32_t block_size, uint32_t space, uint64_t seed)
{
	*b = (struct bench){.disk = disk_new(block_size, false), .list = extents_new()};
	model_init(&b->m, space, 1 << 20, true, seed);
	b->map = indirect_new(block_size);
	CHECK(b->map && b->list);
	CHECK(emit(b).writes == 0);
}

static void bench_close(struct bench *b)
{
	indirect_free(b->map);
	extents_free(b->list);
	model_done(&b->m);
	disk_free(b->disk);
}

static void fuzz(uint32_t block_size, uint32_t space, uint32_t longest, uint64_t seed,
		 unsigned rounds)
{
	struct bench b;

	bench_open(&b, block_size, space, seed);
	for (unsigned i = 0; i < rounds; i++) {
		unsigned edits = 1 + model_random(&b.m, 6);

		while (edits--)
			model_edit(&b.m, b.list, i % 32 ? longest : space / 2, i % 16 == 0);
		emit(&b);
		if (i % 16 == 3)
			reload(&b);
	}
	CHECK(emit(&b).writes == 0);
	model_remove(&b.m, b.list, 0, space);
	emit(&b);
	CHECK(!b.disk->blocks);
	bench_close(&b);
}

/* Each level's first and last block, and how little one block writes. */
static void test_places(uint32_t block_size)
{
	uint32_t p = block_size / 4;
	const uint32_t edge[] = {0,
				 11,
				 12,
				 11 + p,
				 12 + p,
				 11 + 2 * p,
				 12 + 2 * p,
				 11 + p + p * p,
				 12 + p + p * p,
				 11 + 2 * p + p * p,
				 12 + 3 * p + 2 * p * p};
	const unsigned writes[] = {0, 0, 1, 1, 2, 1, 2, 2, 3, 1, 3};
	struct bench b;

	bench_open(&b, block_size, edge[10] + 10, 1);
	for (size_t i = 0; i < 11; i++) {
		struct tree_plan plan;

		/* not contiguous: no extent reaches into the block before */
		model_map(&b.m, b.list, edge[i], 1, i % 2, false);
		plan = emit(&b);
		CHECK(plan.writes == writes[i] && plan.depth == (i < 2	 ? 0
								 : i < 4 ? 1
								 : i < 8 ? 2
									 : 3));
	}
	reload(&b);
	for (size_t i = 11; i--;) {
		model_remove(&b.m, b.list, edge[i], 1);
		emit(&b);
	}
	CHECK(!b.disk->blocks);
	bench_close(&b);
}

/* Blocks of pointers without data below are found, and freed when what follows is rewritten. */
static void test_idle(uint32_t block_size)
{
	const uint32_t p = block_size / 4, at[] = {12, 12 + p, 12 + p + p * p};
	const uint64_t end[] = {at[1], at[2], indirect_limit(block_size)};
	const uint8_t none[4096] = {0};

	for (size_t i = 0; i < 3; i++) {
		struct bench b;

		bench_open(&b, block_size, at[2] + p, 1);
		model_map(&b.m, b.list, at[i], 1, false, false);
		emit(&b);
		CHECK(b.disk->blocks == i + 1 && !indirect_idle(b.map, b.list, 0, EXTENTS_END));
		/* the lowest one was placed first */
		CHECK(disk_put(b.disk, 1, none) == 0);
		b.m.cell[at[i]] = 0;
		model_save(&b.m);
		reload(&b);
		CHECK(indirect_idle(b.map, b.list, 0, EXTENTS_END));
		CHECK(indirect_idle(b.map, b.list, at[i] + p - 1, EXTENTS_END));
		CHECK(indirect_idle(b.map, b.list, at[i], at[i] + 1));
		CHECK(!indirect_idle(b.map, b.list, end[i], EXTENTS_END));
		CHECK(!indirect_idle(b.map, b.list, 0, at[i]));
		emit(&b);
		CHECK(b.disk->blocks == i + 1);
		CHECK(extents_touch(b.list, at[i] + p - 1, EXTENTS_END - at[i] - p + 1) == 0);
		emit(&b);
		CHECK(!b.disk->blocks && !indirect_idle(b.map, b.list, 0, EXTENTS_END));
		bench_close(&b);
	}
}

static void test_refused(void)
{
	struct run run = {.lblk = 100, .pblk = UINT32_MAX - 1, .len = 2};
	struct tree_plan plan;
	struct bench b;

	bench_open(&b, 1024, 100, 1);
	CHECK(extents_map(b.list, &run) == 0);
	CHECK(indirect_plan(b.map, b.list, &plan) == EFBIG);
	CHECK(extents_remove(b.list, 101, 1, NULL, NULL) == 0);
	CHECK(indirect_plan(b.map, b.list, &plan) == 0);
	CHECK(extents_set_state(b.list, 100, 1, true) == 0);
	CHECK(indirect_plan(b.map, b.list, &plan) == E4Z_ET_USAGE);
	CHECK(extents_remove(b.list, 100, 1, NULL, NULL) == 0);
	run = (struct run){.lblk = indirect_limit(1024), .pblk = 5, .len = 1};
	CHECK(extents_map(b.list, &run) == 0);
	CHECK(indirect_plan(b.map, b.list, &plan) == EFBIG);
	run.lblk--;
	CHECK(extents_collapse(b.list, 0, 1, NULL, NULL) == 0);
	CHECK(indirect_plan(b.map, b.list, &plan) == 0 && plan.takes == 3);
	bench_close(&b);
}

int main(void)
{
	unsigned factor = model_factor();

	test_places(1024);
	test_idle(1024);
	test_refused();
	for (uint64_t seed = 1; seed <= factor; seed++) {
		fuzz(1024, 400, 20, seed, 800);
		fuzz(1024, 20000, 50, seed, 100);
		fuzz(1024, 80000, 3000, seed, 80);
		fuzz(4096, 20000, 300, seed, 100);
		fuzz(65536, 20000, 300, seed, 60);
	}
	return 0;
}
