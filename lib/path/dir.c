// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the entries of directories. Hash tree blocks look like blocks without entries and need no
// care.
#include "path/dir.h"

#include "base/cleanup.h"
#include "base/crc32c.h"
#include "base/vec.h"
#include "file/inline.h"
#include "format/dirent.h"
#include "sets/rangeset.h"
#include <errno.h>
#include <stdlib.h>

#define READ_BYTES 262144

VEC(run_vec, struct run);

struct walk {
	const struct e4z_image *img;
	const struct dir_sink *sink;
	bool ended, typed, corrupt;
	struct run_vec runs;
	struct rangeset *visited; /* tree blocks */
	uint64_t blocks;
	uint64_t *budget;
	const struct inode *inode;
	errcode_t err;
};

bool dir_match(void *arg, const struct dir_entry *entry)
{
	struct dir_find *find = arg;

	if (entry->name_len != find->len || memcmp(entry->name, find->name, find->len) != 0)
		return true;
	find->ino = entry->ino;
	return false;
}

static void show(struct walk *w, const uint8_t *e, uint64_t off)
{
	const struct dir_entry entry = {.ino = dirent_ino(e),
					.off = off,
					.name = (const char *)e + DIRENT_HEADER,
					.name_len = dirent_name_len(e),
					.type = w->typed ? dirent_type(e) : 0};

	w->ended = !w->sink->entry(w->sink->arg, &entry);
}

/* The entries in LEN bytes at P, which lie at OFF of the directory. */
static void walk_bytes(struct walk *w, const uint8_t *p, size_t len, uint64_t off)
{
	const struct dir_sieve *sieve = w->sink->sieve;
	uint32_t bs = w->img->block_size, inodes = w->img->inodes;
	size_t at = 0;

	while (!w->ended && len - at >= DIRENT_HEADER) {
		const uint8_t *e = p + at;
		size_t step = dirent_len(e, bs), name_len = dirent_name_len(e);
		uint32_t ino = dirent_ino(e);

		if (name_len + DIRENT_HEADER > step || step % 4 || step > len - at) {
			w->corrupt = true;
			return;
		}
		if (!ino || !name_len || ino > inodes)
			w->corrupt |= ino != 0;
		else if (!sieve || dir_sieve_lets(sieve, ino))
			show(w, e, off + at);
		at += step;
	}
}

static errcode_t walk_inline(struct walk *w, const struct inode *inode)
{
	struct inline_data data;

	if (!inline_find(w->img, inode, &data))
		return E4Z_ET_BAD_DIR;
	walk_bytes(w, data.head + DIRENT_INLINE_PARENT, INODE_I_BLOCK_LEN - DIRENT_INLINE_PARENT,
		   DIRENT_INLINE_PARENT);
	if (data.rest)
		walk_bytes(w, data.rest, data.rest_len, INODE_I_BLOCK_LEN);
	return 0;
}

static bool on_node(void *arg, uint64_t pblk)
{
	struct walk *w = arg;
	bool again = false;

	if (!w->visited)
		w->visited = rangeset_new(w->img->blocks);
	if (!w->visited || rangeset_add(w->visited, pblk, 1, &again)) {
		w->err = ENOMEM;
		return false;
	}
	if (again || !*w->budget) {
		w->err = E4Z_ET_BAD_DIR;
		return false;
	}
	--*w->budget;
	return true;
}

static void on_run(void *arg, const struct run *run)
{
	struct walk *w = arg;

	w->blocks += run->len;
	if (w->blocks > w->img->blocks)
		w->err = E4Z_ET_BAD_DIR;
	else if (!run->unwritten && !w->err && vec_push(&w->runs, *run))
		w->err = ENOMEM;
}

/* BLOCK, which is LBLK of the directory, may be one of its hash tree: it may look like a leaf. */
static bool may_be_index(const struct walk *w, const uint8_t *block, uint64_t lblk)
{
	uint32_t bs = w->img->block_size;

	return w->inode->flags & EXT2_INDEX_FL &&
	       (!lblk || (!dirent_ino(block) && dirent_len(block, bs) == bs));
}

/* It may have had other entries. */
static bool is_forged(const struct walk *w, const uint8_t *block, uint64_t lblk)
{
	uint32_t len = w->img->block_size - DIRENT_TAIL;
	const uint8_t *tail = block + len;

	return w->sink->verify && w->img->metadata_csum && dirent_is_tail(tail) &&
	       !may_be_index(w, block, lblk) &&
	       dirent_tail_csum(tail) != crc32c(inode_csum_seed(w->img, w->inode), block, len);
}

/*
 * All blocks of RUN, which holds nothing past the directory's size; BUF has READ_BYTES or a block.
 */
static errcode_t walk_run(struct walk *w, const struct run *run, uint8_t *buf)
{
	uint32_t bs = w->img->block_size;
	uint64_t step = READ_BYTES / bs ? READ_BYTES / bs : 1;
	errcode_t err = 0, failed;

	for (uint64_t done = 0; done < run->len && !w->ended; done += step) {
		uint64_t n = run->len - done < step ? run->len - done : step;

		failed = image_read(w->img, (run->pblk + done) * bs, n * bs, buf);
		/* one bad block hides its own names only */
		if (failed && n > 1) {
			n = step = 1;
			failed = image_read(w->img, (run->pblk + done) * bs, bs, buf);
		}
		if (failed) {
			err = failed;
			continue;
		}
		for (uint64_t i = 0; i < n && !w->ended; i++) {
			w->corrupt |= is_forged(w, buf + i * bs, run->lblk + done + i);
			walk_bytes(w, buf + i * bs, bs, (run->lblk + done + i) * bs);
		}
	}
	return err;
}

static errcode_t walk_blocks(struct walk *w, struct map_work *work, const struct inode *inode)
{
	const struct map_sink sink = {.arg = w, .node = on_node, .run = on_run};
	uint64_t end = inode->size >> w->img->block_bits;
	uint8_t *buf;
	errcode_t err;

	w->corrupt = map_walk(w->img, work, inode, &sink) != NULL;
	if (w->err)
		return w->err;
	buf = malloc(w->img->block_size > READ_BYTES ? w->img->block_size : READ_BYTES);
	if (!buf)
		return ENOMEM;
	err = 0;
	for (size_t i = 0; i < w->runs.count && !w->ended; i++) {
		struct run *run = &w->runs.items[i];
		errcode_t failed = 0;

		if (run->lblk >= end)
			break;
		if (run->len > end - run->lblk)
			run->len = end - run->lblk;
		w->corrupt |= run->len > *w->budget;
		if (run->len > *w->budget)
			run->len = *w->budget;
		*w->budget -= run->len;
		failed = walk_run(w, run, buf);
		if (failed)
			err = failed;
	}
	free(buf);
	return err;
}

errcode_t dir_walk(const struct e4z_image *img, struct map_work *work, const struct inode *inode,
		   uint64_t *budget, const struct dir_sink *sink, bool *corrupt)
{
	struct walk w = {.img = img,
			 .budget = budget,
			 .sink = sink,
			 .inode = inode,
			 .typed = ext2fs_has_feature_filetype(img->fs->super)};
	errcode_t err;

	err = inode->flags & EXT4_INLINE_DATA_FL ? walk_inline(&w, inode)
						 : walk_blocks(&w, work, inode);
	vec_free(&w.runs);
	rangeset_free(w.visited);
	if (corrupt)
		*corrupt |= w.corrupt;
	return err;
}

bool dir_read_block(const struct e4z_image *img, struct map_work *work, const struct inode *inode,
		    uint64_t lblk, uint64_t *budget, uint8_t *buf)
{
	uint64_t pblk;

	if (lblk >= inode->size >> img->block_bits || !*budget)
		return false;
	--*budget;
	pblk = map_find(img, work, inode, lblk);
	return pblk && !image_read(img, pblk * img->block_size, img->block_size, buf);
}

void dir_find_in(const struct e4z_image *img, const uint8_t *block, struct dir_find *find)
{
	const struct dir_sink sink = {.entry = dir_match, .arg = find};
	struct walk w = {.img = img, .sink = &sink};

	walk_bytes(&w, block, img->block_size, 0);
}
