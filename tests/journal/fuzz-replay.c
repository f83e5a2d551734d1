// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Damaged logs by the thousand: whatever the bytes say, reading ends, keeps its bounds, and gives
 * a view that lies inside the file system, or an error with a sentence.
 *
 *   fuzz-replay [MUTANTS [SEED]]      prints what became of them
 */
#include "../unit/check.h"
#include "../unit/journal/logmaker.h"
#include "../unit/random.h"
#include "errors.h"
#include "io/overlay.h"
#include "journal/csum.h"
#include "journal/replay.h"
#include "repair.h"
#include <string.h>
#include <time.h>

#define SIZE 1024
#define MAXLEN 1400
#define MOST 90

struct tally {
	unsigned views, damaged, features, fast, other;
	double slowest;
};

static void random_log(struct logmaker *lm, uint32_t *random)
{
	static const uint32_t features[][2] = {
		{0, 0},	 {0, 2},    {1, 0},    {1, 6},	  {0, 8},
		{0, 10}, {0, 0x10}, {0, 0x12}, {0, 0x16}, {0, 0x32},
	};
	uint32_t kind = next_random(random) % 10;
	uint32_t start = next_random(random) % 3 ? 1100 : 1;

	logmaker_open(lm, SIZE, features[kind][0], features[kind][1], MAXLEN, start,
		      next_random(random));
	if (lm->sb.incompat & JBD2_INCOMPAT_FAST_COMMIT)
		lm->last = MAXLEN - 256;
	if (lm->last - 1 <= start)
		lm->at = lm->sb.start = 900;
	logmaker_super(lm);
	for (uint32_t n = next_random(random) % 12; n; n--) {
		uint32_t count = next_random(random) % MOST,
			 revoke_count = next_random(random) % 200;
		struct logmaker_write writes[MOST];
		uint64_t revokes[200];

		for (uint32_t i = 0; i < count; i++) {
			writes[i].block = next_random(random) % LOGMAKER_BLOCKS;
			writes[i].fill = next_random(random);
			writes[i].magic = !(i % 5);
		}
		for (uint32_t i = 0; i < revoke_count; i++)
			revokes[i] = next_random(random) % LOGMAKER_BLOCKS;
		logmaker_transaction(lm, writes, count, revokes, revoke_count);
	}
}

/* A value that is apt to make trouble. */
static uint32_t nasty(uint32_t *random)
{
	static const uint32_t values[] = {
		0,	    1,	    2,		3,    0x7fffffff, 0x80000000, 0xffffffff,   0xffff,
		JBD2_MAGIC, MAXLEN, MAXLEN - 1, SIZE, 16,	  8,	      JBD2_TAG_LAST};
	uint32_t i = next_random(random) % 20;

	return i < sizeof(values) / sizeof(values[0]) ? values[i] : next_random(random);
}

static uint8_t *victim(struct logmaker *lm, uint32_t *random)
{
	uint32_t n = 0, tid;

	if (next_random(random) % 12 == 0)
		return logmaker_block(lm, 0);
	/* mostly headers: damage in data is dull */
	for (int tries = 0; tries < 200; tries++) {
		n = next_random(random) % MAXLEN;
		if (jbd2_block_type(logmaker_block(lm, n), &tid))
			break;
	}
	return logmaker_block(lm, n);
}

static void mutate(struct logmaker *lm, uint32_t *random)
{
	bool repaired = next_random(random) % 4;
	uint8_t *block, *from;

	for (uint32_t n = 1 + next_random(random) % 4; n; n--) {
		struct be32 word = be32_of(nasty(random));
		uint32_t limit = next_random(random) % 2 ? 64 : SIZE - 4;
		uint32_t where = next_random(random) % limit;

		block = victim(lm, random);
		switch (next_random(random) % 8) {
		case 0: block[where] ^= (uint8_t)(1 << next_random(random) % 8); break;
		case 1: /* a block out of its place */
			from = victim(lm, random);
			memmove(block, from, SIZE);
			break;
		case 2: /* torn */ memset(block + 512, 0, 512); break;
		case 3: /* another kind of block */
			block[7] = (uint8_t)(next_random(random) % 7);
			break;
		default: memcpy(block + where / 4 * 4, word.b, sizeof(word));
		}
		if (repaired)
			repair_log_block(&lm->shape, lm->seed, block);
	}
}

static errcode_t in_bounds(void *arg, uint64_t block, const void *data)
{
	const struct logmaker *lm = arg;

	(void)data;
	CHECK(block < LOGMAKER_BLOCKS && block < lm->blocks);
	return 0;
}

static void look(struct logmaker *lm, struct tally *tally, uint32_t *random)
{
	struct blkdev *dev = logmaker_device(lm);
	struct overlay *ov = NULL;
	struct log *log = NULL;
	struct replay replay;
	uint8_t buf[5000];
	char why[100] = "";
	errcode_t err = log_open(dev, SIZE, lm->runs, 3, &log, why, sizeof(why));

	if (!err)
		err = replay_read(log, lm->blocks, &ov, &replay, why, sizeof(why));
	CHECK(!err == !!ov && (!err || why[0]));
	if (!err) {
		CHECK(overlay_count(ov) <= MAXLEN);
		CHECK(replay.log_blocks <= log_size(log) && replay.transactions <= log_size(log));
		CHECK(overlay_each(ov, in_bounds, lm) == 0);
		for (int i = 0; i < 30; i++) {
			uint64_t off = next_random(random) % (LOGMAKER_BLOCKS * SIZE - sizeof(buf));

			CHECK(overlay_read(ov, dev, off, next_random(random) % sizeof(buf), buf) ==
			      0);
		}
	}
	tally->views += !err;
	tally->damaged += err == E4Z_ET_BAD_JOURNAL;
	tally->features += err == E4Z_ET_FEATURE;
	tally->fast += err == E4Z_ET_FAST_COMMIT;
	tally->other += err && err != E4Z_ET_BAD_JOURNAL && err != E4Z_ET_FEATURE &&
			err != E4Z_ET_FAST_COMMIT;
	overlay_free(ov);
	log_close(log);
	blkdev_close(dev);
}

int main(int argc, char **argv)
{
	unsigned mutants = argc > 1 ? (unsigned)atoi(argv[1]) : 2000;
	uint32_t random = argc > 2 ? (uint32_t)atoi(argv[2]) : 1;
	struct tally tally = {0};

	initialize_e4z_error_table();
	for (unsigned i = 0; i < mutants; i++) {
		struct timespec start, end;
		struct logmaker lm;
		double took;

		random += 0x9e3779b9 + !(random + 0x9e3779b9);
		random_log(&lm, &random);
		mutate(&lm, &random);
		clock_gettime(CLOCK_MONOTONIC, &start);
		look(&lm, &tally, &random);
		clock_gettime(CLOCK_MONOTONIC, &end);
		took = (double)(end.tv_sec - start.tv_sec) +
		       1e-9 * (double)(end.tv_nsec - start.tv_nsec);
		if (took > tally.slowest)
			tally.slowest = took;
		logmaker_close(&lm);
	}
	CHECK(tally.slowest < 10);
	/* the mutants must reach both sides, or they test nothing */
	CHECK(mutants < 100 || (tally.views > mutants / 20 && tally.damaged > mutants / 20));
	CHECK(!tally.other);
	printf("%u mutants: %u views, %u damaged, %u with unknown features, %u with fast commits, "
	       "slowest %.3f s\n",
	       mutants, tally.views, tally.damaged, tally.features, tally.fast, tally.slowest);
	return 0;
}
