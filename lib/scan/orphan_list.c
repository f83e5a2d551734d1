// SPDX-License-Identifier: GPL-2.0-or-later
// Follows s_last_orphan through i_dtime and reads the orphan file (fs/ext4/orphan.c).
#include "scan/orphan_list.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "format/orphan_block.h"
#include "image/groups.h"
#include <errno.h>
#include <stdlib.h>

bool orphan_may_be(const struct e4z_image *img, uint32_t ino)
{
	return ino >= EXT2_FIRST_INODE(img->fs->super) && ino <= img->inodes;
}

static errcode_t load_chain(const struct e4z_image *img, struct rangeset *set,
			    struct orphan_faults *faults)
{
	AUTO_FREE uint8_t *raw = malloc(img->inode_size);
	uint32_t ino = img->fs->super->s_last_orphan;
	struct inode inode;

	if (!raw)
		return ENOMEM;
	for (; orphan_may_be(img, ino); ino = inode.dtime) {
		bool again = false;
		errcode_t err = rangeset_add(set, ino, 1, &again);

		if (err)
			return err;
		if (again)
			faults->list =
				"the orphan list leads from it to an inode that was on it before";
		if (again || inode_read(img, ino, raw, &inode))
			return 0;
		faults->at = ino;
	}
	if (ino)
		faults->list = faults->at ? "the orphan list leads from it to an invalid inode"
					  : "the orphan list begins with an invalid inode";
	return 0;
}

/* ---- orphans that are not in use ---- */

struct sieve {
	const struct e4z_image *img;
	uint8_t *bitmap;
	uint32_t group; /* whose that is, if it is VALID */
	bool valid;
};

static bool is_free(struct sieve *s, uint32_t ino)
{
	uint32_t per_group = s->img->fs->super->s_inodes_per_group;
	uint32_t g = (ino - 1) / per_group, n = (ino - 1) % per_group;

	if (s->img->group[g].unreadable)
		return false;
	if (n >= s->img->group[g].used)
		return true;
	if (g != s->group)
		s->valid = groups_read_inode_bitmap(s->img, g, s->bitmap);
	s->group = g;
	return s->valid && !(s->bitmap[n / 8] >> n % 8 & 1);
}

errcode_t orphan_find_free(const struct e4z_image *img, const struct rangeset *set,
			   struct rangeset *free)
{
	AUTO_FREE uint8_t *bitmap = malloc(img->block_size);
	struct sieve s = {.img = img, .bitmap = bitmap, .group = UINT32_MAX};
	uint64_t from = 0, start, len;
	errcode_t err = bitmap ? 0 : ENOMEM;

	while (!err && rangeset_next(set, &from, &start, &len))
		for (uint64_t ino = start; ino < start + len && !err; ino++)
			if (is_free(&s, (uint32_t)ino))
				err = rangeset_add(free, ino, 1, NULL);
	return err;
}

/* ---- the orphan file ---- */

errcode_t orphan_file_open(const struct e4z_image *img, struct map_work *work,
			   struct orphan_file *file)
{
	AUTO_FREE uint8_t *raw = NULL;
	struct inode inode;
	const char *why;
	errcode_t err;

	*file = (struct orphan_file){.whole = true};
	if (!ext2fs_has_feature_orphan_file(img->fs->super))
		return 0;
	raw = malloc(img->inode_size);
	if (!raw)
		return ENOMEM;
	file->whole = !inode_read(img, img->fs->super->s_orphan_file_inum, raw, &inode) &&
		      inode_has_map(&inode);
	if (!file->whole)
		return 0;
	file->seed = inode_csum_seed(img, &inode);
	/* the kernel looks no further than i_size */
	err = runs_read(img, work, &inode, inode.size >> img->block_bits, &file->runs, &why, NULL);
	file->whole = !why;
	return err;
}

void orphan_file_close(struct orphan_file *file)
{
	vec_free(&file->runs);
}

bool orphan_block_ok(const struct e4z_image *img, const struct orphan_file *file, uint64_t pblk,
		     const uint8_t *block)
{
	uint32_t size = img->block_size;

	return orphan_block_magic(block, size) == EXT4_ORPHAN_BLOCK_MAGIC &&
	       (!img->metadata_csum ||
		orphan_block_csum(block, size) ==
			orphan_block_csum_right(block, size, pblk, file->seed));
}

void orphan_block_seal(const struct e4z_image *img, const struct orphan_file *file, uint64_t pblk,
		       uint8_t *block)
{
	uint32_t size = img->block_size;

	if (img->metadata_csum)
		orphan_block_set_csum(block, size,
				      orphan_block_csum_right(block, size, pblk, file->seed));
}

static errcode_t load_block(const struct e4z_image *img, const struct orphan_file *file,
			    uint64_t pblk, uint8_t *block, struct rangeset *set,
			    struct orphan_faults *faults)
{
	errcode_t err = 0;

	if (image_read(img, pblk * img->block_size, img->block_size, block) ||
	    !orphan_block_ok(img, file, pblk, block))
		return 0;
	for (size_t at = 0; at < orphan_block_entries(img->block_size) && !err;
	     at += ORPHAN_BLOCK_ENTRY) {
		uint32_t ino = get_le32(block + at);

		if (orphan_may_be(img, ino))
			err = rangeset_add(set, ino, 1, NULL);
		else
			faults->file |= ino != 0;
	}
	return err;
}

static errcode_t load_file(const struct e4z_image *img, struct map_work *work, struct rangeset *set,
			   struct orphan_faults *faults)
{
	AUTO_FREE uint8_t *block = malloc(img->block_size);
	struct orphan_file file;
	errcode_t err = orphan_file_open(img, work, &file);

	if (!block)
		err = ENOMEM;
	for (size_t i = 0; i < file.runs.count && !err; i++)
		for (uint64_t b = 0; b < file.runs.items[i].len && !err; b++)
			err = load_block(img, &file, file.runs.items[i].pblk + b, block, set,
					 faults);
	orphan_file_close(&file);
	return err;
}

errcode_t orphan_load(const struct e4z_image *img, struct map_work *work, struct rangeset *set,
		      struct orphan_faults *faults)
{
	errcode_t err;

	*faults = (struct orphan_faults){.at = 0};
	err = load_chain(img, set, faults);
	return err ? err : load_file(img, work, set, faults);
}
