// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a quota file through its map, block by block of its own size.
#include "quota/quota_file.h"

#include "base/cleanup.h"
#include "file/sound.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static errcode_t read_map(const struct e4z_image *img, const struct inode *inode,
			  struct quota_file *file)
{
	struct map_work work = {.stop = NULL};
	const char *why = NULL;
	bool reserved = false;
	errcode_t err = map_work_init(img, &work);

	if (!err)
		err = runs_read(img, &work, inode, UINT64_MAX, &file->runs, &why, &reserved);
	if (why || reserved)
		file->why = "has a corrupt block map";
	err = err ? err : work.err;
	map_work_free(&work);
	return err;
}

/* ---- blocks ---- */

/* Where block BLOCK of FILE is, a byte of the file system: 0, in a hole. */
static uint64_t place_of(const struct e4z_image *img, const struct quota_file *file, uint32_t block)
{
	uint64_t off = (uint64_t)block * QUOTA_BLOCK, lblk = off >> img->block_bits;
	size_t low = 0, high = file->runs.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct run *run = &file->runs.items[middle];

		if (lblk >= run->lblk + run->len)
			low = middle + 1;
		else if (lblk < run->lblk)
			high = middle;
		else
			return (run->pblk + lblk - run->lblk) * img->block_size +
			       (off & (img->block_size - 1));
	}
	return 0;
}

/* A hole is all zero. */
static errcode_t read_block(const struct e4z_image *img, const struct quota_file *file,
			    uint32_t block, uint8_t *data)
{
	uint64_t place = place_of(img, file, block);

	if (place)
		return image_read(img, place, QUOTA_BLOCK, data);
	memset(data, 0, QUOTA_BLOCK);
	return 0;
}

static errcode_t read_head(const struct e4z_image *img, uint64_t size, struct quota_file *file)
{
	uint8_t head[QUOTA_BLOCK];
	errcode_t err = read_block(img, file, 0, head);

	if (err)
		return err;
	file->why = quota_head(head, file->type, &file->blocks);
	if (!file->why && file->blocks > size / QUOTA_BLOCK)
		file->why = "is shorter than its header says";
	return 0;
}

static errcode_t reserve(struct e4z_image *img, const struct quota_file *file)
{
	errcode_t err = 0;

	for (size_t i = 0; i < file->runs.count && !err; i++)
		err = sound_reserve(img, file->runs.items[i].pblk, file->runs.items[i].len);
	return err;
}

errcode_t quota_file_open(struct e4z_image *img, struct quota_file *file)
{
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	struct inode inode;
	errcode_t err = raw ? inode_read(img, file->ino, raw, &inode) : ENOMEM;

	file->why = NULL;
	if (err && err != E4Z_ET_BAD_INODE)
		return err;
	if (err || !inode_is(&inode, LINUX_S_IFREG) || !inode_has_map(&inode))
		file->why = "has a corrupt inode";
	err = file->why ? 0 : read_map(img, &inode, file);
	file->unmapped = file->why;
	if (!err && !file->why)
		err = read_head(img, inode.size, file);
	/* last, since after an error the file is opened again */
	if (!err && !file->unmapped)
		err = reserve(img, file);
	file->open = !err;
	if (err)
		quota_file_close(file);
	return err;
}

void quota_file_close(struct quota_file *file)
{
	vec_free(&file->runs);
}

/* ---- the tree ---- */

/* BLOCK, which the last of the DEPTH blocks at PATH leads to, may be one of FILE's tree. */
static const char *check_step(const struct quota_file *file, const uint32_t *path, unsigned depth,
			      uint32_t block)
{
	if (block >= file->blocks)
		return "has a tree that leaves the file";
	for (unsigned i = 0; i < depth; i++)
		if (path[i] == block)
			return "has a loop in its tree";
	return NULL;
}

errcode_t quota_file_find(const struct e4z_image *img, struct quota_file *file, uint32_t id,
			  uint64_t *place)
{
	uint32_t path[QUOTA_DEPTH + 1] = {QUOTA_ROOT}, off;
	uint8_t data[QUOTA_BLOCK];
	errcode_t err = 0;

	*place = 0;
	for (unsigned depth = 0; depth < QUOTA_DEPTH; depth++) {
		err = read_block(img, file, path[depth], data);
		if (err)
			return err;
		path[depth + 1] = quota_next(data, depth, id);
		if (!path[depth + 1])
			return 0;
		file->why = check_step(file, path, depth + 1, path[depth + 1]);
		if (file->why)
			return 0;
	}
	err = read_block(img, file, path[QUOTA_DEPTH], data);
	if (!err)
		file->why = quota_find(data, file->blocks, id, &off);
	if (!err && !file->why)
		*place = place_of(img, file, path[QUOTA_DEPTH]) + off;
	return err;
}
