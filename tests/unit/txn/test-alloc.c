// SPDX-License-Identifier: GPL-2.0-or-later
// txn/alloc: what an operation that failed gave back may be counted on as before it, and what it
// took is there again; what a transaction freed is not taken in it, and is after the commit.
#include "../../props/small.h"
#include "../check.h"
#include "errors.h"
#include "txn/alloc.h"
#include "txn/txn.h"

#define MANY 64u

static const struct e4z_edit_options defaults;

static uint64_t left(struct e4z_image *img)
{
	uint64_t clusters;

	CHECK(alloc_left(img, true, &clusters) == 0);
	return clusters;
}

/* Take MANY blocks that follow each other. */
static uint64_t take(struct e4z_image *img)
{
	uint64_t pblk, got;

	CHECK(alloc_take_run(img, 0, MANY, true, &pblk, &got) == 0 && got == MANY);
	return pblk;
}

/* All that is left, block by block: none of it is in [pblk, pblk + MANY) while that is CLOSED. */
static void take_all(struct e4z_image *img, uint64_t pblk, bool closed)
{
	uint64_t at, got, inside = 0;
	errcode_t err;

	while (!(err = alloc_take_run(img, pblk, MANY, true, &at, &got)))
		for (uint64_t b = at; b < at + got; b++)
			inside += b >= pblk && b < pblk + MANY;
	CHECK(err == E4Z_ET_NO_SPACE);
	CHECK(inside == (closed ? 0 : MANY));
	CHECK(left(img) == 0);
}

static void test(const char *path)
{
	const struct e4z_open_options options = {.write = true};
	struct e4z_commit_summary sum;
	struct e4z_image *img;
	uint64_t pblk, before;

	CHECK(e4z_open(path, &options, &img) == 0);
	CHECK(txn_begin(img, &defaults) == 0);
	pblk = take(img);
	CHECK(txn_commit(img, &sum) == 0);

	/* an operation takes and fails; one gives back and fails */
	before = left(img);
	txn_mark(img);
	(void)take(img);
	CHECK(left(img) == before - MANY);
	txn_back(img);
	CHECK(left(img) == before);
	txn_mark(img);
	CHECK(alloc_give(img, pblk, MANY) == 0);
	CHECK(left(img) == before && txn_freed(img) == MANY);
	txn_back(img);
	CHECK(left(img) == before && txn_freed(img) == 0);

	/* one gives back and does not fail, the next one does */
	txn_mark(img);
	CHECK(alloc_give(img, pblk, MANY) == 0);
	txn_mark(img);
	CHECK(alloc_give(img, pblk, 1) == E4Z_ET_CORRUPT_MAP);
	txn_back(img);
	CHECK(left(img) == before && txn_freed(img) == MANY);
	txn_mark(img);
	take_all(img, pblk, true);
	txn_back(img);
	CHECK(txn_commit(img, &sum) == 0);
	CHECK(left(img) == before + MANY);
	take_all(img, pblk, false);
	e4z_close(img);
}

int main(void)
{
	const struct small_options options = {
		.block_size = 1024, .blocks = 4096, .inodes = 32, .journal = true};
	struct small small;

	small_begin(&small, &options);
	small_end(&small);
	test(small.path);
	small_free(&small);
	return 0;
}
