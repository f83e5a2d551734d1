// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random operations on /a, /b, /c and /d in one transaction, and between them plans, in the middle
 * of which there is no block to be had any more.
 *
 *	settle IMAGE BLOCK_SIZE SEED fail	prints how many plans failed for that
 *	settle IMAGE BLOCK_SIZE SEED		the same operations without a plan
 */
#include "e4zero.h"
#include "errors.h"
#include "txn/alloc.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 4
#define BLOCKS 600 /* a file, at most; or a few more */
#define LONGEST 20 /* blocks of an operation */

static uint64_t state;
static uint64_t left = UINT64_MAX; /* calls of the allocator that succeed */
static bool met;

errcode_t __real_alloc_take_run(struct e4z_image *img, uint64_t near, uint64_t count, bool reserved,
				uint64_t *pblk, uint64_t *got);
errcode_t __wrap_alloc_take_run(struct e4z_image *img, uint64_t near, uint64_t count, bool reserved,
				uint64_t *pblk, uint64_t *got);

/* The linker puts this in front of the library's: --wrap. */
errcode_t __wrap_alloc_take_run(struct e4z_image *img, uint64_t near, uint64_t count, bool reserved,
				uint64_t *pblk, uint64_t *got)
{
	met |= !left;
	if (!left)
		return E4Z_ET_NO_SPACE;
	if (left != UINT64_MAX)
		left--;
	return __real_alloc_take_run(img, near, count, reserved, pblk, got);
}

static uint32_t random_below(uint32_t n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(state >> 33) % n;
}

/* One that fails is taken back, the same way in both runs. */
static void operate(struct e4z_image *img, uint32_t bs)
{
	static const char *const names[] = {"/a", "/b", "/c", "/d"};
	static char buf[LONGEST * 4096];
	const char *file = names[random_below(4)];
	uint64_t start = random_below(BLOCKS) * (uint64_t)bs;
	uint64_t off = start + (random_below(3) ? 0 : random_below(bs));
	uint64_t len = 1 + random_below(random_below(2) ? bs : LONGEST * bs);
	uint64_t moved = (1 + random_below(5)) * (uint64_t)bs;
	uint32_t kind = random_below(9);
	struct e4z_edit edit;
	errcode_t err = 0;

	memset(buf, 1 + (int)random_below(255), len);
	switch (kind) {
	case 0: err = e4z_punch_hole(img, file, off, len, &edit); break;
	case 1: err = e4z_truncate(img, file, off, &edit); break;
	case 2: err = e4z_allocate(img, file, off, len, true, &edit); break;
	case 3: err = e4z_zero_range(img, file, off, len, false, &edit); break;
	case 4: err = e4z_collapse_range(img, file, start, moved, &edit); break;
	case 5: err = e4z_insert_range(img, file, start, moved, &edit); break;
	case 6: err = random_below(3) ? 0 : e4z_flush(img); break;
	default: err = e4z_write(img, file, off, buf, len, &edit); break;
	}
	(void)err;
}

/* Whether the next plan failed: the operations are what they were, and may be planned again. */
static bool plan_fails(struct e4z_image *img, uint64_t blocks)
{
	struct e4z_commit_summary sum;
	errcode_t err;

	left = blocks;
	met = false;
	err = e4z_plan(img, &sum, NULL);
	left = UINT64_MAX;
	if (err && !met) {
		fprintf(stderr, "planning: %s\n", e4z_message(img, err));
		exit(1);
	}
	return err != 0;
}

static unsigned fail_plans(struct e4z_image *img, uint64_t seed, unsigned round)
{
	unsigned failed = 0;

	while (failed < 1 + seed % 3 && plan_fails(img, (seed * 7 + round * 13 + failed * 5) % 23))
		failed++;
	return failed;
}

int main(int argc, char **argv)
{
	const struct e4z_open_options options = {.write = true};
	struct e4z_edit_options edit = {.split = false};
	struct e4z_commit_summary sum;
	struct e4z_image *img;
	unsigned failed = 0;
	uint64_t seed;
	errcode_t err;

	if (argc < 4)
		return 1;
	seed = strtoull(argv[3], NULL, 10);
	state = seed * 977 + 1;
	edit.cache_blocks = seed % 3 ? 0 : 8;
	edit.data = seed % 5 ? E4Z_DATA_JOURNAL : E4Z_DATA_ORDERED;
	err = e4z_open(argv[1], &options, &img);
	if (!err)
		err = e4z_begin(img, &edit);
	for (unsigned round = 0; !err && round < ROUNDS; round++) {
		for (uint32_t n = 5 + random_below(40); n; n--)
			operate(img, (uint32_t)atoi(argv[2]));
		if (argc > 4)
			failed += fail_plans(img, seed, round);
	}
	if (!err)
		err = e4z_commit(img, &sum);
	if (err)
		fprintf(stderr, "seed %s: %s\n", argv[3], e4z_message(img, err));
	e4z_close(img);
	printf("%u\n", failed);
	return err != 0;
}
