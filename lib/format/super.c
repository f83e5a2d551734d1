// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The superblock, validated before libext2fs allocates memory or divides by its fields.
 *
 * Each check_*() answers for one group of fields and relies on those before it in super_validate().
 * What the kernel mounts and e2fsck calls clean must pass; the bounds are theirs, and libext2fs's
 * where those are tighter.
 */
#include "format/super.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "errors.h"
#include "format/feature_names.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define STRING(field)                                                                              \
	{                                                                                          \
		offsetof(struct ext2_super_block, field),                                          \
			sizeof(((struct ext2_super_block *)0)->field)                              \
	}
const struct super_string super_strings[SUPER_STRINGS] = {
	STRING(s_volume_name),	   STRING(s_last_mounted), STRING(s_first_error_func),
	STRING(s_last_error_func), STRING(s_mount_opts),
};
#undef STRING

#define LE16(field) ext2fs_le16_to_cpu(field)
#define LE32(field) ext2fs_le32_to_cpu(field)

/* The group descriptors stay in memory: more than this is no file system of today. */
#define DESC_BYTES_MAX (256u << 20)
#define GROUP_BLOCKS_MIN 8

/* The verdict in the making. */
struct super_check {
	const struct ext2_super_block *sb; /* little-endian */
	uint64_t len;
	char *why;
	size_t why_size;

	/* what earlier checks found out */
	uint32_t incompat, ro_compat;
	uint32_t block_size, inode_size, desc_size;
	uint32_t group_blocks, group_inodes;
	uint64_t blocks, groups;
};

__attribute__((format(printf, 3, 4))) static errcode_t
check_fail(const struct super_check *c, errcode_t err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->why, c->why_size, format, ap);
	va_end(ap);
	return err;
}

static uint64_t super_blocks(const struct ext2_super_block *sb)
{
	uint64_t blocks = LE32(sb->s_blocks_count);

	if (LE32(sb->s_feature_incompat) & EXT4_FEATURE_INCOMPAT_64BIT)
		blocks |= (uint64_t)LE32(sb->s_blocks_count_hi) << 32;
	return blocks;
}

static bool is_power_of_two(uint32_t n)
{
	return n && !(n & (n - 1));
}

static errcode_t check_identity(struct super_check *c)
{
	if (LE16(c->sb->s_magic) != EXT2_SUPER_MAGIC)
		return check_fail(c, E4Z_ET_NOT_EXT, "no ext superblock found");
	c->incompat = LE32(c->sb->s_feature_incompat);
	c->ro_compat = LE32(c->sb->s_feature_ro_compat);
	if (c->incompat & EXT3_FEATURE_INCOMPAT_JOURNAL_DEV)
		return check_fail(c, E4Z_ET_NOT_EXT,
				  "this is an external journal device, not a file system");
	return 0;
}

static errcode_t check_checksum(struct super_check *c)
{
	uint32_t crc;

	if (!(c->ro_compat & EXT4_FEATURE_RO_COMPAT_METADATA_CSUM))
		return 0;
	if (c->sb->s_checksum_type != EXT2_CRC32C_CHKSUM)
		return check_fail(c, E4Z_ET_BAD_SUPER, "unknown metadata checksum type %u",
				  c->sb->s_checksum_type);
	crc = crc32c(~0U, c->sb, offsetof(struct ext2_super_block, s_checksum));
	if (crc != LE32(c->sb->s_checksum))
		return check_fail(c, E4Z_ET_BAD_SUPER, "the superblock's checksum is wrong");
	return 0;
}

/* What an ro_compat or compat bit means does not matter for reading. */
static errcode_t check_incompat(struct super_check *c)
{
	for (unsigned i = 0; i < 32; i++) {
		uint32_t bit = c->incompat & 1U << i;
		char name[FEATURE_NAME];

		if (bit && !feature_is_readable(bit))
			return check_fail(c, E4Z_ET_FEATURE, "the feature %s is not supported",
					  feature_name(FEATURE_INCOMPAT, bit, name));
	}
	return 0;
}

static errcode_t check_features(struct super_check *c)
{
	uint32_t rev = LE32(c->sb->s_rev_level);

	if (rev > EXT2_DYNAMIC_REV)
		return check_fail(c, E4Z_ET_FEATURE, "unknown revision %u of the format", rev);
	return check_incompat(c);
}

static errcode_t check_block_size(struct super_check *c)
{
	uint32_t block = LE32(c->sb->s_log_block_size);
	uint32_t cluster = LE32(c->sb->s_log_cluster_size);
	bool bigalloc = c->ro_compat & EXT4_FEATURE_RO_COMPAT_BIGALLOC;
	uint32_t first = cluster == 0 ? 1 : 0; /* block 0 is the boot block then */

	if (block > EXT2_MAX_BLOCK_LOG_SIZE - EXT2_MIN_BLOCK_LOG_SIZE)
		return check_fail(c, E4Z_ET_BAD_SUPER, "invalid block size 2^%" PRIu64,
				  (uint64_t)block + EXT2_MIN_BLOCK_LOG_SIZE);
	if (cluster < block || cluster > EXT2_MAX_CLUSTER_LOG_SIZE - EXT2_MIN_CLUSTER_LOG_SIZE)
		return check_fail(c, E4Z_ET_BAD_SUPER, "invalid cluster size 2^%" PRIu64,
				  (uint64_t)cluster + EXT2_MIN_CLUSTER_LOG_SIZE);
	if (!bigalloc && cluster != block)
		return check_fail(c, E4Z_ET_BAD_SUPER,
				  "the cluster size is not the block size, without bigalloc");
	if (LE32(c->sb->s_first_data_block) != first)
		return check_fail(c, E4Z_ET_BAD_SUPER, "the first data block is %u instead of %u",
				  LE32(c->sb->s_first_data_block), first);
	if (c->sb->s_log_groups_per_flex > 31)
		return check_fail(c, E4Z_ET_BAD_SUPER, "2^%u groups in a flex group",
				  c->sb->s_log_groups_per_flex);
	c->block_size = EXT2_MIN_BLOCK_SIZE << block;
	return 0;
}

static errcode_t check_blocks(struct super_check *c)
{
	uint64_t bytes;

	c->blocks = super_blocks(c->sb);
	if (c->blocks <= LE32(c->sb->s_first_data_block) ||
	    !bytes_mul(c->blocks, c->block_size, &bytes) || bytes > INT64_MAX)
		return check_fail(c, E4Z_ET_BAD_SUPER, "invalid number of blocks: %" PRIu64,
				  c->blocks);
	if (bytes > c->len)
		return check_fail(c, E4Z_ET_TRUNCATED,
				  "the image is %" PRIu64 " bytes shorter than its file system",
				  bytes - c->len);
	return 0;
}

static errcode_t check_inode_size(struct super_check *c)
{
	bool old = LE32(c->sb->s_rev_level) == EXT2_GOOD_OLD_REV;

	c->inode_size = old ? EXT2_GOOD_OLD_INODE_SIZE : LE16(c->sb->s_inode_size);
	if (c->inode_size < EXT2_GOOD_OLD_INODE_SIZE || c->inode_size > c->block_size ||
	    !is_power_of_two(c->inode_size))
		return check_fail(c, E4Z_ET_BAD_SUPER, "invalid inode size: %u bytes",
				  c->inode_size);
	if (!old && (LE32(c->sb->s_first_ino) < EXT2_GOOD_OLD_FIRST_INO ||
		     LE32(c->sb->s_first_ino) > LE32(c->sb->s_inodes_count)))
		return check_fail(c, E4Z_ET_BAD_SUPER, "invalid first inode: %u",
				  LE32(c->sb->s_first_ino));
	return 0;
}

/* Blocks, clusters and inodes of a group: each has to fit one block of bitmap. */
static errcode_t check_group_sizes(struct super_check *c)
{
	uint32_t bits = 8 * c->block_size;
	uint32_t clusters = LE32(c->sb->s_clusters_per_group);
	unsigned ratio = LE32(c->sb->s_log_cluster_size) - LE32(c->sb->s_log_block_size);
	uint32_t per_block = c->block_size / c->inode_size;

	c->group_blocks = LE32(c->sb->s_blocks_per_group);
	c->group_inodes = LE32(c->sb->s_inodes_per_group);
	if (clusters == 0 || clusters % 8 || clusters > bits ||
	    clusters > EXT2_MAX_CLUSTERS_PER_GROUP(c->sb))
		return check_fail(c, E4Z_ET_BAD_SUPER, "invalid number of clusters per group: %u",
				  clusters);
	if (c->group_blocks < GROUP_BLOCKS_MIN || c->group_blocks != (uint64_t)clusters << ratio)
		return check_fail(c, E4Z_ET_BAD_SUPER, "invalid number of blocks per group: %u",
				  c->group_blocks);
	if (c->group_inodes < per_block || c->group_inodes % 8 || c->group_inodes > bits ||
	    c->group_inodes / per_block > (1U << 16) - per_block)
		return check_fail(c, E4Z_ET_BAD_SUPER, "invalid number of inodes per group: %u",
				  c->group_inodes);
	return 0;
}

static errcode_t check_groups(struct super_check *c)
{
	uint64_t data = c->blocks - LE32(c->sb->s_first_data_block);
	uint64_t table =
		((uint64_t)c->group_inodes * c->inode_size + c->block_size - 1) / c->block_size;

	c->groups = (data + c->group_blocks - 1) / c->group_blocks;
	if (c->groups * c->group_inodes != LE32(c->sb->s_inodes_count))
		return check_fail(c, E4Z_ET_BAD_SUPER,
				  "%u inodes are not %" PRIu64 " groups of %u inodes",
				  LE32(c->sb->s_inodes_count), c->groups, c->group_inodes);
	/* Each group brings two bitmaps and a table, wherever flex_bg puts them. */
	if (c->groups * (table + 2) >= c->blocks)
		return check_fail(c, E4Z_ET_BAD_SUPER,
				  "the inode tables do not fit in the file system");
	return 0;
}

static errcode_t check_descriptors(struct super_check *c)
{
	bool wide = c->incompat & EXT4_FEATURE_INCOMPAT_64BIT;
	uint32_t first_meta = LE32(c->sb->s_first_meta_bg);
	uint64_t desc_blocks, at_start;

	c->desc_size = wide ? LE16(c->sb->s_desc_size) : EXT2_MIN_DESC_SIZE;
	if (wide && (c->desc_size < EXT2_MIN_DESC_SIZE_64BIT || c->desc_size > EXT2_MAX_DESC_SIZE ||
		     !is_power_of_two(c->desc_size)))
		return check_fail(c, E4Z_ET_BAD_SUPER,
				  "invalid size of group descriptors: %u bytes", c->desc_size);
	if (c->groups * c->desc_size > DESC_BYTES_MAX)
		return check_fail(c, E4Z_ET_FEATURE,
				  "%" PRIu64 " block groups are more than e4zero holds in memory",
				  c->groups);
	desc_blocks = (c->groups * c->desc_size + c->block_size - 1) / c->block_size;
	at_start = desc_blocks;
	if (c->incompat & EXT2_FEATURE_INCOMPAT_META_BG) {
		if (first_meta > desc_blocks)
			return check_fail(c, E4Z_ET_BAD_SUPER,
					  "the first meta block group is %u of %" PRIu64,
					  first_meta, desc_blocks);
		at_start = first_meta;
	}
	if (LE32(c->sb->s_first_data_block) + 1 + at_start >= c->blocks ||
	    at_start + 1 > c->group_blocks)
		return check_fail(c, E4Z_ET_BAD_SUPER,
				  "the group descriptors do not fit in their group");
	if (LE16(c->sb->s_reserved_gdt_blocks) > c->block_size / 4)
		return check_fail(c, E4Z_ET_BAD_SUPER, "%u reserved descriptor blocks are too many",
				  LE16(c->sb->s_reserved_gdt_blocks));
	return 0;
}

static errcode_t check_places(struct super_check *c)
{
	uint64_t mmp = ext2fs_le64_to_cpu(c->sb->s_mmp_block);

	if (LE32(c->sb->s_feature_compat) & EXT3_FEATURE_COMPAT_HAS_JOURNAL &&
	    LE32(c->sb->s_journal_inum) > LE32(c->sb->s_inodes_count))
		return check_fail(c, E4Z_ET_BAD_SUPER, "the journal cannot be inode %u",
				  LE32(c->sb->s_journal_inum));
	if (c->incompat & EXT4_FEATURE_INCOMPAT_MMP &&
	    (mmp <= LE32(c->sb->s_first_data_block) || mmp >= c->blocks))
		return check_fail(c, E4Z_ET_BAD_SUPER,
				  "the multiple mount protection block cannot be %" PRIu64, mmp);
	return 0;
}

errcode_t super_validate(const void *raw, uint64_t len, char *why, size_t why_size)
{
	static errcode_t (*const checks[])(struct super_check *) = {
		check_identity,	   check_checksum,    check_features, check_block_size,
		check_inode_size,  check_group_sizes, check_blocks,   check_groups,
		check_descriptors, check_places,
	};
	struct ext2_super_block sb;
	struct super_check c = {.sb = &sb, .len = len, .why = why, .why_size = why_size};
	errcode_t err = 0;

	_Static_assert(sizeof(sb) == SUPER_SIZE, "the superblock as it is on the disk");
	memcpy(&sb, raw, sizeof(sb));
	if (why_size)
		*why = '\0';
	for (size_t i = 0; !err && i < sizeof(checks) / sizeof(checks[0]); i++)
		err = checks[i](&c);
	return err;
}

void super_csum_set(uint8_t *raw)
{
	size_t at = offsetof(struct ext2_super_block, s_checksum);

	put_le32(raw + at, crc32c(~0U, raw, at));
}

uint64_t super_fs_len(const void *raw)
{
	struct ext2_super_block sb;

	memcpy(&sb, raw, sizeof(sb));
	return super_blocks(&sb) << (EXT2_MIN_BLOCK_LOG_SIZE + (LE32(sb.s_log_block_size) & 7));
}
