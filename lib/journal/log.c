// SPDX-License-Identifier: GPL-2.0-or-later
// A log's place and superblock: opened, examined, read.
#include "journal/log.h"
#include "errors.h"
#include "journal/csum.h"
#include <errno.h>
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_FC_BLOCKS 256
#define MAX_BLOCK_SIZE 65536

/* What log_open reports through. */
struct verdict {
	char *why;
	size_t size;
};

static errcode_t say(const struct verdict *v, errcode_t err, const char *sentence)
{
	if (v->size)
		snprintf(v->why, v->size, "%s", sentence);
	return err;
}

/* ---- where ---- */

void log_where(const struct log *log, uint32_t n, uint64_t *pblk, uint32_t *together)
{
	size_t low = 0, high = log->run_count;
	const struct log_run *run;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (log->runs[mid].lblk <= n)
			low = mid;
		else
			high = mid;
	}
	run = &log->runs[low];
	*pblk = run->pblk + (n - run->lblk);
	*together = run->len - (n - run->lblk);
}

errcode_t log_read_super(const struct log *log, struct jbd2_super *raw)
{
	return blkdev_read(log->dev, log->super_block * log->shape.block_size, sizeof(*raw), raw);
}

errcode_t log_read(const struct log *log, uint32_t n, uint32_t count, void *buf)
{
	uint32_t size = log->shape.block_size, together, done;
	uint8_t *to = buf;
	uint64_t pblk;
	errcode_t err;

	for (done = 0; done < count; done += together) {
		log_where(log, n + done, &pblk, &together);
		if (together > count - done)
			together = count - done;
		err = blkdev_read(log->dev, pblk * size, (size_t)together * size,
				  to + (size_t)done * size);
		if (err)
			return err;
	}
	return 0;
}

errcode_t log_window_open(struct log_window *win, const struct log *log, uint32_t end, size_t bytes)
{
	uint32_t room = (uint32_t)(bytes / log->shape.block_size);

	*win = (struct log_window){.log = log, .room = room ? room : 1, .end = end};
	win->buf = malloc((size_t)win->room * log->shape.block_size);
	return win->buf ? 0 : ENOMEM;
}

void log_window_close(struct log_window *win)
{
	free(win->buf);
}

errcode_t log_window_get(struct log_window *win, uint32_t n, const void **block)
{
	uint32_t count = win->room;
	errcode_t err;

	if (n - win->start >= win->count) {
		if (count > win->end - n)
			count = win->end - n;
		win->count = 0;
		err = log_read(win->log, n, count, win->buf);
		if (err)
			return err;
		win->start = n;
		win->count = count;
	}
	*block = win->buf + (size_t)(n - win->start) * win->log->shape.block_size;
	return 0;
}

/* ---- judging ---- */

static errcode_t check_features(const struct log *log, const struct verdict *v)
{
	const struct jbd2_sb *sb = &log->sb;
	bool v2 = sb->incompat & JBD2_INCOMPAT_CSUM_V2, v3 = sb->incompat & JBD2_INCOMPAT_CSUM_V3;

	if (sb->incompat & ~JBD2_INCOMPAT_KNOWN || sb->ro_compat ||
	    sb->compat & ~JBD2_COMPAT_CHECKSUM)
		return say(v, E4Z_ET_FEATURE, "the journal has an unknown feature");
	if (!v2 && !v3)
		return 0;
	if ((v2 && v3) || sb->compat & JBD2_COMPAT_CHECKSUM)
		return say(v, E4Z_ET_BAD_JOURNAL,
			   "the journal's superblock has two checksum types");
	if (sb->checksum_type != JBD2_CRC32C)
		return say(v, E4Z_ET_BAD_JOURNAL, "the journal's checksum type is unknown");
	if (!csum_super_ok(&log->raw))
		return say(v, E4Z_ET_BAD_JOURNAL, "the journal's superblock fails its checksum");
	return 0;
}

/* Fast commits get the end of the log, if enough is left for it, as kernels decide it. */
static void divide(struct log *log)
{
	uint32_t fc = log->sb.num_fc_blocks ? log->sb.num_fc_blocks : DEFAULT_FC_BLOCKS;
	uint32_t maxlen = log->sb.maxlen;

	log->first = log->sb.first;
	log->last = log->fc_first = log->fc_last = maxlen;
	if (!(log->sb.incompat & JBD2_INCOMPAT_FAST_COMMIT))
		return;
	if (fc <= maxlen && maxlen - fc >= JBD2_MIN_BLOCKS) {
		log->last = maxlen - fc;
		log->fc_first = log->last + 1;
	}
}

/* LIMIT: blocks that there are, the superblock's included; SUPER: the superblock's number. */
static errcode_t check(struct log *log, uint32_t block_size, uint64_t limit, uint32_t super,
		       const struct verdict *v)
{
	const struct jbd2_sb *sb = &log->sb;
	errcode_t err;

	if (!jbd2_super_decode(&log->raw, &log->sb))
		return say(v, E4Z_ET_BAD_JOURNAL, "the journal has no superblock");
	if (sb->block_size != block_size)
		return say(v, E4Z_ET_BAD_JOURNAL,
			   "the journal's block size is not the file system's");
	err = check_features(log, v);
	if (err)
		return err;
	if (sb->maxlen > limit)
		return say(v, E4Z_ET_BAD_JOURNAL, "the journal is shorter than it says");
	if (sb->first <= super || sb->first >= sb->maxlen)
		return say(v, E4Z_ET_BAD_JOURNAL, "s_first points outside the journal");
	divide(log);
	if (log->first >= log->last)
		return say(v, E4Z_ET_BAD_JOURNAL, "the journal has space for fast commits only");
	if (sb->start && (sb->start < log->first || sb->start >= log->last))
		return say(v, E4Z_ET_BAD_JOURNAL, "s_start points outside the journal");
	log->shape = log->next = jbd2_shape(sb);
	log->seed = csum_seed(sb->uuid);
	return 0;
}

/* ---- opening ---- */

void log_close(struct log *log)
{
	if (!log)
		return;
	free(log->runs);
	free(log);
}

static struct log *log_new(struct blkdev *dev, const struct log_run *runs, size_t count)
{
	struct log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->dev = dev;
	log->run_count = count;
	log->runs = malloc(count * sizeof(*runs));
	if (!log->runs) {
		free(log);
		return NULL;
	}
	memcpy(log->runs, runs, count * sizeof(*runs));
	return log;
}

/* The blocks that RUNS map from 0 on, or 0 when there is a gap or one lies beyond the device. */
static uint64_t mapped(const struct log_run *runs, size_t count, uint64_t device_blocks)
{
	uint64_t end = 0;

	for (size_t i = 0; i < count; i++) {
		if (!runs[i].len || runs[i].lblk != end)
			return 0;
		if (runs[i].pblk >= device_blocks || runs[i].len > device_blocks - runs[i].pblk)
			return 0;
		end += runs[i].len;
	}
	return end;
}

static bool block_size_possible(uint32_t size)
{
	return size >= JBD2_SUPER_SIZE && size <= MAX_BLOCK_SIZE && !(size & (size - 1));
}

/* Read and check the superblock in log block SUPER; takes LOG. */
static errcode_t finish(struct log *log, uint32_t block_size, uint64_t limit, uint32_t super,
			const struct verdict *v, struct log **out)
{
	uint32_t together;
	errcode_t err;

	log_where(log, super, &log->super_block, &together);
	err = blkdev_read(log->dev, log->super_block * block_size, sizeof(log->raw), &log->raw);
	if (err)
		(void)say(v, err, "the journal's superblock cannot be read");
	else
		err = check(log, block_size, limit, super, v);
	if (err)
		log_close(log);
	else
		*out = log;
	return err;
}

errcode_t log_open(struct blkdev *dev, uint32_t block_size, const struct log_run *runs,
		   size_t run_count, struct log **out, char *why, size_t why_size)
{
	struct verdict v = {why, why_size};
	struct log *log;
	uint64_t limit;

	*out = NULL;
	if (!block_size_possible(block_size))
		return say(&v, E4Z_ET_BAD_JOURNAL, "invalid block size");
	limit = mapped(runs, run_count, dev->len / block_size);
	if (!limit)
		return say(&v, E4Z_ET_BAD_JOURNAL,
			   "the journal's blocks have a gap or lie outside the file system");
	log = log_new(dev, runs, run_count);
	if (!log)
		return ENOMEM;
	return finish(log, block_size, limit, 0, &v, out);
}

static errcode_t check_device(struct blkdev *dev, uint32_t block_size,
			      const uint8_t uuid[JBD2_UUID_BYTES], uint64_t *blocks,
			      const struct verdict *v)
{
	struct ext2_super_block super;
	errcode_t err = blkdev_read(dev, SUPERBLOCK_OFFSET, sizeof(super), &super);

	if (err)
		return say(v, err, "the journal device cannot be read");
	if (ext2fs_le16_to_cpu(super.s_magic) != EXT2_SUPER_MAGIC ||
	    !(ext2fs_le32_to_cpu(super.s_feature_incompat) & EXT3_FEATURE_INCOMPAT_JOURNAL_DEV))
		return say(v, E4Z_ET_OTHER_JOURNAL, "this is not a journal device");
	if (memcmp(super.s_uuid, uuid, JBD2_UUID_BYTES))
		return say(v, E4Z_ET_OTHER_JOURNAL,
			   "the journal device has another UUID than the file system expects");
	if (ext2fs_le32_to_cpu(super.s_log_block_size) > 6 ||
	    (uint32_t)EXT2_MIN_BLOCK_SIZE << ext2fs_le32_to_cpu(super.s_log_block_size) !=
		    block_size)
		return say(v, E4Z_ET_BAD_JOURNAL,
			   "the journal device's block size is not the file system's");
	*blocks = dev->len / block_size;
	if (*blocks > UINT32_MAX)
		*blocks = UINT32_MAX;
	return 0;
}

static bool serves(const struct log *log, const uint8_t fs_uuid[JBD2_UUID_BYTES])
{
	size_t count = sizeof(log->raw.users) / sizeof(log->raw.users[0]);

	if (count > log->sb.nr_users)
		count = log->sb.nr_users;
	for (size_t i = 0; i < count; i++)
		if (!memcmp(log->raw.users[i], fs_uuid, JBD2_UUID_BYTES))
			return true;
	return false;
}

errcode_t log_open_external(struct blkdev *dev, uint32_t block_size,
			    const uint8_t journal_uuid[JBD2_UUID_BYTES],
			    const uint8_t fs_uuid[JBD2_UUID_BYTES], struct log **out, char *why,
			    size_t why_size)
{
	struct verdict v = {why, why_size};
	uint32_t super = block_size == EXT2_MIN_BLOCK_SIZE ? 2 : 1;
	struct log_run run = {0};
	uint64_t blocks;
	struct log *log;
	errcode_t err;

	*out = NULL;
	err = check_device(dev, block_size, journal_uuid, &blocks, &v);
	if (err)
		return err;
	if (blocks <= super)
		return say(&v, E4Z_ET_BAD_JOURNAL, "the journal is shorter than it says");
	run.len = (uint32_t)blocks;
	log = log_new(dev, &run, 1);
	if (!log)
		return ENOMEM;
	log->external = true;
	err = finish(log, block_size, blocks, super, &v, &log);
	if (err)
		return err;
	if (!serves(log, fs_uuid)) {
		log_close(log);
		return say(&v, E4Z_ET_OTHER_JOURNAL,
			   "the journal device does not list the file system");
	}
	*out = log;
	return 0;
}
