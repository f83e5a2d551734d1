// SPDX-License-Identifier: GPL-2.0-or-later
// The features that have a name, and which of them can be read past.
#include "format/feature_names.h"

#include <ext2fs/ext2fs.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define COMPAT FEATURE_COMPAT
#define INCOMPAT FEATURE_INCOMPAT
#define RO_COMPAT FEATURE_RO_COMPAT

struct feature {
	enum feature_set set;
	uint32_t bit;
	const char *name;
	bool known; /* an incompatible one that e4zero can read past */
};

/* In the order of dumpe2fs. */
static const struct feature features[] = {
	{COMPAT, EXT2_FEATURE_COMPAT_DIR_PREALLOC, "dir_prealloc", true},
	{COMPAT, EXT2_FEATURE_COMPAT_IMAGIC_INODES, "imagic_inodes", true},
	{COMPAT, EXT3_FEATURE_COMPAT_HAS_JOURNAL, "has_journal", true},
	{COMPAT, EXT2_FEATURE_COMPAT_EXT_ATTR, "ext_attr", true},
	{COMPAT, EXT2_FEATURE_COMPAT_RESIZE_INODE, "resize_inode", true},
	{COMPAT, EXT2_FEATURE_COMPAT_DIR_INDEX, "dir_index", true},
	{COMPAT, EXT2_FEATURE_COMPAT_LAZY_BG, "lazy_bg", true},
	{COMPAT, EXT2_FEATURE_COMPAT_EXCLUDE_BITMAP, "snapshot_bitmap", true},
	{COMPAT, EXT4_FEATURE_COMPAT_SPARSE_SUPER2, "sparse_super2", true},
	{COMPAT, EXT4_FEATURE_COMPAT_FAST_COMMIT, "fast_commit", true},
	{COMPAT, EXT4_FEATURE_COMPAT_STABLE_INODES, "stable_inodes", true},
	{COMPAT, EXT4_FEATURE_COMPAT_ORPHAN_FILE, "orphan_file", true},
	{INCOMPAT, EXT2_FEATURE_INCOMPAT_COMPRESSION, "compression", false},
	{INCOMPAT, EXT2_FEATURE_INCOMPAT_FILETYPE, "filetype", true},
	{INCOMPAT, EXT3_FEATURE_INCOMPAT_RECOVER, "needs_recovery", true},
	{INCOMPAT, EXT3_FEATURE_INCOMPAT_JOURNAL_DEV, "journal_dev", false},
	{INCOMPAT, EXT2_FEATURE_INCOMPAT_META_BG, "meta_bg", true},
	{INCOMPAT, EXT3_FEATURE_INCOMPAT_EXTENTS, "extent", true},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_64BIT, "64bit", true},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_MMP, "mmp", true},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_FLEX_BG, "flex_bg", true},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_EA_INODE, "ea_inode", true},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_DIRDATA, "dirdata", false},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_CSUM_SEED, "metadata_csum_seed", true},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_LARGEDIR, "large_dir", true},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_INLINE_DATA, "inline_data", true},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_ENCRYPT, "encrypt", true},
	{INCOMPAT, EXT4_FEATURE_INCOMPAT_CASEFOLD, "casefold", true},
	{RO_COMPAT, EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER, "sparse_super", true},
	{RO_COMPAT, EXT2_FEATURE_RO_COMPAT_LARGE_FILE, "large_file", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_HUGE_FILE, "huge_file", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_GDT_CSUM, "uninit_bg", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_DIR_NLINK, "dir_nlink", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE, "extra_isize", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_QUOTA, "quota", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_BIGALLOC, "bigalloc", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_METADATA_CSUM, "metadata_csum", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_REPLICA, "replica", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_READONLY, "read-only", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_PROJECT, "project", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_SHARED_BLOCKS, "shared_blocks", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_VERITY, "verity", true},
	{RO_COMPAT, EXT4_FEATURE_RO_COMPAT_ORPHAN_PRESENT, "orphan_present", true},
};

#define FEATURES (sizeof(features) / sizeof(features[0]))

static const struct feature *find(enum feature_set set, uint32_t bit)
{
	for (size_t i = 0; i < FEATURES; i++)
		if (features[i].set == set && features[i].bit == bit)
			return &features[i];
	return NULL;
}

/* As e2fsprogs calls a bit that has no name. */
static void unknown_name(enum feature_set set, unsigned bit, char *name)
{
	snprintf(name, FEATURE_NAME, "FEATURE_%c%u", "CIR"[set], bit & 31);
}

const char *feature_name(enum feature_set set, uint32_t bit, char *buf)
{
	const struct feature *f = find(set, bit);

	if (f)
		return f->name;
	unknown_name(set, (unsigned)__builtin_ctz(bit), buf);
	return buf;
}

bool feature_is_readable(uint32_t bit)
{
	const struct feature *f = find(INCOMPAT, bit);

	return f && f->known;
}

const char *const *feature_names(const struct ext2_super_block *sb)
{
	const uint32_t sets[] = {sb->s_feature_compat, sb->s_feature_incompat,
				 sb->s_feature_ro_compat};
	size_t most = 3 * 32;
	const char **names = malloc((most + 1) * sizeof(*names) + most * FEATURE_NAME);
	char *spare;
	size_t n = 0;

	if (!names)
		return NULL;
	spare = (char *)(names + most + 1);
	for (unsigned i = 0; i < most; i++) {
		enum feature_set set = i / 32;
		uint32_t bit = sets[set] & 1U << i % 32;
		const struct feature *f = bit ? find(set, bit) : NULL;

		if (!bit)
			continue;
		if (!f)
			unknown_name(set, i % 32, spare);
		names[n++] = f ? f->name : spare;
		if (!f)
			spare += FEATURE_NAME;
	}
	names[n] = NULL;
	return names;
}
