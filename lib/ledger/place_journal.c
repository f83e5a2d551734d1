// SPDX-License-Identifier: GPL-2.0-or-later
// What an empty journal holds: all but the superblock of its log, and an external one's of its own.
#include "ledger/place.h"

#include "base/cleanup.h"
#include "file/inode.h"
#include "format/super.h"
#include "journal/log.h"
#include "open/recovery.h"
#include <errno.h>
#include <stdlib.h>

/*
 * The log of L's image, which a check without a replay has not opened. NULL: none, or an external
 * one, of which nothing lies in the image, if it is not WANTED.
 */
static errcode_t find_log(const struct ledger *l, bool wanted, const char **why)
{
	struct e4z_image *img = l->img;
	const struct e4z_open_options how = {.journal_device = img->journal_spec};
	errcode_t err = 0;

	*why = NULL;
	if (!img->info.mounted && (wanted || img->info.journal != E4Z_JOURNAL_EXTERNAL))
		err = recovery_find_log(img, &how);
	if (err == ENOMEM)
		return err;
	if (err) {
		*why = img->info.journal == E4Z_JOURNAL_EXTERNAL
			       ? "the external journal cannot be examined"
			       : "the journal cannot be examined";
		image_forget(img);
	}
	return 0;
}

static const char NOT_OWNED[] = "the journal's inode is not in use, or has other blocks";

/* Why it is not among the inodes that were examined: others might have its blocks, too. */
static errcode_t find_inode(const struct e4z_image *img, const char **why)
{
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	struct inode inode;
	errcode_t err;

	if (!raw)
		return ENOMEM;
	err = inode_read(img, img->fs->super->s_journal_inum, raw, &inode);
	if (err && err != E4Z_ET_BAD_INODE)
		*why = "the journal's inode cannot be read";
	else if (err || !inode_in_use(img, &inode))
		*why = NOT_OWNED;
	return 0;
}

/* All of [from, end) is in SET, which may be NULL: nothing is. */
static bool covers(const struct rangeset *set, uint64_t from, uint64_t end)
{
	uint64_t at = from, start, len;

	while (set && from < end && rangeset_next_in(set, &at, end, &start, &len) && start <= from)
		from = start + len;
	return from >= end;
}

/* RUN is some inode's: the journal's own, which is in use. */
static bool is_owned(const struct ledger *l, const struct log_run *run)
{
	uint64_t ratio = l->img->cluster_ratio, end = run->pblk + run->len;

	return covers(claims_taken(l->claims), run->pblk / ratio, (end - 1) / ratio + 1) ||
	       covers(claims_shared(l->claims), run->pblk, end);
}

/* Why nothing of LOG may be touched, or NULL. */
static errcode_t find_why(const struct ledger *l, const struct log *log, const char **why)
{
	uint32_t ratio = l->img->cluster_ratio;
	errcode_t err;

	*why = NULL;
	err = log->external ? 0 : find_inode(l->img, why);
	for (size_t i = 0; i < log->run_count && !log->external && !*why && !err; i++) {
		uint64_t start = log->runs[i].pblk, end = start + log->runs[i].len;

		if (rangeset_meets(l->disputed, start / ratio,
				   (end - 1) / ratio + 1 - start / ratio))
			*why = "the block bitmap and the inodes disagree on blocks of the journal";
		else if (rangeset_meets(l->doubt.blocks, start, end - start))
			*why = "a block may belong to an inode that cannot be read";
		else if (!is_owned(l, &log->runs[i]))
			*why = NOT_OWNED;
	}
	return err;
}

/* Where the bytes of LOG are that nobody reads while it is empty. */
typedef errcode_t stretch_fn(void *arg, uint64_t off, uint64_t len);

static errcode_t each_stretch(const struct log *log, stretch_fn *fn, void *arg)
{
	uint64_t bs = log->shape.block_size, super_end = log->super_block * bs + JBD2_SUPER_SIZE;
	errcode_t err = 0;

	if (log->external) {
		/* block 0 has a superblock of ext2, too, and what is past the log is not its own */
		if (bs > SUPER_OFFSET + SUPER_SIZE)
			err = fn(arg, SUPER_OFFSET + SUPER_SIZE, bs - SUPER_OFFSET - SUPER_SIZE);
		return err ? err : fn(arg, super_end, log->sb.maxlen * bs - super_end);
	}
	for (size_t i = 0; i < log->run_count && !err; i++) {
		uint64_t skip = log->runs[i].lblk ? 0 : JBD2_SUPER_SIZE;

		err = fn(arg, log->runs[i].pblk * bs + skip, log->runs[i].len * bs - skip);
	}
	return err;
}

static errcode_t count(void *arg, uint64_t off, uint64_t len)
{
	(void)off;
	tally_move(arg, OWNER_LOG, owner_of_kind(E4Z_JOURNAL), len);
	return 0;
}

static errcode_t add(void *arg, uint64_t off, uint64_t len)
{
	return home_add(arg, off, len);
}

/* It is as empty on the disk as it is in memory. */
static errcode_t must_be_empty(struct e4z_image *img, const struct log *log)
{
	struct jbd2_super raw;
	errcode_t err = log_read_super(log, &raw);

	if (err)
		return image_fail(img, err, "reading the journal's superblock");
	if (be32_get(raw.start))
		return image_refuse(img, E4Z_ET_STATE, "the journal is not empty");
	return 0;
}

static errcode_t visit(struct ledger *l, const struct log *log, const struct home_options *options)
{
	struct home_options how = *options;
	struct e4z_finding f = {.kind = E4Z_JOURNAL, .fixable = true};
	struct home *home = NULL;
	errcode_t err = how.scrub ? must_be_empty(l->img, log) : 0;

	how.dev = log->dev;
	how.what = "journal";
	/* the check may have had no chance to look for it */
	how.found = l->stale_log.units ? &l->stale_log : NULL;
	if (!log->external)
		f.group = ext2fs_group_of_blk2(l->img->fs, log->super_block);
	if (!err)
		err = home_new(l->img, &how, &home);
	if (!err)
		err = home_spot(home, &f, false);
	if (!err)
		err = each_stretch(log, add, home);
	if (!err)
		err = home_end(home);
	home_free(home);
	return err;
}

static errcode_t leave(const char *why, struct findings *findings)
{
	const struct e4z_finding f = {.kind = E4Z_JOURNAL,
				      .lblk = E4Z_NONE,
				      .pblk = E4Z_NONE,
				      .first = E4Z_NONE,
				      .last = E4Z_NONE,
				      .why = why};

	return findings ? findings_add(findings, &f) : 0;
}

errcode_t place_journal(struct ledger *l, const struct home_options *options)
{
	bool wanted = ledger_wants(l, E4Z_JOURNAL);
	const struct log *log;
	const char *why;
	errcode_t err = find_log(l, wanted, &why);

	if (err)
		return err;
	log = l->img->log;
	if (log)
		err = find_why(l, log, &why);
	if (err)
		return err;
	if (why && options->scrub && l->stale_log.units)
		return image_refuse(l->img, EIO, "the journal was not zeroed: %s", why);
	if (why)
		return wanted ? leave(why, options->findings) : 0;
	if (!log)
		return 0;
	if (options->findings && !log->external)
		err = each_stretch(log, count, &l->tally);
	if (!err && l->keep && !options->scrub)
		err = marks_new(log->dev->len, l->img->block_bits, &l->stale_log);
	return err || !wanted ? err : visit(l, log, options);
}
