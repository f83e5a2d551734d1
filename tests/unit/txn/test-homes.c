// SPDX-License-Identifier: GPL-2.0-or-later
// txn/homes and the view over it: parts, blocks and zeroes, journaled blocks among them, barriers,
// marks and going back, in any order. What is read is what a plain array says, after the commit the
// disk says so, too, and what was replaced for good was never on it.
#include "../../props/small.h"
#include "../check.h"
#include "../random.h"
#include "txn/txn.h"
#include <string.h>

#define BS 1024u
#define FIRST 3000u /* block of a free range */
#define BLOCKS 24u

struct model {
	uint8_t bytes[BLOCKS * BS];
	bool dark[BLOCKS]; /* a part became zero that a read does not show */
};

static struct model now, marked;
static bool never[BLOCKS][256]; /* a block that is all this byte must not be written any more */
static uint32_t state;

static uint32_t pick(uint32_t n)
{
	return next_random(&state) / 7 % n;
}

static errcode_t watch(void *arg, struct blkdev *dev, const struct blkdev_op *op)
{
	const uint64_t start = (uint64_t)FIRST * BS, end = start + BLOCKS * BS;
	uint64_t at = op->off;

	(void)arg, (void)dev;
	for (size_t i = 0; op->type == BLKDEV_WRITE && i < op->count; i++) {
		const uint8_t *p = op->pieces[i].iov_base;
		size_t len = op->pieces[i].iov_len;

		for (size_t k = 0; k < len; k += BS)
			if (at + k >= start && at + k < end && (at + k) % BS == 0 &&
			    len - k >= BS && !memcmp(p + k, p + k + 1, BS - 1))
				CHECK(!never[(at + k - start) / BS][p[k]]);
		at += len;
	}
	return 0;
}

static void home_block(struct e4z_image *img, uint32_t b, bool again)
{
	uint8_t data[BS], byte = (uint8_t)(1 + pick(255)), *old = now.bytes + (size_t)b * BS;

	memset(data, byte, BS);
	if (again)
		CHECK(txn_home_again(img, FIRST + b, data) == 0);
	else
		CHECK(txn_home(img, (uint64_t)(FIRST + b) * BS, BS, data) == 0);
	memcpy(old, data, BS);
	now.dark[b] = false;
}

static void home_part(struct e4z_image *img, uint32_t b, bool zero)
{
	uint32_t off = pick(BS - 1), len = 1 + pick(BS - off - 1);
	uint64_t at = (uint64_t)(FIRST + b) * BS + off;
	uint8_t data[BS];

	memset(data, zero ? 0 : (int)(1 + pick(255)), BS);
	if (zero && !capture_has(img->view, FIRST + b))
		now.dark[b] = true;
	else if (now.dark[b])
		return;
	CHECK(zero ? txn_home_zero(img, at, len) == 0 : txn_home(img, at, len, data) == 0);
	memcpy(now.bytes + (size_t)b * BS + off, data, len);
}

static void zero_blocks(struct e4z_image *img, uint32_t b)
{
	uint32_t n = 1 + pick(BLOCKS - b);

	CHECK(txn_home_zero(img, (uint64_t)(FIRST + b) * BS, (uint64_t)n * BS) == 0);
	memset(now.bytes + (size_t)b * BS, 0, (size_t)n * BS);
	/* a part of an older time is under it, if a read does not show that */
	for (uint32_t i = b; i < b + n; i++)
		now.dark[i] = false;
}

static void edit(struct e4z_image *img, uint32_t b)
{
	uint8_t *block;

	if (now.dark[b])
		return;
	CHECK(txn_edit(img, FIRST + b, &block) == 0);
	CHECK(!memcmp(block, now.bytes + (size_t)b * BS, BS));
	now.bytes[(size_t)b * BS + pick(BS)] = 0xaa;
	memcpy(block, now.bytes + (size_t)b * BS, BS);
}

static void step(struct e4z_image *img)
{
	uint32_t b = pick(BLOCKS);

	switch (pick(12)) {
	case 0:
	case 1: home_block(img, b, false); break;
	case 2: home_block(img, b, true); break;
	case 3:
	case 4: home_part(img, b, false); break;
	case 5: home_part(img, b, true); break;
	case 6:
	case 7: zero_blocks(img, b); break;
	case 8: edit(img, b); break;
	case 9: txn_barrier(img); break;
	case 10:
		txn_mark(img);
		marked = now;
		break;
	default: txn_back(img); now = marked;
	}
}

static void compare(const struct e4z_image *img, const uint8_t *disk)
{
	uint8_t block[BS];

	for (uint32_t b = 0; b < BLOCKS; b++) {
		const uint8_t *want = now.bytes + (size_t)b * BS;

		if (!now.dark[b])
			CHECK(image_read(img, (uint64_t)(FIRST + b) * BS, BS, block) == 0 &&
			      !memcmp(block, want, BS));
		if (disk)
			CHECK(!memcmp(disk + (size_t)(FIRST + b) * BS, want, BS));
	}
}

/* What txn_home_again() replaces is never on the disk, in a transaction of that alone. */
static void replaced_for_good(struct e4z_image *img)
{
	uint8_t data[BS];

	for (uint32_t b = 0; b < BLOCKS; b++)
		for (uint32_t i = 0; i < 4; i++) {
			memset(data, (int)(0x10 + i), BS);
			if (i < 3 && pick(2))
				CHECK(txn_home(img, (uint64_t)(FIRST + b) * BS, BS, data) == 0);
			else
				CHECK(txn_home_again(img, FIRST + b, data) == 0);
			never[b][0x10 + i] = i < 3;
			if (pick(2))
				txn_barrier(img);
		}
	memset(now.bytes, 0x13, sizeof(now.bytes));
	memset(now.dark, 0, sizeof(now.dark));
}

static void test(const struct small *small, uint32_t seed, bool good)
{
	const struct e4z_open_options options = {.write = true};
	const struct e4z_edit_options edit_options = {.split = false};
	const struct blkdev_observer observer = {.before = watch};
	struct e4z_commit_summary sum;
	struct e4z_image *img;

	state = seed;
	memset(never, 0, sizeof(never));
	memcpy(now.bytes, small->mem + (size_t)FIRST * BS, sizeof(now.bytes));
	memset(now.dark, 0, sizeof(now.dark));
	CHECK(e4z_open(small->path, &options, &img) == 0);
	CHECK(blkdev_observe(img->dev, &observer) == 0);
	CHECK(txn_begin(img, &edit_options) == 0);
	txn_mark(img);
	marked = now;
	if (good)
		replaced_for_good(img);
	for (uint32_t i = 0; !good && i < 60; i++) {
		step(img);
		compare(img, NULL);
	}
	CHECK(txn_commit(img, &sum) == 0);
	memset(now.dark, 0, sizeof(now.dark));
	compare(img, small->mem);
	e4z_close(img);
}

int main(void)
{
	const struct small_options options = {
		.block_size = BS, .blocks = 4096, .inodes = 32, .journal = true};
	struct small small;

	small_begin(&small, &options);
	small_end(&small);
	for (uint32_t seed = 1; seed <= 300; seed++)
		test(&small, seed * 77777u, seed % 8 == 0);
	small_free(&small);
	return 0;
}
