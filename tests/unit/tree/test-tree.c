// SPDX-License-Identifier: GPL-2.0-or-later
// tree/tree: random edits on trees of depth 0 to 3, read again after every emission and held to the
// kernel's and e2fsck's rules.
#include "fake-disk.h"

#include "base/crc32c.h"
#include "format/node.h"
#include <time.h>

#define LEVELS (NODE_MAX_DEPTH + 1)

/* One level as e2fsck sums it up. */
struct level {
	uint64_t entries, room;
};

struct judge {
	struct disk *disk;
	struct level level[LEVELS]; /* 0: the root */
	struct run last;
	uint32_t seed;
	bool unjoined; /* neighbours in one leaf that could be one */
};

static void judge_extents(struct judge *j, const uint8_t *node)
{
	for (uint32_t i = 0; i < get_le16(node + 2); i++) {
		const uint8_t *e = node + NODE_HEADER + i * NODE_ENTRY;
		uint32_t len = get_le16(e + 4), most;
		struct run run = {.lblk = get_le32(e)};

		run.pblk = get_le32(e + 8) | (uint64_t)get_le16(e + 6) << 32;
		run.unwritten = len > 32768;
		run.len = run.unwritten ? len - 32768 : len;
		most = run.unwritten ? 32767 : 32768;
		CHECK(run.len && (!j->last.len || run.lblk >= j->last.lblk + j->last.len));
		if (j->last.len && j->last.lblk + j->last.len == run.lblk &&
		    j->last.pblk + j->last.len == run.pblk && j->last.unwritten == run.unwritten &&
		    j->last.len + run.len <= most)
			j->unjoined = true;
		j->last = run;
	}
}

static void judge_node(struct judge *j, const uint8_t *node, unsigned depth, unsigned top)
{
	uint32_t entries = get_le16(node + 2), max = get_le16(node + 4);
	struct level *level = &j->level[top - depth];
	uint8_t *buf;

	level->entries += entries;
	level->room += max - (depth < top && entries < max);
	if (!depth) {
		judge_extents(j, node);
		return;
	}
	buf = malloc(j->disk->img.block_size);
	CHECK(buf && entries);
	for (uint32_t i = 0; i < entries; i++) {
		const uint8_t *e = node + NODE_HEADER + i * NODE_ENTRY;
		uint32_t capacity = node_capacity(j->disk->img.block_size), tail;

		CHECK(!disk_read(j->disk, get_le32(e + 4) | (uint64_t)get_le16(e + 8) << 32, buf));
		CHECK(get_le16(buf) == NODE_MAGIC && get_le16(buf + 4) == capacity);
		CHECK(get_le16(buf + 2) && get_le16(buf + 2) <= capacity);
		CHECK(get_le16(buf + 6) == depth - 1);
		CHECK(get_le32(buf + NODE_HEADER) == get_le32(e));
		tail = NODE_HEADER + capacity * NODE_ENTRY;
		CHECK(crc32c(j->seed, buf, tail) == get_le32(buf + tail));
		judge_node(j, buf, depth - 1, top);
	}
	free(buf);
}

/*
 * The tree is sound. True when e2fsck has nothing to say (e2fsck_should_rebuild_extents of 1.47).
 */
static bool judge(struct disk *disk, uint32_t seed, unsigned *depth)
{
	const uint8_t *root = disk->raw + INODE_I_BLOCK;
	uint32_t capacity = node_capacity(disk->img.block_size);
	struct judge j = {.disk = disk, .seed = seed};
	bool silent = true;

	*depth = get_le16(root + 6);
	CHECK(get_le16(root) == NODE_MAGIC && get_le16(root + 4) == 4);
	CHECK(get_le16(root + 2) <= 4 && *depth <= NODE_MAX_DEPTH);
	judge_node(&j, root, *depth, *depth);
	CHECK(!j.unjoined);
	for (unsigned i = 0; i <= *depth; i++) {
		if (j.level[i].room - j.level[i].entries > capacity)
			silent = false;
		for (unsigned above = 0; above < i; above++)
			CHECK(!silent || j.level[i].entries >= j.level[above].room);
	}
	return silent;
}

struct bench {
	struct disk *disk;
	struct tree *tree;
	struct extents *list;
	struct model m;
	struct tree_config config;
	unsigned depth, deepest;
	unsigned emissions, narrow;
};

/* Plan, emit, read again. */
static struct tree_plan emit(struct bench *b)
{
	struct tree_sink sink = disk_sink(b->disk);
	struct tree_plan plan;

	CHECK(tree_plan(b->tree, b->list, &plan) == 0);
	CHECK(tree_emit(b->tree, b->list, &sink, b->disk->raw + INODE_I_BLOCK) == 0);
	CHECK(b->disk->takes == plan.takes && b->disk->drops == plan.drops);
	CHECK(b->disk->puts == plan.writes && tree_blocks(b->tree) == b->disk->blocks);
	disk_compare(b->disk, &b->m);
	CHECK(judge(b->disk, b->config.seed, &b->depth) != plan.narrow);
	CHECK(b->depth == plan.depth);
	if (b->depth > b->deepest)
		b->deepest = b->depth;
	b->emissions++;
	b->narrow += plan.narrow;
	model_save(&b->m);
	return plan;
}

/* Read the tree into a new list, and go on with that. */
static void reload(struct bench *b)
{
	struct extents *list = extents_new();
	struct tree *tree;

	CHECK(list);
	CHECK(tree_load(&b->config, b->disk->raw + INODE_I_BLOCK, disk_read, b->disk, list,
			&tree) == 0);
	model_compare(&b->m, list);
	extents_free(b->list);
	tree_free(b->tree);
	b->list = list;
	b->tree = tree;
}

/* Nothing changed: nothing is written. */
static void emit_nothing(struct bench *b)
{
	uint8_t before[INODE_I_BLOCK_LEN];

	memcpy(before, b->disk->raw + INODE_I_BLOCK, sizeof(before));
	CHECK(emit(b).writes == 0);
	CHECK(!memcmp(before, b->disk->raw + INODE_I_BLOCK, sizeof(before)));
}

/* A failed take leaves everything as it was, and the plan can be made again. */
static void emit_failing(struct bench *b)
{
	struct tree_sink sink = disk_sink(b->disk);
	struct tree_plan plan;
	bool *used = malloc(sizeof(b->disk->used));
	uint32_t blocks = b->disk->blocks;

	CHECK(used && tree_plan(b->tree, b->list, &plan) == 0);
	if (plan.takes) {
		memcpy(used, b->disk->used, sizeof(b->disk->used));
		b->disk->fail_take = plan.takes;
		CHECK(tree_emit(b->tree, b->list, &sink, b->disk->raw + INODE_I_BLOCK) == ENOSPC);
		CHECK(!b->disk->puts && !b->disk->drops);
		memcpy(b->disk->used, used, sizeof(b->disk->used));
		b->disk->blocks = blocks;
		b->disk->fail_take = 0;
		/* without a plan nothing is emitted */
		CHECK(tree_emit(b->tree, b->list, &sink, b->disk->raw + INODE_I_BLOCK) ==
		      E4Z_ET_USAGE);
	}
	free(used);
}

static void bench_open(struct bench *b, uint32_t block_size, uint32_t space, uint32_t reach,
		       uint64_t seed)
{
	*b = (struct bench){.disk = disk_new(block_size, true), .list = extents_new()};
	model_init(&b->m, space, 1ull << 33, false, seed);
	b->config = (struct tree_config){
		.block_size = block_size,
		.csum = true,
		.seed = inode_csum_seed(&b->disk->img, &b->disk->inode),
		.reach = reach,
	};
	b->tree = tree_new(&b->config);
	CHECK(b->tree && b->list);
	emit(b);
}

static void bench_close(struct bench *b)
{
	tree_free(b->tree);
	extents_free(b->list);
	model_done(&b->m);
	disk_free(b->disk);
}

/* As many extents as blocks in [start, end). */
static void scatter(struct bench *b, uint32_t start, uint32_t end)
{
	model_remove(&b->m, b->list, start, end - start);
	for (uint32_t i = start; i < end; i++)
		model_map(&b->m, b->list, i, 1, i % 2, i % 3 == 0);
}

/* Edits at random on a tree of EXTENTS extents, everything emitted as it comes. */
static void fuzz(uint32_t block_size, uint32_t space, uint32_t extents, uint32_t reach,
		 uint64_t seed, unsigned rounds)
{
	struct bench b;

	bench_open(&b, block_size, space, reach, seed);
	scatter(&b, 0, extents);
	for (unsigned i = 0; i < rounds; i++) {
		unsigned edits = 1 + model_random(&b.m, 6);

		while (edits--)
			model_edit(&b.m, b.list, i % 32 ? 8 : space / 2, i % 16 == 0);
		if (i % 8 == 0)
			emit_failing(&b);
		emit(&b);
		if (i % 16 == 3)
			reload(&b);
		if (i % 64 == 63)
			scatter(&b, 0, extents);
	}
	emit_nothing(&b);
	CHECK(reach != TREE_REACH_ALL || !b.narrow);
	model_remove(&b.m, b.list, 0, space);
	emit(&b);
	CHECK(!b.depth && !b.disk->blocks);
	bench_close(&b);
}

/* One block here and there in a large tree: what is written is bounded by the depth. */
static void test_local(uint32_t block_size, uint32_t extents, unsigned depth, uint64_t seed,
		       unsigned edits)
{
	uint32_t hot = extents < 1000 ? extents : 1000;
	unsigned most = 0, deep;
	struct bench b;

	bench_open(&b, block_size, extents * 3, TREE_REACH_NONE, seed);
	/* three blocks an extent, so that a flip in the middle adds two */
	for (uint32_t i = 0; i < extents; i++)
		model_map(&b.m, b.list, i * 3, 3, i % 2, false);
	emit(&b);
	CHECK(b.depth == depth);
	for (unsigned i = 0; i < edits; i++) {
		/* half of the edits in one place, so that leaves split and join there */
		uint32_t at = model_random(&b.m, i % 2 ? b.m.space : hot);
		struct tree_plan plan;

		if (i % 64 == 0)
			reload(&b);
		if (i % 1000 < 500)
			model_state(&b.m, b.list, at, 1, true);
		else
			model_remove(&b.m, b.list, at, 1);
		deep = b.depth;
		plan = emit(&b);
		CHECK(plan.writes <= 2 * (b.depth > deep ? b.depth : deep) + 3);
		if (plan.writes > most)
			most = plan.writes;
	}
	CHECK(most > 1);
	bench_close(&b);
}

/*
 * Leaves that lose their extents one by one join their neighbours, also where e2fsck is no matter.
 */
static void test_thin(void)
{
	struct bench b;

	bench_open(&b, 1024, 800, TREE_REACH_NONE, 6);
	scatter(&b, 0, 800);
	emit(&b);
	while (extents_count(b.list) > 80) {
		uint32_t at = model_random(&b.m, b.m.space);

		if (!b.m.cell[at])
			continue;
		model_remove(&b.m, b.list, at, 1);
		CHECK(emit(&b).writes <= 2 * 2 + 3);
	}
	/* half full at the least, but for one that was last */
	CHECK(b.disk->blocks <= 80 / (node_capacity(1024) / 2) + 1 + 1);
	bench_close(&b);
}

/* The same with what e2fsck wants: a bounded number of nodes on the way there. */
static void test_reach(uint32_t block_size, uint32_t extents, unsigned edits)
{
	uint64_t writes = 0;
	struct bench b;

	bench_open(&b, block_size, extents * 3, 0, 3);
	for (uint32_t i = 0; i < extents; i++)
		model_map(&b.m, b.list, i * 3, 3, i % 2, false);
	emit(&b);
	CHECK(!b.narrow);
	for (unsigned i = 0; i < edits; i++) {
		struct tree_plan plan;

		model_state(&b.m, b.list, model_random(&b.m, b.m.space), 1, true);
		plan = emit(&b);
		CHECK(plan.writes <= (TREE_REACH + 6) * b.depth);
		writes += plan.writes;
	}
	printf("%u bytes a block, %u extents, %u edits: %.1f blocks an edit, narrow %u times\n",
	       block_size, extents, edits, (double)writes / edits, b.narrow);
	bench_close(&b);
}

/* 262,144 extents, every state flipped. */
static void test_flip(void)
{
	const uint32_t extents = 262144;
	struct timespec from, mid, to;
	struct tree_sink sink;
	struct tree_plan plan;
	struct bench b;

	bench_open(&b, 4096, extents, 0, 5);
	for (uint32_t i = 0; i < extents; i++)
		model_map(&b.m, b.list, i, 1, i % 2, false);
	emit(&b);
	reload(&b);
	clock_gettime(CLOCK_MONOTONIC, &from);
	CHECK(extents_set_state(b.list, 0, extents, true) == 0);
	clock_gettime(CLOCK_MONOTONIC, &mid);
	CHECK(tree_plan(b.tree, b.list, &plan) == 0);
	sink = disk_sink(b.disk);
	CHECK(tree_emit(b.tree, b.list, &sink, b.disk->raw + INODE_I_BLOCK) == 0);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("flip of %u extents: list %.2f ms, plan and emission of %u blocks %.2f ms\n",
	       extents,
	       (double)(mid.tv_nsec - from.tv_nsec) / 1e6 +
		       (double)(mid.tv_sec - from.tv_sec) * 1e3,
	       plan.writes,
	       (double)(to.tv_nsec - mid.tv_nsec) / 1e6 + (double)(to.tv_sec - mid.tv_sec) * 1e3);
	for (uint32_t i = 0; i < extents; i++)
		b.m.cell[i] |= MODEL_UNWRITTEN;
	disk_compare(b.disk, &b.m);
	CHECK(!plan.takes && !plan.drops && judge(b.disk, b.config.seed, &b.depth));

	/* one block of it */
	model_state(&b.m, b.list, 100000, 1, false);
	plan = emit(&b);
	printf("flip of one: %u blocks\n", plan.writes);
	CHECK(plan.writes <= 2 * b.depth + 3);
	bench_close(&b);
}

/*
 * One level of full nodes from ENTRIES of 12 bytes on; the entries that point to them replace
 * those.
 */
static size_t pack_level(struct bench *b, uint8_t *entries, size_t count, unsigned depth)
{
	uint32_t size = b->config.block_size, capacity = node_capacity(size), n;
	uint8_t *image = malloc(size);
	size_t nodes = 0;

	CHECK(image);
	for (size_t i = 0; i < count; i += n, nodes++) {
		uint32_t tail = NODE_HEADER + capacity * NODE_ENTRY;
		uint64_t pblk;

		n = count - i < capacity ? (uint32_t)(count - i) : capacity;
		memset(image, 0, size);
		node_header(image, n, capacity, depth);
		memcpy(image + NODE_HEADER, entries + i * NODE_ENTRY, (size_t)n * NODE_ENTRY);
		put_le32(image + tail, crc32c(b->config.seed, image, tail));
		b->disk->puts = 0;
		CHECK(!disk_take(b->disk, 0, &pblk) && !disk_put(b->disk, pblk, image));
		node_index(entries + nodes * NODE_ENTRY, get_le32(entries + i * NODE_ENTRY), pblk);
	}
	free(image);
	return nodes;
}

/* Make the model's extents a tree of full leaves, as a kernel that only appended leaves it. */
static void pack_full(struct bench *b)
{
	uint8_t *root = b->disk->raw + INODE_I_BLOCK, *entries;
	size_t count = 0, room = extents_count(b->list);
	struct extents_walk walk;
	unsigned depth = 0;
	struct run run;

	entries = calloc(room, NODE_ENTRY);
	CHECK(entries);
	extents_walk_start(b->list, &walk, 0, EXTENTS_END, true);
	for (; extents_walk_next(b->list, &walk, &run); count++)
		node_extent(entries + count * NODE_ENTRY, (uint32_t)run.lblk, (uint32_t)run.len,
			    run.unwritten, run.pblk);
	while (count > NODE_ROOT_ENTRIES)
		count = pack_level(b, entries, count, depth++);
	memset(root, 0, INODE_I_BLOCK_LEN);
	node_header(root, (uint32_t)count, NODE_ROOT_ENTRIES, depth);
	memcpy(root + NODE_HEADER, entries, count * NODE_ENTRY);
	free(entries);
	model_save(&b->m);
	reload(b);
}

/*
 * No leaf has room: what one block costs when e2fsck is to stay silent, and when that is too far.
 */
static void test_packed(uint32_t block_size, uint32_t extents, uint32_t reach, bool narrow,
			unsigned edits)
{
	unsigned first = 0, most = 0;
	struct bench b;

	bench_open(&b, block_size, extents * 3, reach, 3);
	for (uint32_t i = 0; i < extents; i++)
		model_map(&b.m, b.list, i * 3, 3, i % 2, false);
	pack_full(&b);
	for (unsigned i = 0; i < edits; i++) {
		struct tree_plan plan;

		model_state(&b.m, b.list, model_random(&b.m, b.m.space / 2), 1, true);
		plan = emit(&b);
		if (!i)
			first = plan.writes;
		if (plan.writes > most)
			most = plan.writes;
		if (narrow && !i)
			CHECK(plan.narrow && plan.writes <= 2 * b.depth + 3);
		CHECK(plan.narrow <= narrow);
	}
	printf("%u bytes a block, %u extents in full leaves, %u edits: %u blocks for the first, "
	       "%u at most, narrow %u times\n",
	       block_size, extents, edits, first, most, b.narrow);
	bench_close(&b);
}

/* Tree blocks beyond 2^32 keep the high half of their number. */
#define FAR (5ull << 32)

static errcode_t far_read(void *arg, uint64_t pblk, void *buf)
{
	return disk_read(arg, pblk - FAR, buf);
}

static errcode_t far_take(void *arg, uint64_t near, uint64_t *pblk)
{
	errcode_t err = disk_take(arg, near ? near - FAR : 0, pblk);

	*pblk += FAR;
	return err;
}

static errcode_t far_put(void *arg, uint64_t pblk, const void *image)
{
	return disk_put(arg, pblk - FAR, image);
}

static errcode_t far_drop(void *arg, uint64_t pblk)
{
	return disk_drop(arg, pblk - FAR);
}

static void test_far(void)
{
	struct extents *list = extents_new();
	struct tree_sink sink;
	struct tree_plan plan;
	struct tree *tree;
	struct bench b;

	bench_open(&b, 1024, 8000, 0, 4);
	scatter(&b, 0, 6000);
	for (unsigned i = 0; i < 3; i++) {
		sink = disk_sink(b.disk);
		sink.take = far_take;
		sink.put = far_put;
		sink.drop = far_drop;
		CHECK(tree_plan(b.tree, b.list, &plan) == 0 && plan.depth == 2);
		CHECK(tree_emit(b.tree, b.list, &sink, b.disk->raw + INODE_I_BLOCK) == 0);
		model_save(&b.m);
		model_remove(&b.m, b.list, 1000, 1000);
	}
	CHECK(tree_load(&b.config, b.disk->raw + INODE_I_BLOCK, far_read, b.disk, list, &tree) ==
	      0);
	model_save(&b.m);
	model_compare(&b.m, list);
	tree_free(tree);
	extents_free(list);
	bench_close(&b);
}

/* Damage is refused. */
static void test_damage(void)
{
	static const struct {
		unsigned node, off;
	} spots[] = {{0, 0}, {0, 2}, {0, 4},  {0, 6},  {0, 12}, {1, 0},	 {1, 2},
		     {1, 4}, {1, 6}, {1, 12}, {1, 24}, {1, 28}, {1, 36}, {1, 1020}};
	struct bench b;

	bench_open(&b, 1024, 1000, 0, 9);
	scatter(&b, 0, 500);
	emit(&b);
	for (size_t i = 0; i < sizeof(spots) / sizeof(spots[0]); i++) {
		uint8_t *root = b.disk->raw + INODE_I_BLOCK, block[1024];
		uint64_t pblk = get_le32(root + NODE_HEADER + 4);
		struct extents *list = extents_new();
		struct tree *tree;
		errcode_t err;

		CHECK(list && !disk_read(b.disk, pblk, block));
		(spots[i].node ? block : root)[spots[i].off] ^= 0x40;
		if (spots[i].node)
			CHECK(!disk_put(b.disk, pblk, block));
		err = tree_load(&b.config, root, disk_read, b.disk, list, &tree);
		CHECK(err == E4Z_ET_CORRUPT_MAP && !tree);
		(spots[i].node ? block : root)[spots[i].off] ^= 0x40;
		CHECK(!disk_put(b.disk, pblk, block));
		extents_free(list);
	}
	reload(&b);
	bench_close(&b);
}

/* Pieces of more than 32,768 blocks, cut only on disk. */
static void test_long(void)
{
	struct bench b;

	bench_open(&b, 1024, 300000, TREE_REACH_ALL, 11);
	model_map(&b.m, b.list, 0, 131072, 0, false);
	emit(&b);
	CHECK(b.depth == 0 && get_le16(b.disk->raw + INODE_I_BLOCK + 2) == 4);
	reload(&b);
	model_state(&b.m, b.list, 0, 131072, true);
	emit(&b);
	CHECK(b.depth == 1 && extents_count(b.list) == 1);
	model_state(&b.m, b.list, 1, 131071, false);
	emit(&b);
	reload(&b);
	model_state(&b.m, b.list, 0, 1, false);
	model_map(&b.m, b.list, 131072, 100000, 0, true);
	emit(&b);
	bench_close(&b);
}

int main(void)
{
	unsigned factor = model_factor();

	test_damage();
	test_long();
	for (uint64_t seed = 1; seed <= factor; seed++) {
		fuzz(1024, 400, 200, TREE_REACH_ALL, seed, 800);
		fuzz(1024, 8000, 6000, TREE_REACH_ALL, seed, 150);
		fuzz(1024, 50000, 40000, TREE_REACH_ALL, seed, 40);
		fuzz(1024, 50000, 40000, 0, seed, 24);
		fuzz(4096, 3000, 1500, TREE_REACH_ALL, seed, 300);
		fuzz(4096, 3000, 1500, TREE_REACH_NONE, seed, 300);
		fuzz(65536, 30000, 25000, TREE_REACH_ALL, seed, 60);
		test_local(1024, 300, 1, seed, 600);
		test_local(1024, 5000, 2, seed, 300);
		test_local(1024, 30000, 3, seed, 60);
		test_local(4096, 5000, 2, seed, 200);
	}
	test_reach(1024, 5000, 300);
	test_reach(4096, 20000, 100);
	test_packed(1024, 3000, 0, false, 100);
	test_packed(4096, 60000, TREE_REACH_ALL, false, 10);
	test_packed(4096, 60000, 0, true, 10);
	test_thin();
	test_far();
	test_flip();
	return 0;
}
