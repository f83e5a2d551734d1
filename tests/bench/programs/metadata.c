// SPDX-License-Identifier: GPL-2.0-or-later
// Changes many blocks of the inode tables in one transaction, by the library's own means.
/*
 *   metadata commit IMAGE COUNT ROUND   change COUNT blocks, commit
 *   metadata leave IMAGE COUNT ROUND    the same up to the commit block: the log wants a replay
 *   metadata places IMAGE COUNT         what a commit has to write: lines "OFFSET LENGTH", and "|"
 *                                       for a barrier
 *   metadata holds IMAGE COUNT ROUND    is what ROUND wrote at home?
 *
 * The blocks hold no inode that was ever used, so e2fsck stays silent; about five of eight are
 * taken, so that some are neighbours and most are not alone. ROUND decides what is written.
 */
#include "image/groups.h"
#include "image/image.h"
#include "journal/commit.h"
#include "txn/txn.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SUPER_AT 1024
#define SECTOR 512

struct job {
	struct e4z_image *img;
	uint64_t *block; /* ascending */
	uint64_t count;
	uint64_t round;
};

static uint64_t mix(uint64_t n)
{
	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9u;
	n = (n ^ n >> 27) * 0x94d049bb133111ebu;
	return n ^ n >> 31;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Group 0 has the inodes that are used. */
static errcode_t choose(struct job *job, uint64_t wanted)
{
	const struct e4z_image *img = job->img;
	uint64_t per_group = img->fs->inode_blocks_per_group;

	job->block = calloc(wanted ? wanted : 1, sizeof(*job->block));
	if (!job->block)
		return ENOMEM;
	for (uint32_t g = 1; g < img->groups; g++) {
		for (uint64_t i = 0; i < per_group && job->count < wanted; i++) {
			uint64_t block = img->group[g].itable + i;

			if (mix(block) % 8 < 5)
				job->block[job->count++] = block;
		}
	}
	qsort(job->block, job->count, sizeof(*job->block), by_number);
	return job->count == wanted ? 0 : ENOSPC;
}

static void pattern(const struct job *job, uint64_t block, uint8_t *data)
{
	uint64_t word = mix(block + (job->round << 56));

	for (uint32_t i = 0; i < job->img->block_size; i += 8, word += 0x9e3779b97f4a7c15u)
		memcpy(data + i, &word, 8);
}

static errcode_t change(struct job *job)
{
	errcode_t err = 0;

	for (uint64_t i = 0; i < job->count && !err; i++) {
		uint8_t *data;

		err = txn_edit(job->img, job->block[i], &data);
		if (!err)
			pattern(job, job->block[i], data);
	}
	return err;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static errcode_t commit(struct job *job)
{
	struct e4z_commit_summary sum;
	errcode_t err = change(job);
	double begin = now();

	if (!err)
		err = e4z_commit(job->img, &sum);
	if (!err)
		printf("wrote %" PRIu64 " bytes in %" PRIu64 " barriers, took %.6f s\n",
		       sum.bytes_written, sum.barriers, now() - begin);
	return err;
}

/* ---- leaving it in the log ---- */

static errcode_t not_home(void *arg, struct blkdev *dev, const struct blkdev_op *op)
{
	(void)arg;
	(void)dev;
	return strcmp(op->what, "home") == 0 ? ECANCELED : 0;
}

static errcode_t leave(struct job *job)
{
	const struct blkdev_observer observer = {.before = not_home};
	struct e4z_commit_summary sum;
	errcode_t err = change(job);

	if (!err)
		err = blkdev_observe(job->img->dev, &observer);
	if (err)
		return err;
	err = e4z_commit(job->img, &sum);
	if (err != ECANCELED)
		return err ? err : E4Z_ET_STATE;
	printf("%" PRIu64 "\n", commit_need(job->img->log, job->count));
	return 0;
}

/* ---- the other two ---- */

static errcode_t places(struct job *job)
{
	const struct log *log = job->img->log;
	uint64_t bs = job->img->block_size, need = commit_need(log, job->count), pblk = 0;
	uint32_t together;

	if (need > log_size(log))
		return E4Z_ET_LOG_FULL;
	printf("%u %u\n|\n%" PRIu64 " %u\n", SUPER_AT, SECTOR, log->super_block * bs, 1024);
	for (uint64_t i = 0; i < need; i++) {
		log_where(log, log->first + (uint32_t)i, &pblk, &together);
		printf("%" PRIu64 " %" PRIu64 "\n", pblk * bs, bs);
	}
	printf("|\n%" PRIu64 " %" PRIu64 "\n|\n", pblk * bs, bs);
	for (uint64_t i = 0; i < job->count; i++)
		printf("%" PRIu64 " %" PRIu64 "\n", job->block[i] * bs, bs);
	printf("|\n%" PRIu64 " %u\n|\n%u %u\n|\n", log->super_block * bs, 1024, SUPER_AT, SECTOR);
	return 0;
}

static errcode_t holds(struct job *job)
{
	uint32_t bs = job->img->block_size;
	uint8_t *is = malloc(bs), *must = malloc(bs);
	errcode_t err = is && must ? 0 : ENOMEM;

	for (uint64_t i = 0; i < job->count && !err; i++) {
		pattern(job, job->block[i], must);
		err = blkdev_read(job->img->dev, job->block[i] * bs, bs, is);
		if (!err && memcmp(is, must, bs) != 0)
			err = EILSEQ;
	}
	free(is);
	free(must);
	return err;
}

/* ---- main ---- */

static errcode_t run(struct job *job, char **argv)
{
	static const struct e4z_open_options writing = {.write = true};
	static const struct {
		const char *name;
		errcode_t (*run)(struct job *job);
	} verbs[] = {{"commit", commit}, {"leave", leave}, {"places", places}, {"holds", holds}};
	errcode_t err = e4z_open(argv[2], &writing, &job->img);

	if (!err)
		err = e4z_begin(job->img, NULL);
	if (!err)
		err = choose(job, strtoull(argv[3], NULL, 10));
	if (err)
		return err;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].run(job);
	return EINVAL;
}

int main(int argc, char **argv)
{
	struct job job = {.round = argc > 4 ? strtoull(argv[4], NULL, 10) : 0};
	errcode_t err;

	if (argc < 4) {
		fputs("usage: metadata commit|leave|places|holds IMAGE COUNT [ROUND]\n", stderr);
		return 2;
	}
	e4z_init_errors();
	err = run(&job, argv);
	if (err)
		fprintf(stderr, "metadata: %s: %s\n", e4z_message(job.img, err),
			e4z_context(job.img));
	free(job.block);
	if (job.img)
		e4z_close(job.img);
	return err || fflush(stdout) ? 1 : 0;
}
