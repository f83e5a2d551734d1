// SPDX-License-Identifier: GPL-2.0-or-later
// Each allocation, read, write and barrier of the journal's code fails in turn: a log that cannot
// be read gives no overlay, a transaction that was cut short is one that was done or one that was
// not.
#include "../check.h"
#include "../failing.h"
#include "errors.h"
#include "journal/commit.h"
#include "journal/flip.h"
#include "journal/replay.h"
#include "logmaker.h"
#include <errno.h>
#include <string.h>

#define BS 1024u

static const struct {
	uint32_t compat, incompat;
} kinds[] = {
	{0, 0},
	{JBD2_COMPAT_CHECKSUM, JBD2_INCOMPAT_REVOKE},
	{0, JBD2_INCOMPAT_CSUM_V3 | JBD2_INCOMPAT_64BIT},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct opened {
	struct logmaker *lm;
	struct log *log;
	struct overlay *ov;
	struct replay replay;
	char why[200];
};

static errcode_t read_log(struct opened *o, struct blkdev *dev)
{
	errcode_t err = log_open(dev, o->lm->shape.block_size, o->lm->runs, 3, &o->log, o->why,
				 sizeof(o->why));

	return err ? err
		   : replay_read(o->log, dev->len / o->lm->shape.block_size, &o->ov, &o->replay,
				 o->why, sizeof(o->why));
}

static void forget(struct opened *o)
{
	overlay_free(o->ov);
	log_close(o->log);
	o->ov = NULL;
	o->log = NULL;
}

/* ---- reading ---- */

/* Read the log of DEV with the N-th thing of KIND failing: false when nothing failed. */
static bool read_failing(struct opened *o, struct blkdev *dev, enum failing_kind kind, unsigned n)
{
	errcode_t err;
	bool met;

	o->why[0] = '\0';
	failing_arm(kind, n);
	err = read_log(o, dev);
	met = failing_disarm();
	/* what is given back at the end is given back if there is memory for it */
	if (!err) {
		CHECK(!met || kind == FAIL_ALLOC);
		CHECK(o->replay.transactions == 3 && overlay_count(o->ov) == 60);
		return met;
	}
	CHECK(met && err == failing_error(kind) && !o->ov);
	/* the caller has a word for memory */
	CHECK(kind == FAIL_ALLOC || o->why[0]);
	return met;
}

/* More tags than are read at once, revoke blocks; fast commits would come last. */
static void make_log(struct logmaker *lm, size_t kind, uint32_t block_size)
{
	static struct logmaker_write writes[700];
	static uint64_t revokes[20 * 130];
	size_t count = block_size == BS ? 700 : 60;

	logmaker_open(lm, block_size, kinds[kind].compat,
		      kinds[kind].incompat | JBD2_INCOMPAT_FAST_COMMIT, 2000, 1, 7);
	lm->last = 2000 - 256;
	for (size_t i = 0; i < count; i++)
		writes[i] = (struct logmaker_write){.block = 10 + i % 60 * 3, .fill = (uint32_t)i};
	for (size_t i = 0; i < 20 * 130; i++)
		revokes[i] = i % 100;
	logmaker_transaction(lm, writes, count, NULL, 0);
	logmaker_transaction(lm, writes, 2, revokes, 20 * 130);
	logmaker_transaction(lm, writes, count, revokes, 1);
}

static void test_reading(size_t kind, uint32_t block_size)
{
	struct logmaker lm;
	struct opened o = {.lm = &lm};
	struct blkdev *dev;

	make_log(&lm, kind, block_size);
	dev = failing_disk(lm.image, lm.blocks * block_size, lm.blocks * block_size);
	for (enum failing_kind what = FAIL_ALLOC; what <= FAIL_READ; what++) {
		unsigned n = 1;

		for (; read_failing(&o, dev, what, n); n++)
			forget(&o);
		CHECK(n > 4);
		forget(&o);
	}
	blkdev_close(dev);
	logmaker_close(&lm);
}

/* Who does not ask gets no sentence, of a log that cannot be opened or not be read. */
static void test_without_why(void)
{
	struct logmaker lm;
	struct log *log;
	struct replay replay;
	struct overlay *ov;
	struct blkdev *dev;
	char why[8] = "as ever";

	make_log(&lm, 0, BS);
	dev = failing_disk(lm.image, lm.blocks * BS, lm.blocks * BS);
	CHECK(log_open(dev, 3000, lm.runs, 3, &log, why, 0) == E4Z_ET_BAD_JOURNAL && !log);
	CHECK(log_open(dev, BS, lm.runs, 3, &log, why, 0) == 0);
	failing_arm(FAIL_READ, 1);
	CHECK(replay_read(log, lm.blocks, &ov, &replay, why, 0) == EIO && !ov);
	failing_disarm();
	CHECK(!strcmp(why, "as ever"));
	log_close(log);
	blkdev_close(dev);
	logmaker_close(&lm);
}

/* ---- writing ---- */

#define MANY 1400 /* blocks of a transaction: more than are written at once */
#define LOG 1600

/* A file system below the log, and above it room for what transactions write. */
struct disk {
	struct logmaker lm;
	uint8_t *before; /* the image without a change */
	size_t size;
	struct captured *blocks;
	size_t count;
	struct blkdev *dev;
	struct commit commit;
};

static void disk_open(struct disk *d, size_t kind, size_t count, bool magic)
{
	const uint8_t is_magic[4] = {0xc0, 0x3b, 0x39, 0x98};

	*d = (struct disk){.count = count};
	logmaker_open(&d->lm, BS, kinds[kind].compat, kinds[kind].incompat, LOG, 0, 7);
	d->size = (d->lm.blocks + 2 * MANY) * BS;
	d->lm.image = realloc(d->lm.image, d->size);
	d->before = malloc(d->size);
	d->blocks = calloc(count, sizeof(*d->blocks));
	CHECK(d->lm.image && d->before && d->blocks);
	memset(d->lm.image + d->lm.blocks * BS, 0x11, 2 * MANY * BS);
	d->lm.image[1024 + 0x60] = 0; /* RECOVER is off */
	memcpy(d->before, d->lm.image, d->size);
	for (size_t i = 0; i < count; i++) {
		/* the superblock, then blocks in two stretches */
		uint64_t at = i ? d->lm.blocks + i + (i > count / 2) : 1;

		d->blocks[i] = (struct captured){.block = at, .data = malloc(BS)};
		CHECK(d->blocks[i].data);
		memset(d->blocks[i].data, 0x22, BS);
		if (i && magic)
			memcpy(d->blocks[i].data, is_magic, sizeof(is_magic));
	}
	memcpy(d->blocks[0].data, d->before + 1024, BS);
	d->blocks[0].data[0x78] ^= 0xff;
}

static void disk_close(struct disk *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->blocks[i].data);
	free(d->blocks);
	free(d->before);
	logmaker_close(&d->lm);
}

/* The device and the log of the image as it was before. */
static void disk_begin(struct disk *d)
{
	char why[200];

	memcpy(d->lm.image, d->before, d->size);
	d->dev = failing_disk(d->lm.image, d->size, d->size);
	d->commit =
		(struct commit){.dev = d->dev, .block_size = BS, .next_tid = 8, .seconds = 2000};
	CHECK(log_open(d->dev, BS, d->lm.runs, 3, &d->commit.log, why, sizeof(why)) == 0);
}

static void disk_end(struct disk *d)
{
	log_close(d->commit.log);
	blkdev_close(d->dev);
}

/* What a block of the transaction is after a replay: 0 as before, 1 as it was to be. */
static bool is_new(const struct disk *d, const struct captured *b, const uint8_t *is)
{
	uint8_t want[BS];

	memcpy(want, b->data, BS);
	if (b->block == 1)
		want[0x60] = is[0x60]; /* with RECOVER or without it */
	if (!memcmp(is, want, BS))
		return true;
	memcpy(want, d->before + b->block * BS, BS);
	if (b->block == 1)
		want[0x60] = is[0x60];
	CHECK(!memcmp(is, want, BS));
	return false;
}

/* Who recovers now sees all of it or nothing; without RECOVER nobody looks at the log. */
static bool is_done(struct disk *d)
{
	struct blkdev *dev = failing_disk(d->lm.image, d->size, d->size);
	struct opened o = {.lm = &d->lm};
	bool recovers = flip_recover_is_on(d->lm.image + 1024), done = false;

	CHECK(read_log(&o, dev) == 0);
	for (size_t i = 0; i < d->count; i++) {
		uint8_t is[BS];

		CHECK(overlay_read(recovers ? o.ov : NULL, dev, d->blocks[i].block * BS, BS, is) ==
		      0);
		if (!i)
			done = is_new(d, &d->blocks[i], is);
		CHECK(done == is_new(d, &d->blocks[i], is));
	}
	forget(&o);
	blkdev_close(dev);
	return done;
}

static bool commit_failing(struct disk *d, enum failing_kind kind, unsigned n)
{
	bool met, done;
	errcode_t err;

	disk_begin(d);
	failing_arm(kind, n);
	err = commit_reserve(&d->commit, d->blocks, d->count);
	if (!err)
		err = commit_transaction(&d->commit, d->blocks, d->count, 3000);
	if (!err)
		err = commit_finish(&d->commit);
	met = failing_disarm();
	CHECK(err == (met ? failing_error(kind) : 0));
	CHECK(kind != FAIL_RESERVE || !met || !d->dev->touched);
	done = is_done(d);
	CHECK(met ? !d->commit.transactions || done : done);
	disk_end(d);
	return met;
}

static void test_commit(size_t kind, size_t count, bool magic)
{
	struct disk d;

	disk_open(&d, kind, count, magic);
	for (enum failing_kind what = 0; what < FAILING_KINDS; what++) {
		unsigned n = 1;

		while (commit_failing(&d, what, n))
			n++;
		CHECK(n > 4);
	}
	CHECK(!flip_recover_is_on(d.lm.image + 1024));
	disk_close(&d);
}

/* A log whose block numbers have 32 bits cannot say where this block belongs. */
static void test_too_far(void)
{
	struct disk d;

	disk_open(&d, 0, 30, false);
	disk_begin(&d);
	d.blocks[29].block = 1ull << 32;
	CHECK(commit_transaction(&d.commit, d.blocks, d.count, 3000) == EOVERFLOW);
	CHECK(!d.commit.transactions);
	d.count = 29; /* is_done() looks at the others */
	CHECK(!is_done(&d));
	d.count = 30;
	disk_end(&d);
	disk_close(&d);
}

/* ---- replay ---- */

/* A log with a transaction, of which nothing is home; the superblock denies it if DENIED. */
static void leave_log(struct disk *d, bool denied)
{
	unsigned n = 1;

	do { /* the first step after the commit block's barrier fails */
		disk_begin(d);
		failing_arm(FAIL_STEP, n++);
		CHECK(commit_transaction(&d->commit, d->blocks, d->count, 3000) == EIO);
		failing_disarm();
		disk_end(d);
	} while (!is_done(d) || !d->commit.transactions);
	if (denied)
		flip_recover(d->lm.image + 1024, false);
	memcpy(d->before, d->lm.image, d->size);
}

/* The copy in the log wins once it is there: the state is the new one, whatever fails. */
static bool replay_failing(struct disk *d, enum failing_kind kind, unsigned n)
{
	struct opened o = {.lm = &d->lm};
	bool met;
	errcode_t err;

	disk_begin(d);
	CHECK(read_log(&o, d->dev) == 0);
	failing_arm(kind, n);
	err = commit_replay(&d->commit, o.ov, o.replay.safe_tid, d->blocks[0].data);
	if (!err)
		err = commit_finish(&d->commit);
	met = failing_disarm();
	CHECK(err == (met ? failing_error(kind) : 0));
	if (d->dev->bytes_written || !met)
		CHECK(is_done(d));
	forget(&o);
	disk_end(d);
	return met;
}

static void test_replay(bool denied)
{
	struct disk d;

	disk_open(&d, 0, MANY, false);
	leave_log(&d, denied);
	for (enum failing_kind what = 0; what < FAILING_KINDS; what++) {
		unsigned n = 1;

		while (replay_failing(&d, what, n))
			n++;
		CHECK(n > 4 || what == FAIL_RESERVE);
	}
	CHECK(!flip_recover_is_on(d.lm.image + 1024));
	disk_close(&d);
}

/* Nothing is in the log, but it is not empty: it is emptied, then the superblock is written. */
static bool clear_failing(struct disk *d, bool started, unsigned n)
{
	bool met;
	errcode_t err;

	disk_begin(d);
	d->commit.log->sb.start = started;
	failing_arm(FAIL_STEP, n);
	err = commit_clear(&d->commit, 9, d->blocks[0].data);
	met = failing_disarm();
	CHECK(err == (met ? EIO : 0));
	CHECK(met || !memcmp(d->lm.image + 1024, d->blocks[0].data, 1024));
	if (!memcmp(d->lm.image + 1024, d->blocks[0].data, 1024))
		CHECK(!d->commit.log->sb.start);
	disk_end(d);
	return met;
}

static void test_clear(void)
{
	struct disk d;

	disk_open(&d, 2, 1, false);
	for (int started = 0; started < 2; started++) {
		unsigned n = 1;

		while (clear_failing(&d, started, n))
			n++;
		CHECK(n == (started ? 5 : 3));
	}
	disk_close(&d);
}

/* ---- rules that are broken on purpose ---- */

struct watch {
	unsigned barriers;  /* before the commit block */
	bool told, on, ons; /* the superblock's flag is on, in any write that was made */
	bool slot;	    /* zeroes were written in the log before the commit block */
	bool early;	    /* the flag went before the log was empty */
	bool fc;	    /* the superblock of the log had fast commits while it was in use */
};

static errcode_t watch(void *arg, struct blkdev *dev, const struct blkdev_op *op)
{
	struct watch *w = arg;
	const uint8_t *data = op->count ? op->pieces[op->count - 1].iov_base : NULL;
	static const uint8_t zeroes[BS];

	(void)dev;
	if (!strcmp(op->what, "commit") && op->type == BLKDEV_WRITE)
		w->told = true;
	if (op->type == BLKDEV_SYNC)
		w->barriers += !w->told;
	else if (!strcmp(op->what, "super"))
		w->on = data[0x60] & 4;
	else if (!strcmp(op->what, "log"))
		w->slot |= !memcmp(data, zeroes, BS);
	else if (!strcmp(op->what, "log-super") && !w->told)
		w->fc |= data[0x2b] & JBD2_INCOMPAT_FAST_COMMIT;
	else if (!strcmp(op->what, "log-super"))
		w->early = !w->on;
	w->ons |= w->on;
	return 0;
}

static struct watch watch_commit(unsigned faults)
{
	struct disk d;
	struct watch w = {.barriers = 0};
	const struct blkdev_observer observer = {watch, &w};

	disk_open(&d, 2, 30, false);
	disk_begin(&d);
	d.commit.faults = faults;
	d.commit.log->sb.incompat |= JBD2_INCOMPAT_FAST_COMMIT;
	CHECK(blkdev_observe(d.dev, &observer) == 0);
	CHECK(commit_transaction(&d.commit, d.blocks, d.count, 3000) == 0);
	CHECK(commit_finish(&d.commit) == 0 && commit_finish(&d.commit) == 0);
	CHECK(is_done(&d));
	disk_end(&d);
	disk_close(&d);
	return w;
}

static void test_faults(void)
{
	const struct watch good = watch_commit(0);

	CHECK(good.ons && !good.on && !good.early && good.slot && !good.fc && good.barriers == 2);
	CHECK(!watch_commit(COMMIT_FAULT_NO_RECOVER).ons);
	CHECK(watch_commit(COMMIT_FAULT_NO_BARRIER).barriers == 1);
	CHECK(watch_commit(COMMIT_FAULT_EARLY_CLEAR).early);
	CHECK(!watch_commit(COMMIT_FAULT_KEEP_SLOT).slot);
	CHECK(watch_commit(COMMIT_FAULT_KEEP_FC).fc);
}

int main(void)
{
	initialize_e4z_error_table();
	for (size_t kind = 0; kind < KINDS; kind++) {
		test_reading(kind, BS);
		test_commit(kind, 30, kind == 1);
	}
	test_reading(0, 65536);
	test_without_why();
	test_commit(0, MANY, false);
	test_commit(0, MANY, true);
	test_too_far();
	test_replay(false);
	test_replay(true);
	test_clear();
	test_faults();
	return 0;
}
