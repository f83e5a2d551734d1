// SPDX-License-Identifier: GPL-2.0-or-later
// Looks a name up in a directory's hash tree; every number in it is checked before it is used.
#include "path/htree.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include <stdlib.h>

/* The root block: entries of 12 bytes for "." and "..", then its info, then the index. */
#define ROOT_INFO 24
/* An interior block: the header of an empty directory entry, then the index. */
#define NODE_INDEX 8
#define INFO(field) (ROOT_INFO + offsetof(struct ext2_dx_root_info, field))
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

/* The index of a block: the first entry has its limit and count in place of a hash. */
struct index {
	const uint8_t *entries;
	unsigned count;
};

static uint32_t entry_hash(const struct index *index, unsigned i)
{
	const uint8_t *entry = index->entries + i * sizeof(struct ext2_dx_entry);

	return get_le32(entry + offsetof(struct ext2_dx_entry, hash));
}

static uint32_t entry_block(const struct index *index, unsigned i)
{
	const uint8_t *entry = index->entries + i * sizeof(struct ext2_dx_entry);

	return get_le32(entry + offsetof(struct ext2_dx_entry, block));
}

/* The index at OFF of BLOCK. False: it cannot be one. */
static bool open_index(const struct e4z_image *img, const uint8_t *block, size_t off,
		       struct index *index)
{
	unsigned limit = get_le16(block + off + offsetof(struct ext2_dx_countlimit, limit));

	index->entries = block + off;
	index->count = get_le16(block + off + offsetof(struct ext2_dx_countlimit, count));
	return index->count && index->count <= limit &&
	       limit <= (img->block_size - off) / sizeof(struct ext2_dx_entry);
}

/* The last entry whose names may have HASH. */
static unsigned search_index(const struct index *index, uint32_t hash)
{
	unsigned from = 1, to = index->count;

	while (from < to) {
		unsigned middle = from + (to - from) / 2;

		if (entry_hash(index, middle) > hash)
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
	dir_walk_block(d->img, block, (uint64_t)lblk * d->img->block_size, dir_match, d->find);
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
			if (!search_leaf(d, entry_block(index, i)))
				return false;
		} else if (!dir_read_block(d->img, d->work, d->inode, entry_block(index, i),
					   d->budget, d->block[levels]) ||
			   !open_index(d->img, d->block[levels], NODE_INDEX, &below) ||
			   !search(d, &below, levels - 1)) {
			return false;
		}
		if (++i == index->count)
			return true;
		if ((entry_hash(index, i) & ~1u) != d->hash)
			return false;
	}
}

/* The hash of the name, as the root block ROOT says that names were hashed. */
static bool make_hash(struct descent *d, const uint8_t *root)
{
	struct ext2_super_block *super = d->img->fs->super;
	const struct ext2fs_nls_table *charset = NULL;
	int version = root[INFO(hash_version)];
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
	unsigned levels = root[INFO(indirect_levels)];
	struct index index;

	if (get_le32(root + INFO(reserved_zero)) || root[INFO(unused_flags)] & 1 ||
	    root[INFO(info_length)] != sizeof(struct ext2_dx_root_info) ||
	    levels > LEVELS_MAX - !ext2fs_has_feature_largedir(d->img->fs->super) ||
	    !open_index(d->img, root, ROOT_INFO + sizeof(struct ext2_dx_root_info), &index) ||
	    !make_hash(d, root))
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
	dir_walk_block(img, d.block[LEVELS_MAX + 1], 0, dir_match, find);
	if (!find->ino)
		search_root(&d);
	return find->ino;
}
