// SPDX-License-Identifier: GPL-2.0-or-later
// Has the blocks of a directory examined. Those of its hash tree look like blocks without entries,
// and which they are only the tree can say: where it is not whole none of them is examined.
#include "exam/exam_part.h"

#include "format/dirent.h"
#include "slack/index.h"
#include <errno.h>

/* Levels of index blocks below the root; the last needs large_dir. */
#define LEVELS_MAX 2

static const char unread[] = "a block of the directory cannot be read";
static const char corrupt[] = "the hash tree of the directory is corrupt";

VEC(lblk_vec, uint32_t);

struct dir {
	struct exam *exam;
	struct rangeset *tree, *index; /* blocks of the hash tree, NULL: none; its own */
	struct lblk_vec level, below;  /* blocks of a level of the tree, and of the one below */
	uint8_t *buf;
	uint64_t blocks; /* of the directory's size */
};

void exam_dir_run(struct exam *exam, const struct run *run)
{
	uint64_t end = exam->inode->size >> exam->img->block_bits;
	struct run part = *run;

	if (exam->err || run->unwritten || run->lblk >= end || exam->img->shared_blocks)
		return;
	if (part.len > end - part.lblk)
		part.len = end - part.lblk;
	if (vec_push(&exam->dir_runs, part))
		exam->err = ENOMEM;
}

/* Why blocks of the directory are left; PBLK is one of them. */
static errcode_t leave(const struct dir *d, enum e4z_finding_kind kind, uint64_t pblk,
		       const char *why)
{
	const struct exam *exam = d->exam;
	const struct e4z_finding f = {
		.kind = kind,
		.ino = exam->inode->ino,
		.size = exam->inode->size,
		.lblk = E4Z_NONE,
		.pblk = pblk,
		.blocks = 1,
		.first = E4Z_NONE,
		.last = E4Z_NONE,
		.why = why,
	};

	return exam->disputed || !exam_wants(exam, kind) ? 0 : findings_add(exam->findings, &f);
}

/* The physical block of LBLK, or E4Z_NONE. */
static uint64_t find(const struct dir *d, uint64_t lblk)
{
	size_t from = 0, to = d->exam->dir_runs.count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct run *run = &d->exam->dir_runs.items[middle];

		if (lblk < run->lblk)
			to = middle;
		else if (lblk - run->lblk < run->len)
			return run->pblk + (lblk - run->lblk);
		else
			from = middle + 1;
	}
	return E4Z_NONE;
}

static struct unit block_unit(const struct dir *d, enum unit_type type, uint64_t pblk,
			      const uint8_t *bytes)
{
	return (struct unit){.img = d->exam->img,
			     .type = type,
			     .inode = d->exam->inode,
			     .pblk = pblk,
			     .bytes = bytes,
			     .len = d->exam->img->block_size};
}

/* ---- the hash tree ---- */

/* The blocks that INDEX leads to are of the level below, and no others. *WHY: they cannot be. */
static errcode_t descend(struct dir *d, const struct index_block *index, const char **why)
{
	errcode_t err = 0;

	for (unsigned i = 0; i < index->count && !err && !*why; i++) {
		uint32_t lblk = dx_block(d->buf + index->off, i) & DX_BLOCK_MASK;
		bool again = false;

		if (lblk < d->blocks)
			err = rangeset_add(d->tree, lblk, 1, &again);
		if (lblk >= d->blocks || again)
			*why = corrupt;
		else if (!err && vec_push(&d->below, lblk))
			err = ENOMEM;
	}
	return err;
}

/* LBLK is an index block. */
static errcode_t read_index(struct dir *d, uint32_t lblk, struct index_block *index,
			    const char **why)
{
	const struct e4z_image *img = d->exam->img;
	uint64_t pblk = find(d, lblk);
	struct unit unit = block_unit(d, UNIT_INDEX, pblk, d->buf);
	errcode_t err;

	if (pblk == E4Z_NONE)
		*why = corrupt;
	else if (image_read(img, pblk << img->block_bits, img->block_size, d->buf))
		*why = unread;
	else
		*why = index_parse(&unit, index);
	if (!*why && (index->off == DX_ROOT_INDEX) != !lblk)
		*why = corrupt;
	if (*why)
		return 0;
	err = rangeset_add(d->index, lblk, 1, NULL);
	return err ? err : descend(d, index, why);
}

/* All of the tree, level by level: what is below the last one are the leaves. */
static errcode_t read_tree(struct dir *d, const char **why)
{
	struct index_block index = {0};
	unsigned levels;
	errcode_t err = rangeset_add(d->tree, 0, 1, NULL);

	if (!err)
		err = read_index(d, 0, &index, why);

	levels = index.levels;
	if (levels > LEVELS_MAX)
		*why = corrupt;
	while (levels-- && !err && !*why) {
		struct lblk_vec level = d->below;

		d->below = d->level;
		d->below.count = 0;
		d->level = level;
		for (size_t i = 0; i < level.count && !err && !*why; i++)
			err = read_index(d, level.items[i], &index, why);
	}
	return err;
}

/* ---- its blocks ---- */

static errcode_t examine_block(struct dir *d, uint64_t lblk, uint64_t pblk, const uint8_t *bytes)
{
	bool is_index = d->index && rangeset_has(d->index, lblk);
	struct unit unit = block_unit(d, is_index ? UNIT_INDEX : UNIT_LEAF, pblk, bytes);

	if (d->tree && !rangeset_has(d->tree, lblk))
		return leave(d, E4Z_DIR_SLACK, pblk, "the hash tree does not lead to the block");
	return exam_unit(d->exam, &unit, OWNER_DIRECTORY);
}

static errcode_t examine_run(struct dir *d, const struct run *run)
{
	const struct e4z_image *img = d->exam->img;
	uint64_t step = examine_buffer_size(img) / img->block_size;
	errcode_t err = 0;

	for (uint64_t done = 0; done < run->len && !err; done += step) {
		uint64_t n = run->len - done < step ? run->len - done : step;
		uint64_t pblk = run->pblk + done;

		if (image_read(img, pblk << img->block_bits, n << img->block_bits, d->buf)) {
			err = leave(d, E4Z_DIR_SLACK, pblk, unread);
			continue;
		}
		for (uint64_t i = 0; i < n && !err; i++)
			err = examine_block(d, run->lblk + done + i, pblk + i,
					    d->buf + (i << img->block_bits));
	}
	return err;
}

static errcode_t examine_dir(struct dir *d)
{
	const struct exam *exam = d->exam;
	const struct run *run = exam->dir_runs.items;
	const char *why = NULL;
	errcode_t err = 0;

	if (exam->inode->flags & EXT2_INDEX_FL) {
		d->tree = rangeset_new(d->blocks);
		d->index = rangeset_new(d->blocks);
		err = d->tree && d->index ? read_tree(d, &why) : ENOMEM;
	}
	if (!err && why)
		return leave(d, E4Z_HTREE_SLACK, run->pblk, why);
	for (size_t i = 0; i < exam->dir_runs.count && !err; i++)
		err = examine_run(d, &run[i]);
	return err;
}

errcode_t exam_unit_dir(struct exam *exam)
{
	struct dir d = {.exam = exam, .blocks = exam->inode->size >> exam->img->block_bits};
	errcode_t err;

	if (!exam->account || !exam->dir_runs.count)
		return 0;
	err = exam_buffer(exam, &d.buf);
	if (!err)
		err = examine_dir(&d);
	vec_free(&d.level);
	vec_free(&d.below);
	rangeset_free(d.index);
	rangeset_free(d.tree);
	return err;
}
