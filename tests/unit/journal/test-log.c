// SPDX-License-Identifier: GPL-2.0-or-later
// Where a log lies: external journals, areas of fast commits, blocks of every size; what the
// checksums of descriptors and revoke blocks decide; the numbers that old blocks have.
#include "../check.h"
#include "../failing.h"
#include "errors.h"
#include "journal/commit.h"
#include "journal/csum.h"
#include "journal/replay.h"
#include "journal/stale.h"
#include "logmaker.h"
#include <errno.h>
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>
#include <string.h>

#define BLOCKS 1100 /* of an external journal */

static const uint8_t journal_uuid[JBD2_UUID_BYTES] = "others' journal";
static const uint8_t our_uuid[JBD2_UUID_BYTES] = "our file system.";

/* ---- external journals ---- */

struct external {
	uint8_t *mem;
	uint32_t block_size;
	struct ext2_super_block *super; /* in MEM */
	struct jbd2_sb sb;
	uint32_t place; /* of our UUID among the users; -1u: it is not there */
	uint64_t size;
};

static void external_open(struct external *e, uint32_t block_size)
{
	*e = (struct external){.block_size = block_size, .place = 0};
	e->size = (uint64_t)BLOCKS * block_size;
	e->mem = calloc(BLOCKS, block_size);
	CHECK(e->mem);
	e->super = (struct ext2_super_block *)(void *)(e->mem + SUPERBLOCK_OFFSET);
	e->super->s_magic = ext2fs_cpu_to_le16(EXT2_SUPER_MAGIC);
	e->super->s_feature_incompat = ext2fs_cpu_to_le32(EXT3_FEATURE_INCOMPAT_JOURNAL_DEV);
	e->super->s_log_block_size = ext2fs_cpu_to_le32((uint32_t)__builtin_ctz(block_size / 1024));
	memcpy(e->super->s_uuid, journal_uuid, JBD2_UUID_BYTES);
	e->sb = (struct jbd2_sb){.version = 2,
				 .block_size = block_size,
				 .maxlen = BLOCKS,
				 .first = block_size == 1024 ? 3 : 2,
				 .sequence = 5,
				 .nr_users = 1};
	memcpy(e->sb.uuid, journal_uuid, JBD2_UUID_BYTES);
}

/* Open it: WANT, and WHY is a part of the sentence. */
static void external_is(struct external *e, errcode_t want, const char *why)
{
	struct blkdev *dev = failing_disk(e->mem, (uint64_t)BLOCKS * e->block_size, e->size);
	struct jbd2_super raw = {0};
	struct log *log;
	char said[200] = "";
	uint64_t pblk;
	uint32_t together;
	errcode_t err;

	jbd2_super_encode(&e->sb, &raw);
	if (e->place < 48)
		memcpy(raw.users[e->place], our_uuid, JBD2_UUID_BYTES);
	memcpy(e->mem + (e->block_size == 1024 ? 2 : 1) * e->block_size, &raw, sizeof(raw));
	err = log_open_external(dev, e->block_size, journal_uuid, our_uuid, &log, said,
				sizeof(said));
	if (err != want || !strstr(said, why)) {
		fprintf(stderr, "wanted %s, got %ld: %s\n", why, (long)err, said);
		exit(1);
	}
	if (!err) {
		CHECK(log->external && log->super_block == (e->block_size == 1024 ? 2 : 1));
		log_where(log, log->last - 1, &pblk, &together);
		CHECK(pblk == BLOCKS - 1 && log_size(log) == BLOCKS - e->sb.first);
		log_close(log);
	}
	blkdev_close(dev);
	free(e->mem);
}

#define EXTERNAL(size, want, why, change)                                                          \
	do {                                                                                       \
		external_open(&e, size);                                                           \
		change;                                                                            \
		external_is(&e, want, why);                                                        \
	} while (0)

static void test_external(void)
{
	struct external e;

	for (uint32_t size = 1024; size <= 65536; size *= 2)
		EXTERNAL(size, 0, "", (void)0);
	EXTERNAL(4096, 0, "", (e.sb.nr_users = 48, e.place = 47));
	EXTERNAL(4096, 0, "", (e.sb.nr_users = 1000, e.place = 47));
	EXTERNAL(4096, E4Z_ET_OTHER_JOURNAL, "does not list", e.place = 1);
	EXTERNAL(4096, E4Z_ET_OTHER_JOURNAL, "does not list", (e.sb.nr_users = 1000, e.place = 48));
	EXTERNAL(4096, E4Z_ET_OTHER_JOURNAL, "not a journal device", e.super->s_magic = 0);
	EXTERNAL(4096, E4Z_ET_OTHER_JOURNAL, "not a journal device",
		 e.super->s_feature_incompat = ext2fs_cpu_to_le32(0x40));
	EXTERNAL(4096, E4Z_ET_OTHER_JOURNAL, "another UUID", e.super->s_uuid[15]++);
	EXTERNAL(4096, E4Z_ET_BAD_JOURNAL, "block size", e.super->s_log_block_size++);
	EXTERNAL(4096, E4Z_ET_BAD_JOURNAL, "block size",
		 e.super->s_log_block_size = ext2fs_cpu_to_le32(34));
	EXTERNAL(4096, E4Z_ET_BAD_JOURNAL, "block size", e.sb.block_size = 1024);
	EXTERNAL(4096, E4Z_ET_BAD_JOURNAL, "shorter than it says", e.sb.maxlen++);
	EXTERNAL(4096, E4Z_ET_BAD_JOURNAL, "shorter than it says", e.size = 4096);
	EXTERNAL(1024, E4Z_ET_BAD_JOURNAL, "shorter than it says", e.size = 2048);
	EXTERNAL(4096, E4Z_ET_BAD_JOURNAL, "s_first", e.sb.first = 1);
	EXTERNAL(1024, E4Z_ET_BAD_JOURNAL, "s_first", e.sb.first = 2);
	EXTERNAL(4096, E4Z_ET_CLIPPED, "cannot be read", e.size = 1000);
}

/* Numbers of log blocks have 32 bits: what comes after is not part of the log. */
static void test_huge_device(void)
{
	struct external e;

	EXTERNAL(1024, 0, "", e.size = ((1ull << 32) + 5) * 1024);
}

/* It is found out which read failed, and memory that ran out is no sentence. */
static void test_external_fails(void)
{
	static const char *const said[] = {"the journal device cannot be read",
					   "the journal's superblock cannot be read"};
	struct external e;
	struct blkdev *dev;
	struct log *log;
	char why[200];

	external_open(&e, 4096);
	dev = failing_disk(e.mem, e.size, e.size);
	for (unsigned n = 1; n <= 2; n++) {
		failing_arm(FAIL_READ, n);
		CHECK(log_open_external(dev, 4096, journal_uuid, our_uuid, &log, why,
					sizeof(why)) == EIO);
		CHECK(failing_disarm() && !strcmp(why, said[n - 1]));
		failing_arm(FAIL_ALLOC, n);
		CHECK(log_open_external(dev, 4096, journal_uuid, our_uuid, &log, why,
					sizeof(why)) == ENOMEM);
		CHECK(failing_disarm());
	}
	blkdev_close(dev);
	free(e.mem);
}

/* ---- internal ones ---- */

static errcode_t read_log(struct logmaker *lm, struct replay *replay, char *why, size_t size)
{
	uint64_t bytes = lm->blocks * lm->shape.block_size;
	struct blkdev *dev = failing_disk(lm->image, bytes, bytes);
	struct overlay *ov = NULL;
	struct log *log;
	errcode_t err = log_open(dev, lm->shape.block_size, lm->runs, 3, &log, why, size);

	if (!err)
		err = replay_read(log, lm->blocks, &ov, replay, why, size);
	overlay_free(ov);
	log_close(log);
	blkdev_close(dev);
	return err;
}

static void test_block_sizes(void)
{
	static const uint32_t wrong[] = {0, 512, 3000, 131072};
	struct logmaker lm;
	struct blkdev *dev;
	struct log *log;
	char why[200];

	logmaker_open(&lm, 1024, 0, 0, 1024, 0, 1);
	dev = failing_disk(lm.image, lm.blocks * 1024, lm.blocks * 1024);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CHECK(log_open(dev, wrong[i], lm.runs, 3, &log, why, sizeof(why)) ==
		      E4Z_ET_BAD_JOURNAL);
		CHECK(!strcmp(why, "invalid block size") && !log);
	}
	lm.runs[2].len += 1; /* one block more than the device has */
	lm.runs[2].pblk = lm.blocks - lm.runs[2].len + 1;
	CHECK(log_open(dev, 1024, lm.runs, 3, &log, why, sizeof(why)) == E4Z_ET_BAD_JOURNAL);
	blkdev_close(dev);
	logmaker_close(&lm);
}

/* An area of fast commits that leaves no ring, or that is longer than the log. */
static void test_fast_commit_area(void)
{
	static const struct {
		uint32_t fc_blocks, first;
		errcode_t want;
	} cases[] = {
		{100, 1, 0},
		{100, 1099, 0},
		{100, 1100, E4Z_ET_BAD_JOURNAL},
		{100, 1199, E4Z_ET_BAD_JOURNAL},
		{1201, 1199, 0}, /* longer than the log: there is no area */
		{177, 1100, 0},	 /* 1023 blocks would be left: no area, either */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct replay replay;
		struct logmaker lm;
		char why[200] = "";

		logmaker_open(&lm, 1024, 0, JBD2_INCOMPAT_FAST_COMMIT, 1200, 0, 1);
		lm.sb.num_fc_blocks = cases[i].fc_blocks;
		lm.sb.first = cases[i].first;
		logmaker_super(&lm);
		CHECK(read_log(&lm, &replay, why, sizeof(why)) == cases[i].want);
		CHECK(!cases[i].want || strstr(why, "space for fast commits only"));
		logmaker_close(&lm);
	}
}

/* What begins like fast commits after transaction 1, and what differs in a byte. */
static void test_fast_commit_head(void)
{
	const uint8_t head[] = {9, 0, 8, 0, 0, 0, 0, 0, 2, 0, 0, 0};
	static const uint8_t changed[] = {0, 1, 8, 9, 10, 11};
	struct replay replay;
	struct logmaker lm;
	uint8_t *area;
	char why[200];

	logmaker_open(&lm, 1024, 0, JBD2_INCOMPAT_FAST_COMMIT, 1400, 1, 1);
	logmaker_transaction(&lm, &(struct logmaker_write){1, 1, 0}, 1, NULL, 0);
	area = logmaker_block(&lm, 1400 - 256 + 1);
	memcpy(area, head, sizeof(head));
	CHECK(read_log(&lm, &replay, why, sizeof(why)) == E4Z_ET_FAST_COMMIT);
	for (size_t i = 0; i < sizeof(changed); i++) {
		area[changed[i]]++;
		CHECK(read_log(&lm, &replay, why, sizeof(why)) == 0);
		area[changed[i]]--;
	}
	logmaker_close(&lm);
}

/* ---- checksums of the blocks that a log alone has ---- */

enum { REVOKES, DESCRIPTOR, DATA, COMMIT_BLOCK, BLOCKS_EACH };

/* A block of the AT-th of five transactions is damaged: the log ends there, or is corrupt. */
static void damage(uint32_t incompat, uint32_t at, uint32_t which, bool later)
{
	const uint64_t revoked = 400;
	struct replay replay;
	struct logmaker lm;
	char why[200] = "";
	errcode_t err;

	logmaker_open(&lm, 1024, 0, incompat, 600, 1, 1);
	for (uint32_t i = 0; i < (later ? 5 : at + 1); i++)
		logmaker_transaction(&lm, &(struct logmaker_write){i, i, 0}, 1, &revoked, 1);
	logmaker_block(&lm, 1 + at * BLOCKS_EACH + which)[900] ^= 4;
	err = read_log(&lm, &replay, why, sizeof(why));
	CHECK(err == E4Z_ET_BAD_JOURNAL); /* its own commit block is there */
	CHECK(strstr(why, which == DATA ? "fails its checksum" : "is corrupt, but"));
	if (which != DATA && !later) {
		/* without it the crash came first */
		memset(logmaker_block(&lm, 1 + at * BLOCKS_EACH + COMMIT_BLOCK), 0, 1024);
		CHECK(read_log(&lm, &replay, why, sizeof(why)) == 0);
		CHECK(replay.transactions == at && replay.torn == (which == DESCRIPTOR));
	}
	logmaker_close(&lm);
}

static void test_tails(void)
{
	for (uint32_t at = 0; at < 4; at++)
		for (int later = 0; later < 2; later++)
			for (uint32_t which = REVOKES; which <= DATA; which++) {
				damage(JBD2_INCOMPAT_CSUM_V2, at, which, later);
				damage(JBD2_INCOMPAT_CSUM_V3 | JBD2_INCOMPAT_64BIT, at, which,
				       later);
			}
}

/* A commit block of COMPAT_CHECKSUM has all three fields right, or none. */
static void test_v1(void)
{
	struct jbd2_commit commit = {.chksum_type = 0};

	CHECK(csum_v1_ok(7, &commit));
	for (unsigned is = 1; is < 8; is++) {
		commit.chksum_type = is & 1 ? JBD2_CRC32 : 0;
		commit.chksum_size = is & 2 ? JBD2_CRC32_BYTES : 0;
		commit.chksum[0] = be32_of(is & 4 ? 7 : 0);
		CHECK(csum_v1_ok(7, &commit) == (is == 7));
	}
	commit.chksum[0] = be32_of(8);
	CHECK(!csum_v1_ok(7, &commit));
}

/* ---- numbers of old blocks ---- */

static void test_stale(void)
{
	const struct jbd2_header old = {be32_of(JBD2_MAGIC), be32_of(JBD2_COMMIT), be32_of(9)};
	struct logmaker lm;
	struct blkdev *dev;
	struct log *log;
	char why[200];
	uint32_t tid;

	logmaker_open(&lm, 1024, 0, 0, 600, 0, 7);
	memcpy(logmaker_block(&lm, 5), &old, sizeof(old));
	dev = failing_disk(lm.image, lm.blocks * 1024, lm.blocks * 1024);
	CHECK(log_open(dev, 1024, lm.runs, 3, &log, why, sizeof(why)) == 0);
	/* the commit block of four, or the block after it; an earlier number is no matter */
	for (uint32_t first = 7; first <= 10; first++)
		for (uint64_t need = 3; need <= 6; need++) {
			bool meets = need == 4 || need == 5;

			tid = first;
			CHECK(stale_pass(log, 100, need, &tid) == 0);
			CHECK(tid == (meets && (first == 8 || first == 9) ? 10 : first));
		}
	/* to the last block of the ring */
	tid = 8;
	CHECK(stale_pass(log, 1, log_size(log), &tid) == 0 && tid == 10);
	for (unsigned n = 1; n <= 3; n++) {
		failing_arm(FAIL_READ, n);
		tid = 7;
		CHECK(stale_pass(log, 1, 3, &tid) == EIO && failing_disarm());
	}
	log_close(log);
	blkdev_close(dev);
	logmaker_close(&lm);
}

/* ---- room ---- */

/* A transaction of as many blocks as there is room for fits, and one more does not. */
static void test_room(void)
{
	static const uint32_t incompat[] = {0, JBD2_INCOMPAT_CSUM_V3};

	for (size_t i = 0; i < 2; i++)
		for (uint32_t last = 2; last < 2000; last++) {
			struct jbd2_sb sb = {.block_size = 1024, .incompat = incompat[i]};
			struct log log = {.first = 1, .last = last, .next = jbd2_shape(&sb)};
			uint64_t room = commit_room(&log);

			CHECK(!room || commit_need(&log, room) <= log_size(&log));
			CHECK(commit_need(&log, room + 1) > log_size(&log));
		}
}

int main(void)
{
	initialize_e4z_error_table();
	test_external();
	test_huge_device();
	test_external_fails();
	test_block_sizes();
	test_fast_commit_area();
	test_fast_commit_head();
	test_tails();
	test_v1();
	test_stale();
	test_room();
	return 0;
}
