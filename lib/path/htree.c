// SPDX-License-Identifier: GPL-2.0-or-later
// Looks a name up in a directory's hash tree; every number in it is checked before it is used.
#include "path/htree.h"

#include "base/cleanup.h"
#include "format/dirent.h"
#include <stdlib.h>

/* Index blocks below the root; a third level needs large_dir. */
#define LEVELS_MAX 2
/* Leaves that one hash may continue into: a corrupt tree has more, or names made to collide. */
#define LEAVES_MAX 64

struct descent {
	const struct e4z_image *img;
	struct map_work *work;
	const struct inode *inode;
	uint64_t *budget;
	struct dir_find *find;
	uint32_t hash;
	unsigned leaves; /* read so far */
	uint8_t *block[LEVELS_MAX + 2];
};

struct index {
	const uint8_t *entries;
	unsigned count;
};

/* The index at OFF of BLOCK. False: it cannot be one. */
static bool open_index(const struct e4z_image *img, const uint8_t *block, size_t off,
		       struct index *index)
{
	unsigned limit = dx_limit(block + off);

	index->entries = block + off;
	index->count = dx_count(block + off);
	return index->count && index->count <= limit && limit <= (img->block_size - off) / DX_ENTRY;
}

/* The last entry whose names may have HASH. */
static unsigned search_index(const struct index *index, uint32_t hash)
{
	unsigned from = 1, to = index->count;

	while (from < to) {
		unsigned middle = from + (to - from) / 2;

		if (dx_hash(index->entries, middle) > hash)
			to = middle;
		else
			from = middle + 1;
	}
	return from - 1;
}

/* The name is not in block LBLK, but may be in the next one. */
static bool search_leaf(struct descent *d, uint32_t lblk)
{
	uint8_t *block = d->block[0];

	if (d->leaves++ >= LEAVES_MAX ||
	    !dir_read_block(d->img, d->work, d->inode, lblk, d->budget, block))
		return false;
	dir_find_in(d->img, block, d->find);
	return !d->find->ino;
}

/*
 * The same below INDEX, which has LEVELS of index blocks below it. Names that collide go on in the
 * next block, which the lowest bit of its hash says; it is in no name's hash.
 */
static bool search(struct descent *d, const struct index *index, unsigned levels)
{
	struct index below;

	for (unsigned i = search_index(index, d->hash);;) {
		if (!levels) {
			if (!search_leaf(d, dx_block(index->entries, i)))
				return false;
		} else if (!dir_read_block(d->img, d->work, d->inode, dx_block(index->entries, i),
					   d->budget, d->block[levels]) ||
			   !open_index(d->img, d->block[levels], DX_NODE_INDEX, &below) ||
			   !search(d, &below, levels - 1)) {
			return false;
		}
		if (++i == index->count)
			return true;
		if ((dx_hash(index->entries, i) & ~1u) != d->hash)
			return false;
	}
}

/* The hash of the name, as the root block ROOT says that names were hashed. */
static bool make_hash(struct descent *d, const uint8_t *root)
{
	struct ext2_super_block *super = d->img->fs->super;
	const struct ext2fs_nls_table *charset = NULL;
	int version = dx_hash_version(root);
	uint32_t minor;

	/* of names that need a key the hash is in the entries */
	if (version > EXT2_HASH_TEA ||
	    (d->inode->flags & EXT4_ENCRYPT_FL && d->inode->flags & EXT4_CASEFOLD_FL))
		return false;
	if (super->s_flags & EXT2_FLAGS_UNSIGNED_HASH)
		version += EXT2_HASH_LEGACY_UNSIGNED;
	if (d->inode->flags & EXT4_CASEFOLD_FL)
		charset = ext2fs_load_nls_table(super->s_encoding);
	return !ext2fs_dirhash2(version, d->find->name, (int)d->find->len, charset,
				(int)d->inode->flags, super->s_hash_seed, &d->hash, &minor);
}

/* The root block is in block[LEVELS_MAX + 1]. */
static void search_root(struct descent *d)
{
	const uint8_t *root = d->block[LEVELS_MAX + 1];
	unsigned levels = dx_levels(root);
	struct index index;

	if (!dx_root_ok(root) ||
	    levels > LEVELS_MAX - !ext2fs_has_feature_largedir(d->img->fs->super) ||
	    !open_index(d->img, root, DX_ROOT_INDEX, &index) || !make_hash(d, root))
		return;
	(void)search(d, &index, levels);
}

bool htree_find(const struct e4z_image *img, struct map_work *work, const struct inode *inode,
		uint64_t *budget, struct dir_find *find)
{
	struct descent d = {
		.img = img, .work = work, .inode = inode, .budget = budget, .find = find};
	AUTO_FREE uint8_t *blocks = NULL;

	if (!(inode->flags & EXT2_INDEX_FL) || inode->flags & EXT4_INLINE_DATA_FL ||
	    !ext2fs_has_feature_dir_index(img->fs->super) || find->len > EXT2_NAME_LEN)
		return false;
	blocks = blkdev_buffer((size_t)img->block_size * (LEVELS_MAX + 2));
	if (!blocks)
		return false;
	for (unsigned i = 0; i < LEVELS_MAX + 2; i++)
		d.block[i] = blocks + (size_t)i * img->block_size;
	if (!dir_read_block(img, work, inode, 0, budget, d.block[LEVELS_MAX + 1]))
		return false;
	/* "." and ".." are in no leaf */
	dir_find_in(img, d.block[LEVELS_MAX + 1], find);
	if (!find->ino)
		search_root(&d);
	return find->ino;
}
