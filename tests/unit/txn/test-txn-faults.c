// SPDX-License-Identifier: GPL-2.0-or-later
// Each allocation, read, write and barrier of a transaction fails in turn, with a journal and
// without one, also where an older log is replayed first. Before the first write nothing is
// different; after it the handle is of no use any more, and the image is in one of its states.
#include "../../props/small.h"
#include "../check.h"
#include "../failing.h"
#include "errors.h"
#include "journal/flip.h"
#include "txn/alloc.h"
#include "txn/txn.h"
#include <errno.h>
#include <string.h>

#define BS 1024u
#define FIRST 3000u /* blocks that are free: what is written there shows how far it came */
#define PARTS 3u    /* transactions */

static const struct e4z_edit_options defaults;

struct world {
	struct small small;
	uint8_t *before;
	bool journal;
	uint32_t ino;	 /* of a file */
	unsigned logged; /* parts that are in the log of BEFORE */
};

/* libext2fs has a code of its own. */
static bool is_from(errcode_t err, enum failing_kind kind)
{
	return err == failing_error(kind) || (kind == FAIL_ALLOC && err == EXT2_ET_NO_MEMORY);
}

/* ---- one run ---- */

static uint64_t home_of(unsigned part)
{
	return FIRST + 100 * (part + 1);
}

/* Blocks of every sort, in the view and at home. */
static errcode_t change(struct e4z_image *img, unsigned part)
{
	uint8_t data[BS], *block;
	uint64_t at = home_of(part) * BS;
	errcode_t err = txn_edit(img, FIRST + part, &block);

	memset(data, (int)(0x31 + part), BS);
	if (err)
		return err;
	memcpy(block, data, BS);
	err = txn_create(img, FIRST + 10 + part, &block);
	if (!err)
		err = txn_home(img, at, BS, data);
	if (!err)
		err = txn_home(img, at + 3 * BS + 10, 100, data);
	if (!err)
		err = txn_home_zero(img, at + BS, 2 * BS);
	if (!err)
		err = txn_home_zero(img, at + 5, 10);
	txn_barrier(img);
	if (!err)
		err = txn_home_again(img, home_of(part) + 1, data);
	if (!err)
		err = txn_home(img, at + 20 * BS, BS, data);
	txn_mark(img);
	if (!err)
		err = txn_home(img, (FIRST + 10 + part) * BS, BS, data);
	txn_stamp(img);
	return err;
}

/* Take clusters and give some of them back; an operation that is taken back; plans. */
static errcode_t operate(struct e4z_image *img)
{
	struct e4z_commit_summary sum;
	uint64_t pblk = 0, got = 0, room;
	bool fits;
	errcode_t err = alloc_take_run(img, 0, 40, true, &pblk, &got);

	txn_mark(img);
	if (!err)
		err = alloc_give(img, pblk + 10, 5);
	txn_back(img);
	if (!err)
		err = alloc_give(img, pblk, 3);
	if (!err)
		err = txn_plan(img, &sum, &room);
	txn_mark(img); /* what is asked for again now is copied first */
	return err ? err : txn_fits(img, &fits);
}

/* One that fails after it wrote is the last one. */
static errcode_t commit(struct e4z_image *img)
{
	struct e4z_commit_summary sum;
	uint64_t disk = txn_disk(img);
	errcode_t err = txn_commit(img, &sum);

	CHECK(!err || img->broken || txn_disk(img) == disk);
	return err;
}

static errcode_t work(struct world *w, struct e4z_image *img)
{
	struct e4z_commit_summary sum;
	uint8_t data[BS] = {1};
	errcode_t err = txn_begin(img, &defaults);

	if (!err)
		err = change(img, 0);
	if (!err)
		err = operate(img);
	if (!err)
		err = txn_pretend(img, &sum, &(uint64_t){0});
	for (unsigned part = 0; part < PARTS && !err; part++) {
		err = change(img, part);
		if (!err && part < 2)
			err = operate(img);
		if (!err && part == 1)
			err = alloc_give_inode(img, w->ino, false);
		if (!err)
			err = part == 1 ? commit(img) : txn_seal(img);
	}
	if (!err)
		err = commit(img);
	/* data alone, then nothing at all */
	if (!err)
		err = txn_home(img, (FIRST + 500) * BS, BS, data);
	if (!err)
		err = commit(img);
	return err ? err : commit(img);
}

/* ---- what is left ---- */

/* The parts that a reader of the image sees: the first ones, whole. */
static unsigned parts_done(const struct world *w)
{
	const struct e4z_open_options options = {.write = false};
	struct e4z_image *img;
	unsigned done = 0;

	CHECK(e4z_open(w->small.path, &options, &img) == 0);
	for (unsigned part = 0; part < PARTS; part++) {
		uint8_t is[BS], want[BS], home[BS];

		CHECK(image_read(img, (FIRST + part) * BS, BS, is) == 0);
		CHECK(image_read(img, (home_of(part) + 1) * BS, BS, home) == 0);
		memset(want, (int)(0x31 + part), BS);
		if (!memcmp(is, want, BS)) {
			CHECK(done == part && !memcmp(home, want, BS));
			done++;
		} else {
			memset(want, SMALL_CANARY, BS);
			CHECK(!memcmp(is, want, BS));
		}
	}
	e4z_close(img);
	return done;
}

static void judge(struct world *w, struct e4z_image *img, errcode_t err, bool met)
{
	struct e4z_commit_summary sum;
	bool touched = img->dev->touched, broken = img->broken;

	if (err && broken) {
		CHECK(met && touched == e4z_has_written(img));
		CHECK(txn_begin(img, &defaults) == E4Z_ET_STATE || img->txn);
		txn_abort(img);
		CHECK(txn_begin(img, &defaults) == E4Z_ET_STATE);
		CHECK(txn_commit(img, &sum) == E4Z_ET_STATE || !img->txn);
	}
	if (err && !touched)
		CHECK(!memcmp(w->small.mem, w->before, w->small.size));
	e4z_close(img);
	if (!err || (touched && w->journal))
		CHECK(parts_done(w) == PARTS || err);
}

static bool run(struct world *w, enum failing_kind kind, unsigned n)
{
	const struct e4z_open_options options = {.write = true, .repair = true};
	struct e4z_image *img;
	errcode_t err;
	bool met;

	memcpy(w->small.mem, w->before, w->small.size);
	CHECK(e4z_open(w->small.path, &options, &img) == 0);
	failing_wrap(img->dev);
	failing_arm(kind, n);
	err = work(w, img);
	met = failing_disarm();
	CHECK(!err || (met && is_from(err, kind)));
	/* what the allocator forgets for want of memory it finds again; reserving is no promise */
	CHECK(err || !met || kind == FAIL_ALLOC);
	judge(w, img, err, met);
	return met;
}

static void world_open(struct world *w, bool journal, bool csum)
{
	const struct small_options options = {.block_size = BS,
					      .blocks = 4096,
					      .inodes = 32,
					      .journal = journal,
					      .no_csum = !csum};

	*w = (struct world){.journal = journal};
	small_begin(&w->small, &options);
	w->ino = small_file(&w->small, "file", "", 0);
	small_end(&w->small);
	w->before = malloc(w->small.size);
	CHECK(w->before);
	memcpy(w->before, w->small.mem, w->small.size);
}

static void world_close(struct world *w)
{
	free(w->before);
	small_free(&w->small);
}

static void test(bool journal, bool csum)
{
	struct world w;

	world_open(&w, journal, csum);
	/* counts of the superblock that are wrong are corrected */
	if (!csum)
		w.before[1024 + 0x0c]++;
	for (enum failing_kind kind = 0; kind < FAILING_KINDS; kind++) {
		unsigned n = 1;

		while (run(&w, kind, n))
			n++;
		CHECK(n > 5 || kind == FAIL_RESERVE);
	}
	world_close(&w);
}

/* ---- an older log ---- */

static bool has_log(const struct world *w)
{
	return flip_recover_is_on(w->small.mem + 1024);
}

/* Stop after the commit block of the first part: BEFORE has it in its log. */
static void leave_log(struct world *w)
{
	unsigned n = 1;

	do
		CHECK(run(w, FAIL_STEP, n++));
	while (!has_log(w) || parts_done(w) != 1);
	memcpy(w->before, w->small.mem, w->small.size);
	w->logged = 1;
}

/* Replay, with nothing else or with a change, with the N-th thing of KIND failing. */
static bool replay(struct world *w, bool more, enum failing_kind kind, unsigned n)
{
	const struct e4z_open_options options = {.write = true, .repair = true};
	struct e4z_commit_summary sum;
	struct e4z_image *img;
	uint8_t *raw;
	errcode_t err;
	bool met, touched;

	memcpy(w->small.mem, w->before, w->small.size);
	CHECK(e4z_open(w->small.path, &options, &img) == 0);
	failing_wrap(img->dev);
	failing_arm(kind, n);
	err = txn_begin(img, &defaults);
	/* a superblock that was asked for, and is no other than the replay's */
	if (!err && more)
		err = txn_super(img, &raw);
	if (!err && more)
		err = change(img, 1);
	if (!err)
		err = txn_commit(img, &sum);
	met = failing_disarm();
	CHECK(!err || (met && is_from(err, kind)));
	CHECK(err || !met || kind == FAIL_ALLOC);
	touched = img->dev->touched;
	e4z_close(img);
	CHECK(touched || !memcmp(w->small.mem, w->before, w->small.size));
	CHECK(parts_done(w) >= w->logged && (err || !has_log(w)));
	CHECK(err || parts_done(w) == w->logged + more);
	return met;
}

static void test_replay(bool csum)
{
	struct world w;

	world_open(&w, true, csum);
	leave_log(&w);
	for (int more = 0; more < 2; more++)
		for (enum failing_kind kind = 0; kind < FAILING_KINDS; kind++)
			for (unsigned n = 1; replay(&w, more, kind, n); n++)
				;
	world_close(&w);
}

static void refuses(struct world *w, errcode_t want)
{
	const struct e4z_open_options options = {.write = true, .repair = true};
	struct e4z_image *img;

	memcpy(w->small.mem, w->before, w->small.size);
	CHECK(e4z_open(w->small.path, &options, &img) == want);
	e4z_close(img);
	CHECK(!memcmp(w->small.mem, w->before, w->small.size));
}

/*
 * The write of the superblock is torn between its two sectors: the flag is on, and the checksum is
 * the one without it; or the second sector is of another time, and the log has the right one.
 */
static void test_torn(void)
{
	struct world w;

	world_open(&w, true, true);
	w.before[1024 + 0x60] ^= 4; /* RECOVER, and nothing to balance it */
	CHECK(!replay(&w, false, FAIL_STEP, 0) && !has_log(&w));
	CHECK(!memcmp(w.small.mem + 1024 + 0x3fc, w.before + 1024 + 0x3fc, 4));
	w.before[1024 + 0x60] ^= 4;
	w.before[1024 + 0x300] ^= 1; /* the log is empty */
	refuses(&w, E4Z_ET_BAD_SUPER);
	w.before[1024 + 0x300] ^= 1;
	leave_log(&w);
	w.before[1024 + 0x300] ^= 1;
	CHECK(!replay(&w, false, FAIL_STEP, 0) && !has_log(&w));
	w.before[1024 + 0x18] = 9; /* its block size, which no checksum makes right */
	refuses(&w, E4Z_ET_BAD_SUPER);
	world_close(&w);
}

int main(void)
{
	for (int csum = 0; csum < 2; csum++) {
		test(true, csum);
		test(false, csum);
		test_replay(csum);
	}
	test_torn();
	return 0;
}
