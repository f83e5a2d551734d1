// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The target for the journal layers alone: a log in memory that a text makes line by line, in ways
 * that no image has. It is opened, read and replayed, and transactions are written to it.
 *
 * A line is a word and up to six numbers; a line that is not valid at its place is ignored.
 *   make BS COMPAT INCOMPAT MAXLEN START TID   the log of an inode, "device": of a device
 *   blocks FIRST COUNT MAGIC, revoke FIRST COUNT, commit, last N, at N, tid N, time N
 *   super OFFSET VALUE, word BLOCK OFFSET VALUE: with a checksum, raw BLOCK OFFSET VALUE: without
 *   ext OFFSET VALUE     a word of the superblock of the device
 *   run I PBLK LBLK LEN, runs COUNT, size BS, room BLOCKS, user N: parameters of the file system
 *   length BYTES         of the device
 *   open, read, born N, shape BLOCKS, faults N, csum N
 *   home, clear, mark, carry FIRST COUNT MAGIC
 */
#include "../fuzz.h"

#include "../../../journal/repair.h"
#include "../../../unit/failing.h"
#include "../../../unit/journal/logmaker.h"
#include "base/bytes.h"
#include "errors.h"
#include "io/overlay.h"
#include "journal/commit.h"
#include "journal/flip.h"
#include "journal/replay.h"
#include <ext2fs/ext2_fs.h>
#include <stdio.h>
#include <string.h>

#define MAXLEN 2000
#define MANY 500 /* blocks of a transaction */
#define SUPER 1024
#define SUPER_WORD 0x60

struct play {
	struct logmaker lm;
	bool made, external;
	uint32_t bs; /* as given by the text */
	uint64_t room, length;
	struct log_run runs[3];
	size_t run_count;
	uint8_t uuid[JBD2_UUID_BYTES];

	struct blkdev *dev;
	struct log *log;
	struct overlay *ov;
	struct replay replay;
	struct commit commit;
	bool read, emptied, stopped;
	char why[200];
};

static void failed(struct play *p, errcode_t err)
{
	p->stopped = true;
	if (!fuzz_no_memory(err) && !p->why[0])
		fuzz_wrong("error %ld without a word", err);
}

/* ---- making ---- */

static void make(struct play *p, const uint64_t *n, bool external)
{
	uint32_t bs = 1024u << n[0] % 7, maxlen = 12 + (uint32_t)(n[3] % MAXLEN);
	uint32_t super = bs == SUPER ? 2 : 1;

	if (p->made || bs * maxlen > 8u << 20)
		return;
	logmaker_open(&p->lm, bs, (uint32_t)n[1], (uint32_t)n[2], maxlen, (uint32_t)(n[4] % maxlen),
		      (uint32_t)n[5]);
	p->made = true;
	p->bs = bs;
	p->room = p->lm.blocks;
	p->length = p->lm.blocks * bs;
	p->run_count = 3;
	if (!p->lm.at)
		p->lm.at = external ? super + 1 : 1;
	p->external = external;
	memcpy(p->runs, p->lm.runs, sizeof(p->runs));
	if (!external)
		return;
	p->lm.sb.first = super + 1;
	for (size_t i = 0; i < 3; i++)
		p->lm.runs[i].pblk = p->lm.runs[i].lblk;
	memcpy(p->runs, p->lm.runs, sizeof(p->runs));
	logmaker_super(&p->lm);
	memcpy(p->lm.image + super * bs, p->lm.image, SUPER);
	memset(p->lm.image + SUPER, 0, SUPER);
	put_le16(p->lm.image + SUPER + 0x38, EXT2_SUPER_MAGIC);
	put_le32(p->lm.image + SUPER + 0x18, (uint32_t)(n[0] % 7));
	put_le32(p->lm.image + SUPER + SUPER_WORD, EXT3_FEATURE_INCOMPAT_JOURNAL_DEV);
	memcpy(p->lm.image + SUPER + 0x68, p->lm.sb.uuid, JBD2_UUID_BYTES);
}

static void write_blocks(struct play *p, uint64_t first, uint64_t count, bool magic)
{
	static struct logmaker_write writes[MANY];

	count = count < MANY ? count : MANY;
	for (size_t i = 0; i < count; i++)
		writes[i] = (struct logmaker_write){
			p->lm.shape.wide ? first + i : (uint32_t)(first + i), (uint32_t)i, magic};
	logmaker_blocks(&p->lm, writes, count);
}

static void write_revokes(struct play *p, uint64_t first, uint64_t count)
{
	static uint64_t revokes[MANY];

	count = count < MANY ? count : MANY;
	for (size_t i = 0; i < count; i++)
		revokes[i] = (uint32_t)(first + i);
	logmaker_revoke(&p->lm, revokes, count);
}

static void poke(struct play *p, uint64_t n, uint64_t off, uint64_t value, bool repair)
{
	struct be32 word = be32_of((uint32_t)value);
	uint8_t *block = logmaker_block(&p->lm, (uint32_t)(n % p->lm.sb.maxlen));

	memcpy(block + off % (p->lm.shape.block_size / 4) * 4, word.b, sizeof(word));
	if (repair)
		repair_log_block(&p->lm.shape, p->lm.seed, block);
}

static bool make_line(struct play *p, const char *word, const uint64_t *n)
{
	uint32_t super = p->external ? p->lm.sb.first - 1 : 0;

	if (!strcmp(word, "blocks"))
		write_blocks(p, n[0], n[1], n[2]);
	else if (!strcmp(word, "revoke"))
		write_revokes(p, n[0], n[1]);
	else if (!strcmp(word, "commit"))
		logmaker_commit(&p->lm);
	else if (!strcmp(word, "last"))
		p->lm.last = 11 + (uint32_t)(n[0] % (p->lm.sb.maxlen - 10));
	else if (!strcmp(word, "at"))
		p->lm.at = 1 + (uint32_t)(n[0] % 10);
	else if (!strcmp(word, "tid"))
		p->lm.tid = (uint32_t)n[0];
	else if (!strcmp(word, "time"))
		p->lm.seconds = n[0];
	else if (!strcmp(word, "super"))
		poke(p, super, n[0] / 4, n[1], true);
	else if (!strcmp(word, "word"))
		poke(p, n[0], n[1] / 4, n[2], true);
	else if (!strcmp(word, "raw"))
		poke(p, n[0], n[1] / 4, n[2], false);
	else if (!strcmp(word, "ext"))
		put_le32(p->lm.image + SUPER + n[0] / 4 % 255 * 4, (uint32_t)n[1]);
	else if (!strcmp(word, "run"))
		p->runs[n[0] % 3] = (struct log_run){n[1], (uint32_t)n[2], (uint32_t)n[3]};
	else if (!strcmp(word, "runs"))
		p->run_count = n[0] % 4;
	else if (!strcmp(word, "size"))
		p->bs = (uint32_t)n[0];
	else if (!strcmp(word, "room"))
		p->room = n[0];
	else if (!strcmp(word, "length"))
		p->length = n[0];
	else if (!strcmp(word, "user"))
		p->uuid[0] = (uint8_t)n[0];
	else
		return false;
	return true;
}

/* ---- reading ---- */

static struct blkdev *device(struct play *p)
{
	struct blkdev *dev;

	failing_pause(true);
	dev = failing_disk(p->lm.image, p->lm.blocks * p->lm.shape.block_size, p->length);
	failing_pause(false);
	return dev;
}

static errcode_t open_log(struct play *p, struct blkdev *dev, struct log **log)
{
	if (p->external)
		return log_open_external(dev, p->bs, p->lm.sb.uuid, p->uuid, log, p->why,
					 sizeof(p->why));
	return log_open(dev, p->bs, p->runs, p->run_count, log, p->why, sizeof(p->why));
}

static void open_it(struct play *p)
{
	errcode_t err;

	if (p->log)
		return;
	p->dev = device(p);
	err = open_log(p, p->dev, &p->log);
	if (!err != !!p->log)
		fuzz_wrong("a log, and error %ld", err);
	if (err)
		failed(p, err);
	else
		p->commit = (struct commit){
			.dev = p->dev, .log = p->log, .block_size = p->log->shape.block_size};
}

static errcode_t in_bounds(void *arg, uint64_t block, const void *data)
{
	const struct play *p = arg;

	(void)data;
	if (block >= p->room)
		fuzz_wrong("a block past the end");
	return 0;
}

static void read_it(struct play *p)
{
	errcode_t err;

	if (p->read)
		return;
	p->read = true;
	err = replay_read(p->log, p->room, &p->ov, &p->replay, p->why, sizeof(p->why));
	if (!err != !!p->ov)
		fuzz_wrong("an overlay, and error %ld", err);
	if (err) {
		failed(p, err);
		return;
	}
	if (p->replay.log_blocks > log_size(p->log) || p->replay.end >= p->log->last)
		fuzz_wrong("more of the log than there is");
	if (p->room <= p->lm.blocks)
		(void)overlay_each(p->ov, in_bounds, p);
	p->commit.next_tid = p->replay.safe_tid + 1;
	p->commit.seconds = p->replay.last_seconds;
}

/* ---- writing ---- */

/* Whether the blocks can be written: they are below the log, which is not external. */
static bool is_there(const struct play *p, uint64_t first, uint64_t count)
{
	return !p->external && first <= LOGMAKER_BLOCKS && count <= LOGMAKER_BLOCKS - first;
}

static bool writable(const struct play *p)
{
	return p->read && !p->stopped && p->bs == p->lm.shape.block_size &&
	       p->length == p->lm.blocks * p->bs && !memcmp(p->runs, p->lm.runs, sizeof(p->runs));
}

static void done(struct play *p, errcode_t err)
{
	strcpy(p->why, err ? "writing" : "");
	if (err)
		failed(p, err);
	else if (p->log->sb.start)
		fuzz_wrong("the log is not empty");
}

static void home(struct play *p, bool clear)
{
	uint8_t super[SUPER];
	struct overlay_entry entry;
	uint64_t from = p->external ? 0 : LOGMAKER_BLOCKS;
	errcode_t err;

	if (p->emptied)
		return;
	p->emptied = true;
	memcpy(super, p->lm.image + SUPER, sizeof(super));
	super[SUPER_WORD] &= (uint8_t)~EXT3_FEATURE_INCOMPAT_RECOVER;
	if (clear) {
		done(p, commit_clear(&p->commit, p->replay.safe_tid, super));
		return;
	}
	/* not if it would write to the log, or past the end of the memory */
	if (overlay_next(p->ov, &from, &entry))
		return;
	err = commit_replay(&p->commit, p->ov, p->replay.safe_tid, super);
	done(p, err ? err : commit_finish(&p->commit));
}

static void fill(const struct play *p, struct captured *b, uint64_t block, bool magic)
{
	const struct be32 word = be32_of(JBD2_MAGIC);

	b->block = block;
	b->data = fuzz_alloc(p->bs);
	memset(b->data, 0x22, p->bs);
	if (magic)
		memcpy(b->data, word.b, sizeof(word));
	if (block == SUPER / p->bs)
		memset(b->data + SUPER % p->bs + SUPER_WORD, 0, 4);
}

/* Recovery now yields the whole transaction or nothing of it, except for the superblock. */
static void judge(struct play *p, const uint8_t *before, const struct captured *list, size_t count,
		  bool whole)
{
	bool recovers = flip_recover_is_on(p->lm.image + SUPER);
	uint8_t *is = fuzz_alloc(p->bs);
	struct blkdev *dev;
	struct overlay *ov = NULL;
	struct replay replay;
	struct log *log;
	size_t old = 0, new = 0;
	bool is_old, is_new;

	failing_pause(true);
	dev = failing_disk(p->lm.image, p->lm.blocks * p->bs, p->lm.blocks * p->bs);
	if (open_log(p, dev, &log) ||
	    replay_read(log, p->room, &ov, &replay, p->why, sizeof(p->why)))
		fuzz_wrong("the log cannot be read afterwards: %s", p->why);
	if (whole && !replay.empty)
		fuzz_wrong("the log is not empty afterwards");
	for (size_t i = 0; i < count; i++) {
		if (list[i].block == SUPER / p->bs)
			continue;
		if (overlay_read(recovers ? ov : NULL, dev, list[i].block * p->bs, p->bs, is))
			fuzz_wrong("block %zu cannot be read afterwards", i);
		is_old = !memcmp(is, before + list[i].block * p->bs, p->bs);
		is_new = !memcmp(is, list[i].data, p->bs);
		if (!is_old && !is_new)
			fuzz_wrong("block %zu is neither old nor new", i);
		old += !is_new;
		new += !is_old;
	}
	if ((old && new) || (whole && old))
		fuzz_wrong("%zu blocks are old and %zu new", old, new);
	failing_pause(false);
	overlay_free(ov);
	log_close(log);
	blkdev_close(dev);
	free(is);
}

static void carry(struct play *p, uint64_t first, uint64_t count, bool magic)
{
	size_t size = p->lm.blocks * p->bs;
	struct captured list[MANY];
	uint8_t *before;
	errcode_t err = 0;

	count = count < MANY ? count : MANY;
	if (!count || p->log->sb.start ||
	    (!is_there(p, first, count) && (p->log->next.wide || first <= UINT32_MAX)))
		return;
	before = memcpy(fuzz_alloc(size), p->lm.image, size);
	for (size_t i = 0; i < count; i++)
		fill(p, &list[i], first + i, magic);
	/* space is not reserved for blocks that do not fit or do not exist */
	if (is_there(p, first, count) && commit_need(p->log, count) <= log_size(p->log))
		err = commit_reserve(&p->commit, list, count);
	if (!err)
		err = commit_transaction(&p->commit, list, count, 3000);
	if (!err)
		err = commit_finish(&p->commit);
	done(p, err);
	if (is_there(p, first, count) && !p->commit.faults)
		judge(p, before, list, count, !err);
	for (size_t i = 0; i < count; i++)
		free(list[i].data);
	free(before);
}

static void write_line(struct play *p, const char *word, const uint64_t *n)
{
	if (!strcmp(word, "shape") && p->log) {
		if (commit_shape(p->log, n[0]))
			p->stopped = true;
	} else if (!strcmp(word, "born") && p->log) {
		p->log->born = n[0];
	} else if (!strcmp(word, "faults")) {
		p->commit.faults = n[0] & 31;
	} else if (!strcmp(word, "csum")) {
		p->commit.metadata_csum = n[0];
	} else if (writable(p) && !strcmp(word, "home")) {
		home(p, false);
	} else if (writable(p) && !strcmp(word, "clear")) {
		home(p, true);
	} else if (writable(p) && !strcmp(word, "mark") && !p->log->sb.start) {
		done(p, commit_mark(&p->commit));
	} else if (writable(p) && !strcmp(word, "carry")) {
		carry(p, n[0], n[1], n[2]);
	}
}

/* ---- a text ---- */

static void line(struct play *p, char *text)
{
	uint64_t n[6] = {0};
	char *end = text + strcspn(text, " "), *at = end;

	if (*at)
		*at++ = '\0';
	for (size_t i = 0; i < 6 && *at; i++)
		n[i] = strtoull(at, &at, 0);
	if (!strcmp(text, "make") || !strcmp(text, "device")) {
		make(p, n, *text == 'd');
		return;
	}
	if (!p->made || (!p->log && make_line(p, text, n)))
		return;
	failing_pause(false);
	if (!strcmp(text, "open"))
		open_it(p);
	else if (!strcmp(text, "read") && p->log)
		read_it(p);
	else
		write_line(p, text, n);
	failing_pause(true);
}

static void run(struct base *base, const struct input *in)
{
	struct play p = {.uuid = "file system uuid"};
	char text[4097], *rest = text, *one;

	(void)base;
	failing_pause(true);
	snprintf(text, sizeof(text), "%.*s", (int)in->text_len, (const char *)in->text);
	while (!p.stopped && (one = strsep(&rest, "\n")))
		line(&p, one);
	failing_pause(false);
	overlay_free(p.ov);
	log_close(p.log);
	blkdev_close(p.dev);
	if (p.made)
		logmaker_close(&p.lm);
}

/* ---- texts ---- */

#define SOME "blocks 10 5 0\ncommit\nblocks 20 5 0\ncommit\nblocks 30 5 0\ncommit\n"
#define WRITE "home\ncarry 0 40 0\ncarry 5 250 1\nmark\ncsum 1\ncarry 0 3 0\n"
#define WHOLE "blocks 0 30 0\ncommit\nblocks 20 200 1\nrevoke 5 90\ncommit\nopen\nread\n" WRITE
#define READ "open\nread\n"
#define PLAIN "make 0 0 0 300 1 7\n"
#define V1 "make 0 1 1 300 1 7\n"
#define V2 "make 0 0 9 300 1 7\n"
#define V3 "make 0 0 0x12 300 1 7\n"
#define FAST "make 0 0 0x20 1400 1 7\nlast 1145\n"
#define EMPTY "make 0 0 0 300 0 7\n"

static const struct fuzz_text texts[] = {
	/* ordinary logs of each shape */
	FUZZ_TEXT(PLAIN WHOLE),
	FUZZ_TEXT(V1 WHOLE),
	FUZZ_TEXT(V2 WHOLE),
	FUZZ_TEXT(V3 WHOLE),
	FUZZ_TEXT("make 0 0 2 300 1 7\n" WHOLE),
	FUZZ_TEXT("make 0 0 11 300 1 7\n" WHOLE),
	FUZZ_TEXT("make 0 0 0x16 300 1 7\n" WHOLE),
	FUZZ_TEXT("make 0 0 0x10 300 1 7\n" WHOLE),
	FUZZ_TEXT(PLAIN "super 4 3\n" WHOLE),
	FUZZ_TEXT(FAST WHOLE),
	FUZZ_TEXT("make 2 0 0x10 600 1 7\nblocks 0 400 1\ncommit\n" READ "home\ncarry 0 500 1\n"),
	FUZZ_TEXT("make 2 0 0 600 0 7\n" READ "carry 0 500 0\n"),
	FUZZ_TEXT("make 6 0 0 20 1 7\nblocks 1 5 0\ncommit\n" READ "home\ncarry 0 10 0\n"),
	FUZZ_TEXT("make 0 0 0 30 38 7\nblocks 1 6 0\ncommit\n" READ "home\ncarry 0 99 0\n"),
	FUZZ_TEXT("make 0 0 0 8 1 7\nblocks 1 17 0\ncommit\n" READ WRITE),
	FUZZ_TEXT(PLAIN READ "home\ncarry 1 1 0\n"),
	FUZZ_TEXT(PLAIN SOME READ "clear\n"),
	FUZZ_TEXT(EMPTY READ "clear\ncarry 1 9 0\n"),
	/* old blocks with valid sequence numbers */
	FUZZ_TEXT(EMPTY "tid 9\n" SOME READ "carry 0 5 0\ncarry 9 5 0\n"),
	FUZZ_TEXT(EMPTY "tid 10\n" SOME READ "carry 0 5 0\ncarry 9 5 0\n"),
	FUZZ_TEXT(EMPTY "at 6\ntid 9\ncommit\n" READ "carry 0 5 0\n"),
	FUZZ_TEXT("make 0 0 0 8 0 7\n" READ "carry 0 17 0\n"),
	/* more blocks than 32 bits can number */
	FUZZ_TEXT(EMPTY READ "shape 0x200000000\ncarry 0 99 0\n"),
	FUZZ_TEXT(EMPTY "super 4 3\n" READ "shape 0x200000000\ncarry 0 99 0\n"),
	FUZZ_TEXT(EMPTY READ "shape 5\ncarry 0x100000000 3 0\n"),
	/* rules that are broken on purpose */
	FUZZ_TEXT(EMPTY READ "faults 1\ncarry 0 9 0\n"),
	FUZZ_TEXT(EMPTY READ "faults 2\ncarry 0 9 0\n"),
	FUZZ_TEXT(EMPTY READ "faults 4\ncarry 0 9 0\n"),
	FUZZ_TEXT(EMPTY READ "faults 8\ncarry 0 9 0\n"),
	FUZZ_TEXT(EMPTY READ "faults 16\ncarry 0 9 0\n"),
	/* torn ones, and what follows */
	FUZZ_TEXT(PLAIN "blocks 10 5 0\nrevoke 5 3\n" READ WRITE),
	FUZZ_TEXT(PLAIN "revoke 5 3\n" READ WRITE),
	FUZZ_TEXT(PLAIN SOME "raw 8 0 0\n" READ),
	FUZZ_TEXT(V3 SOME "raw 8 0 0\n" READ),
	FUZZ_TEXT(V3 SOME "raw 8 0 0\nraw 21 20 1\nraw 14 20 1\n" READ),
	FUZZ_TEXT(PLAIN SOME "raw 8 0 0\nopen\nborn 99999\nread\n"),
	FUZZ_TEXT(PLAIN "commit\ntime 5\n" SOME "raw 2 0 0\n" READ),
	FUZZ_TEXT(PLAIN SOME "raw 8 0 0\nraw 14 8 0x8000\nraw 21 8 0x8000\n" READ),
	FUZZ_TEXT("make 0 0 4 300 1 7\n" SOME "raw 8 0 0\n" READ),
	FUZZ_TEXT("make 0 0 4 300 1 7\n" SOME "raw 8 0 0\nraw 21 0 0\n" READ),
	/* corrupt ones */
	FUZZ_TEXT(V3 SOME "raw 3 8 1\nraw 4 8 1\n" READ),
	FUZZ_TEXT(V2 SOME "raw 3 8 1\n" READ),
	FUZZ_TEXT(V3 SOME "raw 1 100 5\n" READ),
	FUZZ_TEXT(V3 "revoke 5 3\ncommit\nraw 1 100 1\n" READ),
	FUZZ_TEXT(PLAIN "blocks 9999 3 0\ncommit\n" READ),
	FUZZ_TEXT(PLAIN "blocks 520 3 0\ncommit\n" READ),
	FUZZ_TEXT(PLAIN "revoke 5 3\nword 1 12 0xffff\ncommit\n" READ),
	FUZZ_TEXT("make 0 0 0 8 1 7\nblocks 1 10 0\ncommit\nword 1 104 2\n" READ),
	FUZZ_TEXT(PLAIN "blocks 1 10 0\ncommit\nword 1 104 2\n" READ),
	/* checksums of commit blocks */
	FUZZ_TEXT(V1 SOME "raw 7 12 0\nraw 7 16 0\n" READ),
	FUZZ_TEXT(V1 SOME "raw 7 12 0\n" READ),
	FUZZ_TEXT(V1 SOME "raw 7 12 0x00040000\n" READ),
	FUZZ_TEXT(V1 SOME "raw 7 12 0x02040000\n" READ),
	FUZZ_TEXT(V1 SOME "raw 7 12 0x01050000\n" READ),
	FUZZ_TEXT(V1 SOME "raw 7 16 5\n" READ),
	FUZZ_TEXT(V3 SOME "raw 7 600 1\n" READ),
	FUZZ_TEXT(V3 SOME "raw 7 48 1\n" READ),
	/* fast commits */
	FUZZ_TEXT(FAST SOME "raw 1157 0 0x09000800\nraw 1157 8 0x0a000000\n" READ),
	FUZZ_TEXT(FAST SOME "raw 1157 0 0x09000800\nraw 1157 8 0x0b000000\n" READ),
	FUZZ_TEXT(FAST SOME "raw 1157 0 0x09010800\n" READ),
	FUZZ_TEXT("make 0 0 0x20 300 1 7\n" SOME READ),
	FUZZ_TEXT("make 0 0 0x20 1400 1 7\nsuper 84 5000\n" READ),
	FUZZ_TEXT("make 0 0 0x20 1400 1 7\nsuper 84 4\nsuper 20 1409\n" READ),
	/* superblocks */
	FUZZ_TEXT(PLAIN "super 0 0\nopen\n"),
	FUZZ_TEXT(PLAIN "super 4 1\nopen\n"),
	FUZZ_TEXT(PLAIN "super 12 2048\nopen\n"),
	FUZZ_TEXT(PLAIN "super 16 9999\nopen\n"),
	FUZZ_TEXT(PLAIN "super 20 0\nopen\n"),
	FUZZ_TEXT(PLAIN "super 20 9999\nopen\n"),
	FUZZ_TEXT(PLAIN "super 20 5\nsuper 28 2\nopen\n"),
	FUZZ_TEXT(PLAIN "super 28 9999\nopen\n"),
	FUZZ_TEXT(PLAIN "super 36 2\nopen\n"),
	FUZZ_TEXT(PLAIN "super 40 0x40\nopen\n"),
	FUZZ_TEXT(PLAIN "super 44 1\nopen\n"),
	FUZZ_TEXT(V3 "super 80 0\nopen\n"),
	FUZZ_TEXT(V3 "raw 0 200 5\nopen\n"),
	FUZZ_TEXT("make 0 0 0x18 300 1 7\nopen\n"),
	FUZZ_TEXT("make 0 1 0x10 300 1 7\nopen\n"),
	FUZZ_TEXT("make 0 1 8 300 1 7\nopen\n"),
	/* places */
	FUZZ_TEXT(PLAIN "run 0 512 1 104\nopen\n"),
	FUZZ_TEXT(PLAIN "run 0 9999 0 104\nopen\n"),
	FUZZ_TEXT(PLAIN "run 0 800 0 104\nopen\n"),
	FUZZ_TEXT(PLAIN "run 0 512 0 0\nopen\n"),
	FUZZ_TEXT(PLAIN "runs 0\nopen\n"),
	FUZZ_TEXT(PLAIN "runs 1\nopen\n"),
	FUZZ_TEXT(PLAIN "size 512\nopen\n"),
	FUZZ_TEXT(PLAIN "size 3000\nopen\n"),
	FUZZ_TEXT(PLAIN "size 131072\nopen\n"),
	/* on a device */
	FUZZ_TEXT("device 0 0 0 300 3 7\n" SOME READ),
	FUZZ_TEXT("device 1 0 0x12 300 3 7\n" READ "home\n"),
	FUZZ_TEXT("device 0 0 0 300 3 7\nuser 1\nopen\n"),
	FUZZ_TEXT("device 0 0 0 300 3 7\nuser 1\nsuper 64 99\nopen\n"),
	FUZZ_TEXT("device 0 0 0 300 3 7\nsuper 64 0\nopen\n"),
	FUZZ_TEXT("device 0 0 0 300 3 7\nsuper 0 0\nopen\n"),
	FUZZ_TEXT("device 0 0 0 300 3 7\next 56 0\nopen\n"),
	FUZZ_TEXT("device 0 0 0 300 3 7\next 96 0\nopen\n"),
	FUZZ_TEXT("device 0 0 0 300 3 7\next 104 0\nopen\n"),
	FUZZ_TEXT("device 0 0 0 300 3 7\next 24 9\nopen\n"),
	FUZZ_TEXT("device 0 0 0 300 3 7\next 24 1\nopen\n"),
	FUZZ_TEXT("device 0 0 0 300 3 7\nlength 0x80000000000\nopen\n"),
	FUZZ_TEXT("device 1 0 0 300 3 7\nlength 2048\nopen\n"),
	{NULL, 0},
};

const struct fuzz_target fuzz_journal = {.name = "journal",
					 .texts = texts,
					 .plain = true,
					 .run = run};
