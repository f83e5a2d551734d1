// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shows a file system as its log will make it, for comparing with those who replay on the disk.
 *
 *   journal-view info IMAGE            what is in the log
 *   journal-view digest IMAGE          a checksum of every block
 *   journal-view compare IMAGE OTHER   0: equal but for superblock and journal; prints what differs
 *   journal-view apply IMAGE           write the overlay home (a copy!); the log is left as it is
 *
 * [-j DEVICE] before the verb: an external journal. Status 3: refused, and says why.
 */
#include "../unit/journal/covered.h"
#include "device/hostfile.h"
#include "errors.h"
#include "io/overlay.h"
#include "journal/replay.h"
#include <errno.h>
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REFUSED 3

struct view {
	struct blkdev *dev, *journal_dev;
	struct log *log;
	struct overlay *ov;
	struct replay replay;
	struct log_run *runs;
	size_t run_count;
	uint64_t blocks;
	uint32_t block_size;
	struct ext2_super_block super;
	char why[256];
};

static int die(const char *what, errcode_t err)
{
	fprintf(stderr, "journal-view: %s: %s\n", what, error_message(err));
	exit(2);
}

static int add_block(ext2_filsys fs, blk64_t *pblk, e2_blkcnt_t lblk, blk64_t ref, int off,
		     void *arg)
{
	struct view *view = arg;
	struct log_run *last = view->run_count ? &view->runs[view->run_count - 1] : NULL;

	(void)fs, (void)ref, (void)off;
	if (last && last->lblk + last->len == lblk && last->pblk + last->len == *pblk) {
		last->len++;
		return 0;
	}
	view->runs = realloc(view->runs, (view->run_count + 1) * sizeof(*view->runs));
	if (!view->runs)
		return BLOCK_ABORT;
	view->runs[view->run_count++] =
		(struct log_run){.pblk = *pblk, .lblk = (uint32_t)lblk, .len = 1};
	return 0;
}

static void map_journal(struct view *view, const char *path)
{
	int flags = EXT2_FLAG_64BITS | EXT2_FLAG_IGNORE_CSUM_ERRORS | EXT2_FLAG_JOURNAL_DEV_OK |
		    EXT2_FLAG_SOFTSUPP_FEATURES;
	ext2_filsys fs;
	errcode_t err = ext2fs_open(path, flags, 0, 0, unix_io_manager, &fs);

	if (err)
		die(path, err);
	view->super = *fs->super;
	view->blocks = ext2fs_blocks_count(fs->super);
	view->block_size = fs->blocksize;
	if (fs->super->s_journal_inum) {
		err = ext2fs_block_iterate3(fs, fs->super->s_journal_inum,
					    BLOCK_FLAG_READ_ONLY | BLOCK_FLAG_DATA_ONLY, NULL,
					    add_block, view);
		if (err)
			die("journal inode", err);
	}
	ext2fs_free(fs);
}

static errcode_t view_open(struct view *view, const char *path, const char *journal)
{
	errcode_t err;

	map_journal(view, path);
	err = hostfile_open(path, &view->dev);
	if (!err && journal)
		err = hostfile_open(journal, &view->journal_dev);
	if (err)
		die(path, err);
	if (journal)
		err = log_open_external(view->journal_dev, view->block_size,
					view->super.s_journal_uuid, view->super.s_uuid, &view->log,
					view->why, sizeof(view->why));
	else
		err = log_open(view->dev, view->block_size, view->runs, view->run_count, &view->log,
			       view->why, sizeof(view->why));
	if (!err)
		err = replay_read(view->log, view->blocks, &view->ov, &view->replay, view->why,
				  sizeof(view->why));
	return err;
}

static void view_close(struct view *view)
{
	overlay_free(view->ov);
	log_close(view->log);
	blkdev_close(view->dev);
	blkdev_close(view->journal_dev);
	free(view->runs);
}

static void info(const struct view *view)
{
	const struct replay *r = &view->replay;
	const struct log *log = view->log;

	printf("compat=%x incompat=%x tag=%u ring=[%u,%u) fc=[%u,%u) start=%u sequence=%u\n",
	       log->sb.compat, log->sb.incompat, log->shape.tag_bytes, log->first, log->last,
	       log->fc_first, log->fc_last, log->sb.start, log->sb.sequence);
	printf("empty=%d torn=%d tids=[%u,%u) transactions=%u tags=%llu revokes=%llu used=%u "
	       "wrapped=%d blocks=%zu\n",
	       r->empty, r->torn, r->first_tid, r->next_tid, r->transactions,
	       (unsigned long long)r->tags, (unsigned long long)r->revokes, r->log_blocks,
	       !r->empty && r->end < log->sb.start, overlay_count(view->ov));
}

static bool is_journal(const struct view *view, uint64_t block)
{
	for (size_t i = 0; i < view->run_count; i++)
		if (block - view->runs[i].pblk < view->runs[i].len)
			return true;
	return false;
}

/* Blocks per read: an odd number, and reads begin in mid-block, so that edges are exercised. */
#define STRIDE 37

struct reader {
	uint8_t *buf;
	uint64_t from, count;
};

/* The bytes of BLOCK through the overlay, by reads that do not respect blocks. */
static const uint8_t *seen(const struct view *view, struct reader *r, uint64_t block)
{
	uint64_t size = view->block_size, half = size / 2;
	errcode_t err;

	if (!r->buf)
		r->buf = malloc(STRIDE * size);
	if (!r->buf)
		die("memory", ENOMEM);
	if (block - r->from >= r->count) {
		r->from = block;
		r->count = view->blocks - block < STRIDE ? view->blocks - block : STRIDE;
		err = overlay_read(view->ov, view->dev, block * size, half - 3, r->buf);
		if (!err)
			err = overlay_read(view->ov, view->dev, block * size + half - 3,
					   r->count * size - half + 3, r->buf + half - 3);
		if (err)
			die("reading", err);
	}
	return r->buf + (block - r->from) * size;
}

static void digest(const struct view *view)
{
	struct reader r = {0};

	for (uint64_t block = 0; block < view->blocks; block++)
		if (!is_journal(view, block))
			printf("%llu %08x\n", (unsigned long long)block,
			       ext2fs_crc32c_le(~0u, seen(view, &r, block), view->block_size));
	free(r.buf);
}

static int compare(const struct view *view, const char *path)
{
	uint64_t size = view->block_size, super = 1024 / size, covered = 0, checked = 0;
	struct reader r = {0};
	struct blkdev *other;
	struct overlay_entry entry;
	unsigned different = 0;
	uint8_t *buf = malloc(size), *mine = malloc(size);
	errcode_t err = hostfile_open(path, &other);

	if (err || !buf || !mine)
		die(path, err ? err : ENOMEM);
	for (uint64_t block = 0; block < view->blocks; block++) {
		if (is_journal(view, block))
			continue;
		memcpy(mine, seen(view, &r, block), size);
		err = blkdev_read(other, block * size, size, buf);
		if (err)
			die(path, err);
		if (block == super) {
			memset(mine + 1024 % size, 0, 1024);
			memset(buf + 1024 % size, 0, 1024);
		}
		checked++;
		covered += overlay_find(view->ov, block, &entry);
		if (memcmp(mine, buf, size) && different++ < 10)
			printf("block %llu differs%s\n", (unsigned long long)block,
			       overlay_find(view->ov, block, &entry) ? " (covered)" : "");
	}
	printf("compared %llu blocks, %llu of them covered: %u differ\n",
	       (unsigned long long)checked, (unsigned long long)covered, different);
	blkdev_close(other);
	free(r.buf);
	free(buf);
	free(mine);
	return different ? 1 : 0;
}

struct home {
	int fd;
	uint32_t block_size;
	uint64_t next;
};

static errcode_t write_home(void *arg, uint64_t block, const void *data)
{
	struct home *home = arg;
	off_t off = (off_t)(block * home->block_size);

	if (block < home->next)
		return EINVAL; /* not ascending */
	home->next = block + 1;
	return pwrite(home->fd, data, home->block_size, off) == (ssize_t)home->block_size ? 0 : EIO;
}

static int apply(const struct view *view, const char *path)
{
	struct home home = {.fd = open(path, O_WRONLY), .block_size = view->block_size};
	errcode_t err = home.fd < 0 ? errno : overlay_each(view->ov, write_home, &home);

	if (err)
		die(path, err);
	return close(home.fd) ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct view view = {0};
	const char *journal = NULL;
	errcode_t err;
	int status = 0;

	if (argc > 3 && !strcmp(argv[1], "-j")) {
		journal = argv[2];
		argc -= 2;
		argv += 2;
	}
	if (argc < 3)
		return 2;
	initialize_e4z_error_table();
	add_error_table(&et_ext2_error_table);
	err = view_open(&view, argv[2], journal);
	if (err) {
		printf("refused: %s: %s\n", error_message(err), view.why);
		status = REFUSED;
	} else if (!strcmp(argv[1], "info")) {
		info(&view);
	} else if (!strcmp(argv[1], "digest")) {
		digest(&view);
	} else if (!strcmp(argv[1], "apply")) {
		status = apply(&view, argv[2]);
	} else if (!strcmp(argv[1], "compare") && argc == 4) {
		info(&view);
		status = compare(&view, argv[3]);
	} else {
		status = 2;
	}
	view_close(&view);
	return status;
}
