// SPDX-License-Identifier: GPL-2.0-or-later
// What commit_transaction() writes: the log gives back each block as it was, escaped ones and the
// superblock too, from one descriptor or several; at home is the same, neighbours in one write.
#include "../check.h"
#include "../random.h"
#include "base/whole.h"
#include "covered.h"
#include "errors.h"
#include "journal/commit.h"
#include "journal/flip.h"
#include "journal/replay.h"
#include "logmaker.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

static const struct {
	uint32_t compat, incompat;
} kinds[] = {
	{0, 0},
	{JBD2_COMPAT_CHECKSUM, JBD2_INCOMPAT_REVOKE},
	{0, JBD2_INCOMPAT_CSUM_V2 | JBD2_INCOMPAT_64BIT},
	{0, JBD2_INCOMPAT_CSUM_V3 | JBD2_INCOMPAT_64BIT},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define COUNT 200 /* blocks of the transaction */

struct watch {
	bool stop_at_home;
	unsigned homes; /* writes */
	uint64_t blocks;
};

static errcode_t watch(void *arg, struct blkdev *dev, const struct blkdev_op *op)
{
	struct watch *w = arg;
	uint64_t len = 0;

	(void)dev;
	for (size_t i = 0; i < op->count; i++)
		len += op->pieces[i].iov_len;
	CHECK(op->type != BLKDEV_WRITE || len == op->len);
	if (op->type != BLKDEV_WRITE || strcmp(op->what, "home") != 0)
		return 0;
	w->homes++;
	w->blocks += op->len;
	return w->stop_at_home ? ECANCELED : 0;
}

static struct blkdev *writable(const struct logmaker *lm)
{
	struct blkdev *dev = logmaker_device(lm);
	char name[40];

	/* the name is gone */
	snprintf(name, sizeof(name), "/proc/self/fd/%d", dev->fd);
	dev->write_fd = open(name, O_RDWR | O_CLOEXEC);
	CHECK(dev->write_fd >= 0);
	dev->writable = true;
	return dev;
}

/* Every other block or so; the superblock is among them, some begin with the magic number. */
static unsigned make_blocks(struct captured *blocks, uint32_t block_size)
{
	const uint8_t magic[4] = {0xc0, 0x3b, 0x39, 0x98};
	uint32_t random = 1;
	uint64_t at = 0;
	unsigned runs = 0;

	for (size_t i = 0; i < COUNT; i++) {
		uint64_t step = i == 1 && block_size == 1024 ? 1 : next_random(&random) % 3 ? 1 : 2;

		at = i ? at + step : 0;
		runs += !i || step > 1;
		blocks[i] = (struct captured){.block = at, .data = malloc(block_size)};
		CHECK(blocks[i].data);
		for (uint32_t n = 0; n < block_size; n++)
			blocks[i].data[n] = (uint8_t)next_random(&random);
		if (next_random(&random) % 4 == 0)
			memcpy(blocks[i].data, magic, sizeof(magic));
	}
	/* also right after the magic, where the copy has a flag turned */
	memcpy(blocks[1024 / block_size].data, magic, sizeof(magic));
	return runs;
}

static void compare(const struct captured *b, uint32_t block_size, const uint8_t *is)
{
	uint8_t want[4096];

	memcpy(want, b->data, block_size);
	if (b->block == 1024 / block_size)
		flip_recover(want + 1024 % block_size, false);
	CHECK(!memcmp(is, want, block_size));
}

static void test_log(struct logmaker *lm, const struct captured *blocks, struct blkdev *dev)
{
	struct log *log;
	struct overlay *ov;
	struct replay replay;
	uint8_t is[4096];
	char why[200];
	uint32_t bs = lm->shape.block_size;

	CHECK(log_open(dev, bs, lm->runs, 3, &log, why, sizeof(why)) == 0);
	CHECK(replay_read(log, lm->blocks, &ov, &replay, why, sizeof(why)) == 0);
	CHECK(replay.transactions == 1 && replay.tags == COUNT && overlay_count(ov) == COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		CHECK(overlay_read(ov, dev, blocks[i].block * bs, bs, is) == 0);
		compare(&blocks[i], bs, is);
	}
	overlay_free(ov);
	log_close(log);
}

static void test_home(struct logmaker *lm, const struct captured *blocks, struct blkdev *dev)
{
	uint32_t bs = lm->shape.block_size, next = 0;
	uint8_t is[4096];

	for (uint64_t at = 0; at < LOGMAKER_BLOCKS; at++) {
		CHECK(blkdev_read(dev, at * bs, bs, is) == 0);
		if (next < COUNT && blocks[next].block == at)
			compare(&blocks[next++], bs, is);
		else
			for (uint32_t n = 0; n < bs; n++)
				CHECK(is[n] == (uint8_t)at);
	}
	CHECK(next == COUNT);
}

static void test_kind(size_t kind, uint32_t block_size, bool stop_at_home)
{
	struct captured blocks[COUNT];
	struct logmaker lm;
	struct watch w = {.stop_at_home = stop_at_home};
	const struct blkdev_observer observer = {watch, &w};
	struct commit commit = {.block_size = block_size, .next_tid = 8, .seconds = 2000};
	unsigned runs = make_blocks(blocks, block_size);
	char why[200];
	errcode_t err;

	logmaker_open(&lm, block_size, kinds[kind].compat, kinds[kind].incompat, 600, 0, 7);
	commit.dev = writable(&lm);
	CHECK(blkdev_observe(commit.dev, &observer) == 0);
	CHECK(log_open(commit.dev, block_size, lm.runs, 3, &commit.log, why, sizeof(why)) == 0);
	err = commit_transaction(&commit, blocks, COUNT, 3000);
	CHECK(err == (stop_at_home ? ECANCELED : 0));
	if (stop_at_home) {
		test_log(&lm, blocks, commit.dev);
	} else {
		CHECK(w.homes == runs && w.blocks == (uint64_t)COUNT * block_size);
		test_home(&lm, blocks, commit.dev);
	}
	for (size_t i = 0; i < COUNT; i++)
		free(blocks[i].data);
	log_close(commit.log);
	blkdev_close(commit.dev);
	logmaker_close(&lm);
}

/* The last step that is done, and whether it was the commit's barrier, or one after it. */
struct steps {
	unsigned left;
	bool durable;
};

static errcode_t count_steps(void *arg, struct blkdev *dev, const struct blkdev_op *op)
{
	struct steps *s = arg;

	(void)dev;
	if (!s->left)
		return ECANCELED;
	s->left--;
	s->durable |= op->type == BLKDEV_SYNC && !strcmp(op->what, "commit");
	return 0;
}

/* STEPS of a transaction are done: it is one that was done if a replay would bring it back. */
static bool counted_after(unsigned steps)
{
	struct captured blocks[COUNT];
	struct logmaker lm;
	struct steps s = {.left = steps};
	const struct blkdev_observer observer = {count_steps, &s};
	struct commit commit = {.block_size = 1024, .next_tid = 8, .seconds = 2000};
	char why[200];
	errcode_t err;

	make_blocks(blocks, 1024);
	logmaker_open(&lm, 1024, kinds[0].compat, kinds[0].incompat, 600, 0, 7);
	commit.dev = writable(&lm);
	CHECK(blkdev_observe(commit.dev, &observer) == 0);
	CHECK(log_open(commit.dev, 1024, lm.runs, 3, &commit.log, why, sizeof(why)) == 0);
	err = commit_transaction(&commit, blocks, COUNT, 3000);
	CHECK(err == 0 || err == ECANCELED);
	CHECK(commit.transactions == s.durable);
	CHECK(commit.log_blocks == (s.durable ? commit_need(commit.log, COUNT) : 0));
	for (size_t i = 0; i < COUNT; i++)
		free(blocks[i].data);
	log_close(commit.log);
	blkdev_close(commit.dev);
	logmaker_close(&lm);
	return !err;
}

static void test_counted(void)
{
	unsigned steps = 0;

	while (!counted_after(steps))
		steps++;
	CHECK(steps > 8);
}

/* Pieces of every length, none too; a file that takes only a part of them says so. */
static void test_pieces(void)
{
	static uint8_t from[100000], to[100000];
	struct rlimit all, some = {.rlim_cur = 5003};
	struct iovec pieces[2000];
	uint32_t random = 7;
	size_t count = 0, len = 0;
	uint64_t written;
	FILE *file = tmpfile();

	CHECK(file);
	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)next_random(&random);
	for (; count < 2000; len += pieces[count++].iov_len)
		pieces[count] = (struct iovec){from + len, next_random(&random) % 50};
	CHECK(len < sizeof(from) - 3);
	CHECK(whole_pwritev(fileno(file), pieces, count, 3, &written) == 0 && written == len);
	CHECK(whole_pread(fileno(file), to, len, 3) == 0 && !memcmp(from, to, len));
	CHECK(whole_pwritev(fileno(file), pieces, 0, 1, &written) == 0 && !written);

	CHECK(ftruncate(fileno(file), 0) == 0 && getrlimit(RLIMIT_FSIZE, &all) == 0);
	some.rlim_max = all.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	CHECK(setrlimit(RLIMIT_FSIZE, &some) == 0);
	CHECK(whole_pwritev(fileno(file), pieces, count, 3, &written) == EFBIG);
	CHECK(written && written < len);
	CHECK(setrlimit(RLIMIT_FSIZE, &all) == 0);
	memset(to, 0, sizeof(to));
	CHECK(whole_pread(fileno(file), to, 5000, 3) == 0 && !memcmp(from, to, 5000));
	fclose(file);
}

/* ---- over the log of an older file system ---- */

#define OLD_WRITES 64

/* What was written up to the commit block's barrier: the log's writes, and where barriers stood. */
struct tape {
	struct {
		uint64_t off;
		size_t len;
		uint8_t *data; /* NULL: a barrier */
	} ops[OLD_WRITES];
	size_t count;
};

static errcode_t tape(void *arg, struct blkdev *dev, const struct blkdev_op *op)
{
	struct tape *t = arg;
	size_t at = 0;

	(void)dev;
	if (op->type == BLKDEV_WRITE && !strcmp(op->what, "home"))
		return ECANCELED;
	CHECK(t->count < OLD_WRITES);
	t->ops[t->count].off = op->off;
	t->ops[t->count].len = op->type == BLKDEV_WRITE ? (size_t)op->len : 0;
	if (op->type == BLKDEV_WRITE) {
		uint8_t *data = t->ops[t->count].data = malloc((size_t)op->len);

		CHECK(data);
		for (size_t i = 0; i < op->count; at += op->pieces[i++].iov_len)
			memcpy(data + at, op->pieces[i].iov_base, op->pieces[i].iov_len);
	}
	t->count++;
	return 0;
}

/* The log as it is on the disk gives WANT transactions, which are ours. */
static void recovers(const struct logmaker *lm, uint32_t want)
{
	struct blkdev *dev = logmaker_device(lm);
	struct replay replay;
	struct overlay *ov;
	struct log *log;
	char why[200];

	CHECK(log_open(dev, 1024, lm->runs, 3, &log, why, sizeof(why)) == 0);
	CHECK(replay_read(log, lm->blocks, &ov, &replay, why, sizeof(why)) == 0);
	CHECK(replay.transactions == want && overlay_count(ov) == want * COUNT);
	overlay_free(ov);
	log_close(log);
	blkdev_close(dev);
}

/*
 * Between two barriers each write alone may be on the disk, or all but one: only with all of them,
 * the commit block among them, is there a transaction.
 */
static void play_batch(const struct logmaker *lm, const struct tape *t, size_t first, size_t end)
{
	uint32_t after = 0;

	for (size_t i = first; i < end; i++)
		if (t->ops[i].len == 1024 && !memcmp(t->ops[i].data + 4, "\0\0\0\2", 4))
			after = 1;
	for (size_t one = first; one < end; one++)
		for (int all_but = 0; all_but < 2; all_but++) {
			struct logmaker crashed = *lm;
			bool whole = end - first == 1 && !all_but;

			crashed.image = malloc(lm->blocks * 1024);
			CHECK(crashed.image);
			memcpy(crashed.image, lm->image, lm->blocks * 1024);
			for (size_t i = first; i < end; i++)
				if ((i == one) != all_but)
					memcpy(crashed.image + t->ops[i].off, t->ops[i].data,
					       t->ops[i].len);
			recovers(&crashed, whole ? after : 0);
			free(crashed.image);
		}
	for (size_t i = first; i < end; i++)
		memcpy(lm->image + t->ops[i].off, t->ops[i].data, t->ops[i].len);
	recovers(lm, after);
}

/* Transactions of our number, and of the next, wherever a reader looks for a header. */
static void make_old(struct logmaker *lm, size_t kind, const uint32_t *places, size_t count)
{
	const struct logmaker_write write = {.block = 77, .fill = 1};

	logmaker_open(lm, 1024, kinds[kind].compat, kinds[kind].incompat, 600, 0, 7);
	for (size_t i = 0; i < count; i++) {
		lm->at = places[i];
		lm->tid = 8 + (i == count - 1);
		lm->seconds = 5000;
		logmaker_transaction(lm, &write, 1, NULL, 0);
	}
	/* a commit block of our number, where the second descriptor is to be */
	lm->at = places[1];
	lm->tid = 8;
	logmaker_commit(lm);
}

static void test_old_log(size_t kind)
{
	struct captured blocks[COUNT];
	struct logmaker lm;
	struct tape t = {.count = 0};
	const struct blkdev_observer observer = {tape, &t};
	struct commit commit = {.block_size = 1024, .next_tid = 8, .seconds = 2000};
	uint32_t room, need;
	char why[200];
	size_t first = 0;

	make_blocks(blocks, 1024);
	logmaker_open(&lm, 1024, kinds[kind].compat, kinds[kind].incompat, 600, 0, 7);
	room = jbd2_tags_room(&lm.shape);
	need = COUNT + (COUNT + room - 1) / room + 1;
	logmaker_close(&lm);
	make_old(&lm, kind, (uint32_t[]){1, 1 + room + 1, need, need + 1}, 4);
	commit.dev = writable(&lm);
	CHECK(blkdev_observe(commit.dev, &observer) == 0);
	CHECK(log_open(commit.dev, 1024, lm.runs, 3, &commit.log, why, sizeof(why)) == 0);
	CHECK(commit_transaction(&commit, blocks, COUNT, 3000) == ECANCELED);
	for (size_t i = 0; i < t.count; i++)
		if (!t.ops[i].data) {
			play_batch(&lm, &t, first, i);
			first = i + 1;
		}
	CHECK(first == t.count);
	for (size_t i = 0; i < t.count; i++)
		free(t.ops[i].data);
	for (size_t i = 0; i < COUNT; i++)
		free(blocks[i].data);
	log_close(commit.log);
	blkdev_close(commit.dev);
	logmaker_close(&lm);
}

/* ---- a log that gets block numbers of 64 bits because the file system has more blocks ---- */

#define MANY (1ull << 33) /* blocks of the file system */

static struct captured *many_blocks(uint64_t count, uint32_t block_size)
{
	struct captured *blocks = calloc(count, sizeof(*blocks));

	CHECK(blocks);
	for (uint64_t i = 0; i < count; i++) {
		blocks[i] =
			(struct captured){.block = MANY / 2 + i * 3, .data = malloc(block_size)};
		CHECK(blocks[i].data);
		memset(blocks[i].data, (int)i, block_size);
	}
	return blocks;
}

static void read_back(struct logmaker *lm, struct blkdev *dev, const struct captured *blocks,
		      uint64_t count)
{
	uint32_t bs = lm->shape.block_size;
	struct overlay_entry entry;
	struct replay replay;
	struct overlay *ov;
	struct log *log;
	uint8_t is[1024];
	char why[200];

	CHECK(log_open(dev, bs, lm->runs, 3, &log, why, sizeof(why)) == 0);
	CHECK(log->sb.incompat & JBD2_INCOMPAT_64BIT);
	CHECK(replay_read(log, MANY * 2, &ov, &replay, why, sizeof(why)) == 0);
	CHECK(replay.transactions == 1 && overlay_count(ov) == count);
	for (uint64_t i = 0; i < count; i++) {
		CHECK(overlay_find(ov, blocks[i].block, &entry));
		CHECK(overlay_read(ov, dev, entry.block * bs, bs, is) == 0 &&
		      !memcmp(is, blocks[i].data, bs));
	}
	overlay_free(ov);
	log_close(log);
}

/* A transaction fits to the last block of the log in its own form, or not at all. */
static void test_widened(size_t kind, unsigned over)
{
	struct logmaker lm;
	struct commit commit = {.block_size = 1024, .next_tid = 8, .seconds = 2000};
	struct captured *blocks;
	uint64_t narrow, count;
	char why[200];
	errcode_t err;

	logmaker_open(&lm, 1024, kinds[kind].compat, kinds[kind].incompat & JBD2_INCOMPAT_CSUM_V2,
		      600, 0, 7);
	commit.dev = writable(&lm);
	CHECK(log_open(commit.dev, 1024, lm.runs, 3, &commit.log, why, sizeof(why)) == 0);
	narrow = commit_room(commit.log);
	CHECK(commit_shape(commit.log, MANY) == 0);
	CHECK(!commit.log->shape.wide && commit.log->next.wide);
	count = commit_room(commit.log);
	CHECK(count < narrow && commit_need(commit.log, count) == log_size(commit.log));
	blocks = many_blocks(count + over, 1024);
	err = commit_transaction(&commit, blocks, count + over, 3000);
	/* their homes are not on this disk: the log is all that was written */
	CHECK(err == (over ? E4Z_ET_LOG_FULL : E4Z_ET_CLIPPED));
	CHECK(!over || !commit.dev->touched);
	if (!over)
		read_back(&lm, commit.dev, blocks, count);
	for (uint64_t i = 0; i < count + over; i++)
		free(blocks[i].data);
	free(blocks);
	log_close(commit.log);
	blkdev_close(commit.dev);
	logmaker_close(&lm);
}

/* What says nothing of features cannot say that; fewer blocks need nothing. */
static void test_version_1(void)
{
	struct logmaker lm;
	struct blkdev *dev;
	struct log *log;
	char why[200];

	logmaker_open(&lm, 1024, 0, 0, 600, 0, 7);
	lm.sb.version = 1;
	logmaker_super(&lm);
	dev = logmaker_device(&lm);
	CHECK(log_open(dev, 1024, lm.runs, 3, &log, why, sizeof(why)) == 0);
	CHECK(commit_shape(log, UINT32_MAX) == 0 && !log->next.wide);
	CHECK(commit_shape(log, UINT32_MAX + 1ull) == E4Z_ET_FEATURE);
	log_close(log);
	blkdev_close(dev);
	logmaker_close(&lm);
}

int main(void)
{
	initialize_e4z_error_table();
	for (size_t kind = 0; kind < KINDS; kind++)
		for (uint32_t size = 1024; size <= 4096; size *= 4)
			for (int stop = 0; stop < 2; stop++)
				test_kind(kind, size, stop);
	for (unsigned over = 0; over < 2; over++) {
		test_widened(0, over);
		test_widened(2, over);
	}
	test_version_1();
	for (size_t kind = 0; kind < KINDS; kind++)
		test_old_log(kind);
	test_pieces();
	test_counted();
	return 0;
}
