// SPDX-License-Identifier: GPL-2.0-or-later
// Recovery against a model: whole logs of every kind, torn ends, damage, and logs made to mislead.
#include "../check.h"
#include "../random.h"
#include "covered.h"
#include "errors.h"
#include "journal/csum.h"
#include "journal/replay.h"
#include "logmaker.h"
#include <errno.h>
#include <string.h>

static const struct {
	uint32_t compat, incompat;
} kinds[] = {
	{0, 0},
	{0, JBD2_INCOMPAT_64BIT | JBD2_INCOMPAT_REVOKE},
	{JBD2_COMPAT_CHECKSUM, JBD2_INCOMPAT_REVOKE},
	{JBD2_COMPAT_CHECKSUM, JBD2_INCOMPAT_64BIT | JBD2_INCOMPAT_ASYNC_COMMIT},
	{0, JBD2_INCOMPAT_CSUM_V2},
	{0, JBD2_INCOMPAT_CSUM_V2 | JBD2_INCOMPAT_64BIT},
	{0, JBD2_INCOMPAT_CSUM_V3},
	{0, JBD2_INCOMPAT_CSUM_V3 | JBD2_INCOMPAT_64BIT},
	{0, JBD2_INCOMPAT_CSUM_V3 | JBD2_INCOMPAT_64BIT | JBD2_INCOMPAT_ASYNC_COMMIT},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct seen {
	struct blkdev *dev;
	struct log *log;
	struct overlay *ov;
	struct replay replay;
	char why[200];
};

static errcode_t look_born(struct logmaker *lm, struct seen *s, uint64_t born)
{
	errcode_t err;

	*s = (struct seen){.dev = logmaker_device(lm)};
	err = log_open(s->dev, lm->shape.block_size, lm->runs, 3, &s->log, s->why, sizeof(s->why));
	if (!err)
		s->log->born = born;
	if (!err)
		err = replay_read(s->log, lm->blocks, &s->ov, &s->replay, s->why, sizeof(s->why));
	CHECK(!err == !!s->ov);
	CHECK(!err || err == ENOMEM || s->why[0]);
	return err;
}

static errcode_t look(struct logmaker *lm, struct seen *s)
{
	return look_born(lm, s, 0);
}

static void forget(struct seen *s)
{
	overlay_free(s->ov);
	log_close(s->log);
	blkdev_close(s->dev);
}

/* The log gives this and nothing else. */
static void expect_error(struct logmaker *lm, errcode_t want, const char *why)
{
	struct seen s;
	errcode_t err = look(lm, &s);

	if (err != want || !strstr(s.why, why)) {
		fprintf(stderr, "wanted %s: %s; got %s: %s\n", error_message(want), why,
			error_message(err), s.why);
		abort();
	}
	forget(&s);
}

static void expect_transactions(struct logmaker *lm, uint32_t transactions, bool torn)
{
	struct seen s;

	CHECK(look(lm, &s) == 0);
	if (s.replay.transactions != transactions || s.replay.torn != torn) {
		fprintf(stderr, "wanted %u transactions, torn %d; got %u, %d\n", transactions, torn,
			s.replay.transactions, s.replay.torn);
		abort();
	}
	CHECK(s.replay.next_tid == lm->sb.sequence + transactions);
	CHECK(s.replay.safe_tid == s.replay.next_tid + 1);
	forget(&s);
}

/* ---- whole logs against the model ---- */

struct model {
	uint8_t *data; /* LOGMAKER_BLOCKS blocks as they should be */
	bool covered[LOGMAKER_BLOCKS];
	uint8_t *home;
};

static void model_open(struct model *m, const struct logmaker *lm)
{
	memset(m, 0, sizeof(*m));
	m->home = lm->image;
	m->data = malloc((size_t)LOGMAKER_BLOCKS * lm->shape.block_size);
	CHECK(m->data);
	memcpy(m->data, m->home, (size_t)LOGMAKER_BLOCKS * lm->shape.block_size);
}

#define MOST 400

/* Transactions that put MOST blocks and revoke some of what was put before. */
static void random_transaction(struct logmaker *lm, struct model *m, uint32_t *random)
{
	static struct logmaker_write writes[MOST];
	uint64_t revokes[40];
	uint32_t size = lm->shape.block_size, count = next_random(random) % 10;
	uint32_t revoke_count = next_random(random) % 40;

	if (next_random(random) % 8 == 0)
		count = MOST; /* more than a descriptor takes */
	for (uint32_t i = 0; i < count; i++) {
		writes[i].block = next_random(random) % LOGMAKER_BLOCKS;
		writes[i].fill = next_random(random);
		writes[i].magic = next_random(random) % 3 == 0;
	}
	for (uint32_t i = 0; i < revoke_count; i++)
		revokes[i] = next_random(random) % (LOGMAKER_BLOCKS + 50);
	logmaker_transaction(lm, writes, count, revokes, revoke_count);
	for (uint32_t i = 0; i < count; i++) {
		m->covered[writes[i].block] = true;
		logmaker_content(lm, &writes[i], m->data + writes[i].block * size);
	}
	/* a revoke takes back its own transaction's blocks, too */
	for (uint32_t i = 0; i < revoke_count; i++) {
		if (revokes[i] >= LOGMAKER_BLOCKS)
			continue;
		m->covered[revokes[i]] = false;
		memcpy(m->data + revokes[i] * size, m->home + revokes[i] * size, size);
	}
}

struct visited {
	const struct model *model;
	uint32_t block_size;
	uint64_t next, count;
};

static errcode_t visit(void *arg, uint64_t block, const void *data)
{
	struct visited *v = arg;

	CHECK(block >= v->next && v->model->covered[block]);
	CHECK(!memcmp(data, v->model->data + block * v->block_size, v->block_size));
	v->next = block + 1;
	v->count++;
	return 0;
}

static void compare(const struct seen *s, const struct model *m, uint32_t size, uint32_t *random)
{
	uint64_t bytes = (uint64_t)LOGMAKER_BLOCKS * size, count = 0;
	uint8_t *buf = malloc(bytes);
	struct visited v = {.model = m, .block_size = size};
	struct overlay_entry entry;

	CHECK(buf);
	for (uint64_t b = 0; b < LOGMAKER_BLOCKS; b++) {
		uint64_t n = 1 + next_random(random) % 20;
		bool meets = false;

		for (uint64_t i = b; i < b + n && i < LOGMAKER_BLOCKS; i++)
			meets |= m->covered[i];
		CHECK(overlay_meets(s->ov, b, n) == meets);
		CHECK(overlay_find(s->ov, b, &entry) == m->covered[b]);
		count += m->covered[b];
	}
	CHECK(overlay_count(s->ov) == count);
	CHECK(overlay_read(s->ov, s->dev, 0, bytes, buf) == 0);
	CHECK(!memcmp(buf, m->data, bytes));
	for (int i = 0; i < 400; i++) {
		uint64_t off = next_random(random) % bytes;
		uint64_t len = next_random(random) % (i % 2 ? 9 : 5 * size);

		if (len > bytes - off)
			len = bytes - off;
		CHECK(overlay_read(s->ov, s->dev, off, len, buf) == 0);
		CHECK(!memcmp(buf, m->data + off, len));
	}
	CHECK(overlay_each(s->ov, visit, &v) == 0 && v.count == count);
	free(buf);
}

static void test_whole(size_t kind, uint32_t block_size, uint32_t start, uint32_t tid)
{
	uint32_t random = (uint32_t)kind * 7919 + start + tid + block_size;
	struct logmaker lm;
	struct model m;
	struct seen s;
	uint32_t n = 0;

	logmaker_open(&lm, block_size, kinds[kind].compat, kinds[kind].incompat, 2048, start, tid);
	model_open(&m, &lm);
	for (; n < 6; n++)
		random_transaction(&lm, &m, &random);
	CHECK(look(&lm, &s) == 0);
	CHECK(s.replay.transactions == n && s.replay.first_tid == tid);
	CHECK(s.replay.next_tid == tid + n && s.replay.end == lm.at && !s.replay.torn);
	CHECK(s.replay.last_seconds == lm.seconds - 1);
	compare(&s, &m, block_size, &random);
	forget(&s);
	free(m.data);
	logmaker_close(&lm);
}

/* ---- what a crash, and what damage leaves ---- */

/* Where the blocks of transaction i are: revoke, descriptor, two blocks, commit; five each. */
enum { REVOKE, DESCRIPTOR, FIRST, SECOND, COMMIT, EACH };
#define TRANSACTIONS 4

static void five_each(struct logmaker *lm, size_t kind)
{
	logmaker_open(lm, 1024, kinds[kind].compat, kinds[kind].incompat, 1024, 1015, 0xfffffffe);
	for (uint32_t i = 0; i < TRANSACTIONS; i++) {
		struct logmaker_write writes[] = {{10 + i, i, false}, {20, 100 + i, true}};
		uint64_t revoke = 9 + i;

		logmaker_transaction(lm, writes, 2, &revoke, 1);
	}
}

static uint8_t *part(struct logmaker *lm, uint32_t transaction, uint32_t what)
{
	uint32_t n = lm->sb.start + transaction * EACH + what;

	return logmaker_block(lm, n < lm->last ? n : n - lm->last + lm->sb.first);
}

static void test_torn(size_t kind)
{
	const bool async = kinds[kind].incompat & JBD2_INCOMPAT_ASYNC_COMMIT;
	struct logmaker lm;

	/* the commit block never came, or nothing but it came */
	five_each(&lm, kind);
	memset(part(&lm, 3, COMMIT), 0, 1024);
	expect_transactions(&lm, 3, true);
	memset(part(&lm, 3, DESCRIPTOR), 0, 1024);
	expect_transactions(&lm, 3, true);
	memset(part(&lm, 3, REVOKE), 0, 1024);
	expect_transactions(&lm, 3, false);
	logmaker_close(&lm);

	five_each(&lm, kind);
	memset(part(&lm, 3, DESCRIPTOR), 0, 1024);
	if (async)
		expect_transactions(&lm, 3, true);
	else
		expect_error(&lm, E4Z_ET_BAD_JOURNAL, "is corrupt, but");
	memset(part(&lm, 0, REVOKE), 0, 1024);
	expect_error(&lm, E4Z_ET_BAD_JOURNAL, "is corrupt, but");
	logmaker_close(&lm);

	/* the same in the midst of the log */
	for (uint32_t what = REVOKE; what < EACH; what++) {
		if (what == FIRST || what == SECOND)
			continue;
		five_each(&lm, kind);
		part(&lm, 1, what)[2] ^= 4;
		expect_error(&lm, E4Z_ET_BAD_JOURNAL, "is corrupt, but");
		logmaker_close(&lm);
	}
}

/* A commit block that fails its checksum: the end, if it is the last one. */
static void test_bad_commit(size_t kind)
{
	struct logmaker lm;

	for (uint32_t at = 0; at < TRANSACTIONS; at++) {
		five_each(&lm, kind);
		part(&lm, at, COMMIT)[17] ^= 1;
		if (lm.shape.csum == JBD2_CSUM_NONE)
			expect_transactions(&lm, TRANSACTIONS, false);
		else if (at == TRANSACTIONS - 1)
			expect_transactions(&lm, TRANSACTIONS - 1, true);
		else
			expect_error(&lm, E4Z_ET_BAD_JOURNAL, "is corrupt, but");
		logmaker_close(&lm);
	}
}

static void test_bad_data(size_t kind)
{
	struct logmaker lm;

	for (uint32_t at = 0; at < TRANSACTIONS; at++) {
		five_each(&lm, kind);
		part(&lm, at, SECOND)[1023] ^= 0x80;
		if (lm.shape.csum == JBD2_CSUM_NONE)
			expect_transactions(&lm, TRANSACTIONS, false);
		else if (lm.shape.csum >= JBD2_CSUM_V2)
			expect_error(&lm, E4Z_ET_BAD_JOURNAL, "fails its checksum");
		else if (at == TRANSACTIONS - 1)
			expect_transactions(&lm, TRANSACTIONS - 1, true);
		else
			expect_error(&lm, E4Z_ET_BAD_JOURNAL, "is corrupt, but");
		logmaker_close(&lm);
	}
	/* but in a transaction that was never committed it means nothing */
	five_each(&lm, kind);
	part(&lm, 3, FIRST)[5] ^= 0x80;
	memset(part(&lm, 3, COMMIT), 0, 1024);
	expect_transactions(&lm, 3, true);
	logmaker_close(&lm);
}

/* What an earlier life of the log left past its end is older, and not taken for a part of it. */
static void test_stale(size_t kind)
{
	struct logmaker lm;

	five_each(&lm, kind);
	lm.tid++; /* one is missing, and so are its blocks */
	for (int i = 0; i < EACH; i++)
		(void)logmaker_next(&lm);
	lm.seconds = 500;
	logmaker_commit(&lm);
	expect_transactions(&lm, TRANSACTIONS, false);
	lm.seconds = 2000;
	lm.tid++;
	logmaker_commit(&lm);
	expect_error(&lm, E4Z_ET_BAD_JOURNAL, "is corrupt, but");
	logmaker_close(&lm);

	five_each(&lm, kind);
	lm.tid += 1000; /* so far ahead as nothing here can be */
	logmaker_commit(&lm);
	expect_transactions(&lm, TRANSACTIONS, false);
	logmaker_close(&lm);
}

static void test_misleading(size_t kind)
{
	struct logmaker_write write = {LOGMAKER_BLOCKS + 3, 1, false};
	struct jbd2_revoke *revoke;
	struct logmaker lm;
	uint8_t *block;

	five_each(&lm, kind);
	logmaker_transaction(&lm, &write, 1, NULL, 0);
	expect_error(&lm, E4Z_ET_BAD_JOURNAL, "its own blocks");
	logmaker_close(&lm);

	five_each(&lm, kind);
	write.block = lm.blocks;
	logmaker_transaction(&lm, &write, 1, NULL, 0);
	expect_error(&lm, E4Z_ET_BAD_JOURNAL, "past the end of the device");
	logmaker_close(&lm);

	five_each(&lm, kind);
	block = part(&lm, 2, REVOKE);
	revoke = (void *)block;
	revoke->used = be32_of(1025);
	csum_tail_set(&lm.shape, lm.seed, block);
	expect_error(&lm, E4Z_ET_BAD_JOURNAL, "too long");
	logmaker_close(&lm);

	/* revoke blocks all the way round, and descriptors that jump over the start */
	logmaker_open(&lm, 1024, kinds[kind].compat, kinds[kind].incompat, 1024, 500, 7);
	for (uint32_t i = 0; i < 1023; i++)
		logmaker_revoke(&lm, &(uint64_t){1}, 1);
	expect_transactions(&lm, 0, true);
	logmaker_close(&lm);

	logmaker_open(&lm, 1024, kinds[kind].compat, kinds[kind].incompat, 1024, 500, 7);
	for (uint32_t i = 0; i < 1023; i++) {
		struct jbd2_entry entry = {.block = i};
		struct jbd2_builder b;

		block = logmaker_next(&lm);
		jbd2_tags_begin(&b, &lm.shape, block, 7, lm.sb.uuid);
		while (!jbd2_tags_add(&b, &entry))
			continue;
		jbd2_tags_end(&b);
		csum_tail_set(&lm.shape, lm.seed, block);
	}
	expect_transactions(&lm, 0, true);
	logmaker_close(&lm);
}

/* A descriptor with many more tags than the ring has blocks. */
static void test_tiny_ring(size_t kind)
{
	struct jbd2_entry entry = {.block = 1};
	struct jbd2_builder b;
	struct logmaker lm;
	uint8_t *block;

	logmaker_open(&lm, 4096, kinds[kind].compat, kinds[kind].incompat, 12, 5, 7);
	block = logmaker_next(&lm);
	jbd2_tags_begin(&b, &lm.shape, block, 7, lm.sb.uuid);
	while (!jbd2_tags_add(&b, &entry))
		continue;
	jbd2_tags_end(&b);
	csum_tail_set(&lm.shape, lm.seed, block);
	expect_transactions(&lm, 0, true);
	logmaker_close(&lm);
}

/* A log that is full to the last block, and one that is empty. */
static void test_full_and_empty(size_t kind)
{
	struct logmaker_write write = {5, 5, true};
	struct logmaker lm;
	struct seen s;

	logmaker_open(&lm, 1024, kinds[kind].compat, kinds[kind].incompat, 1024, 77, 7);
	for (uint32_t i = 0; i < 341; i++)
		logmaker_transaction(&lm, &write, 1, NULL, 0);
	CHECK(lm.at == 77);
	expect_transactions(&lm, 341, false);
	lm.sb.start = 0;
	logmaker_super(&lm);
	CHECK(look(&lm, &s) == 0);
	CHECK(s.replay.empty && s.replay.safe_tid == 8 && overlay_count(s.ov) == 0);
	forget(&s);
	logmaker_close(&lm);
}

static void test_fast_commits(void)
{
	uint8_t head[] = {9, 0, 8, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};
	struct logmaker lm;
	uint8_t *area;

	logmaker_open(&lm, 1024, 0, JBD2_INCOMPAT_FAST_COMMIT | JBD2_INCOMPAT_CSUM_V3, 1200, 1190,
		      1);
	lm.last = lm.sb.maxlen; /* too few blocks would be left for the log: no area at all */
	logmaker_transaction(&lm, &(struct logmaker_write){1, 1, 0}, 1, NULL, 0);
	expect_transactions(&lm, 1, false);
	logmaker_close(&lm);

	logmaker_open(&lm, 1024, 0, JBD2_INCOMPAT_FAST_COMMIT | JBD2_INCOMPAT_CSUM_V3, 1200, 1099,
		      1);
	lm.sb.num_fc_blocks = 100;
	lm.last = 1100;
	logmaker_super(&lm);
	logmaker_transaction(&lm, &(struct logmaker_write){1, 1, 0}, 1, NULL, 0);
	expect_transactions(&lm, 1, false);
	area = logmaker_block(&lm, 1101);
	memcpy(area, head, sizeof(head));
	expect_transactions(&lm, 1, false);
	memcpy(area + 8, (uint8_t[]){2, 0, 0, 0}, 4);
	expect_error(&lm, E4Z_ET_FAST_COMMIT, "after transaction 1");
	lm.sb.start = 1100;
	logmaker_super(&lm);
	expect_error(&lm, E4Z_ET_BAD_JOURNAL, "outside the journal");
	logmaker_close(&lm);
}

/* ---- superblocks ---- */

#define WRONG(want, why, change)                                                                   \
	do {                                                                                       \
		logmaker_open(&lm, 1024, 0, JBD2_INCOMPAT_CSUM_V3, 1024, 1, 1);                    \
		change;                                                                            \
		logmaker_super(&lm);                                                               \
		expect_error(&lm, want, why);                                                      \
		logmaker_close(&lm);                                                               \
	} while (0)

static void test_superblocks(void)
{
	struct logmaker lm;

	WRONG(E4Z_ET_BAD_JOURNAL, "block size", lm.sb.block_size = 4096);
	WRONG(E4Z_ET_BAD_JOURNAL, "shorter", lm.sb.maxlen++);
	WRONG(E4Z_ET_BAD_JOURNAL, "s_first", lm.sb.first = 0);
	WRONG(E4Z_ET_BAD_JOURNAL, "s_first", lm.sb.first = 1024);
	WRONG(E4Z_ET_BAD_JOURNAL, "outside the journal", lm.sb.start = 1024);
	WRONG(E4Z_ET_BAD_JOURNAL, "outside the journal", (lm.sb.first = 9, lm.sb.start = 8));
	WRONG(E4Z_ET_BAD_JOURNAL, "two checksum types", lm.sb.incompat |= JBD2_INCOMPAT_CSUM_V2);
	WRONG(E4Z_ET_BAD_JOURNAL, "two checksum types", lm.sb.compat = JBD2_COMPAT_CHECKSUM);
	WRONG(E4Z_ET_BAD_JOURNAL, "checksum type", lm.sb.checksum_type = 1);
	WRONG(E4Z_ET_FEATURE, "feature", lm.sb.incompat |= 0x40);
	WRONG(E4Z_ET_FEATURE, "feature", lm.sb.ro_compat = 1);
	WRONG(E4Z_ET_FEATURE, "feature", lm.sb.compat = 2);
	WRONG(E4Z_ET_BAD_JOURNAL, "gap", lm.runs[1].lblk++);
	WRONG(E4Z_ET_BAD_JOURNAL, "gap", lm.runs[2].pblk = UINT64_MAX - 3);
	WRONG(E4Z_ET_BAD_JOURNAL, "gap", lm.runs[2].len = 0);

	logmaker_open(&lm, 1024, 0, JBD2_INCOMPAT_CSUM_V3, 1024, 1, 1);
	logmaker_block(&lm, 0)[200] ^= 1;
	expect_error(&lm, E4Z_ET_BAD_JOURNAL, "fails its checksum");
	logmaker_block(&lm, 0)[0] ^= 1;
	expect_error(&lm, E4Z_ET_BAD_JOURNAL, "no superblock");
	logmaker_close(&lm);
}

/* ---- the overlay by itself ---- */

static void test_overlay(void)
{
	struct overlay_entry entry = {7, 70, true};
	struct overlay *ov;
	uint64_t from = 0;

	CHECK(!overlay_find(NULL, 7, &entry) && !overlay_meets(NULL, 0, UINT64_MAX));
	CHECK(overlay_new(NULL, 1024, &ov) == 0);
	overlay_drop(ov, 7);
	entry = (struct overlay_entry){7, 70, true};
	CHECK(overlay_put(ov, &entry) == 0);
	for (uint64_t i = 0; i < 5000; i++) {
		entry = (struct overlay_entry){i << 40, i, i & 1};
		CHECK(overlay_put(ov, &entry) == 0);
		if (i % 3 == 0)
			overlay_drop(ov, i << 40);
	}
	overlay_seal(ov);
	CHECK(overlay_count(ov) == 1 + 3333);
	CHECK(overlay_find(ov, 7, &entry) && entry.from == 70 && entry.escaped);
	CHECK(!overlay_find(ov, 6, &entry) && !overlay_find(ov, 8, &entry));
	CHECK(!overlay_meets(ov, 0, 7) && overlay_meets(ov, 0, 8) && !overlay_meets(ov, 8, 99));
	CHECK(!overlay_meets(ov, 7, 0) && overlay_meets(ov, 8, UINT64_MAX));
	for (uint64_t i = 0; i < 5000; i++)
		CHECK(overlay_find(ov, i << 40, &entry) == (i % 3 != 0));
	CHECK(overlay_next(ov, &from, &entry) && entry.block == 7 && from == 8);
	from = 4999ull << 40;
	CHECK(overlay_next(ov, &from, &entry) && !overlay_next(ov, &from, &entry));
	overlay_free(ov);
}

/*
 * Of a log whose first transaction is torn nothing is known but when the file system was made: a
 * log without checksums may have been another's before.
 */
static void test_older_than_born(size_t kind)
{
	bool csum;
	struct logmaker lm;
	struct seen s;
	errcode_t err;

	five_each(&lm, kind);
	csum = lm.shape.csum >= JBD2_CSUM_V2;
	memset(part(&lm, 0, REVOKE), 0, 1024);
	for (int after = 0; after < 2; after++) {
		err = look_born(&lm, &s, after ? lm.seconds : 1000);
		CHECK(err == (csum || !after ? E4Z_ET_BAD_JOURNAL : 0));
		CHECK(err || (!s.replay.transactions && !overlay_count(s.ov)));
		forget(&s);
	}
	logmaker_close(&lm);
}

int main(void)
{
	initialize_e4z_error_table();
	for (size_t kind = 0; kind < KINDS; kind++) {
		for (uint32_t size = 1024; size <= 4096; size *= 4) {
			test_whole(kind, size, 1, 1);
			test_whole(kind, size, 2040, 0xfffffffd);
			test_whole(kind, size, 2047, 0x7ffffffe);
		}
		test_torn(kind);
		test_bad_commit(kind);
		test_bad_data(kind);
		test_stale(kind);
		test_older_than_born(kind);
		test_misleading(kind);
		test_tiny_ring(kind);
		test_full_and_empty(kind);
	}
	test_fast_commits();
	test_superblocks();
	test_overlay();
	return 0;
}
