// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * super_validate(): good superblocks pass, bad values of each field do not, and whatever passes
 * after any field was overwritten keeps the promises that libext2fs's allocations rest on.
 */
#include "base/crc32c.h"
#include "errors.h"
#include "format/feature_names.h"
#include "format/super.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FS_LEN (64ULL << 20)

static int failures;

#define CHECK(condition, ...)                                                                      \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			failures++;                                                                \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);            \
			fprintf(stderr, __VA_ARGS__);                                              \
			fputc('\n', stderr);                                                       \
		}                                                                                  \
	} while (0)

/* 64 MiB of 1k blocks: 8 groups of 8192 blocks and 2048 inodes. */
static struct ext2_super_block make_super(void)
{
	struct ext2_super_block sb = {0};

	sb.s_magic = ext2fs_cpu_to_le16(EXT2_SUPER_MAGIC);
	sb.s_rev_level = ext2fs_cpu_to_le32(EXT2_DYNAMIC_REV);
	sb.s_blocks_count = ext2fs_cpu_to_le32(65536);
	sb.s_inodes_count = ext2fs_cpu_to_le32(16384);
	sb.s_first_data_block = ext2fs_cpu_to_le32(1);
	sb.s_blocks_per_group = ext2fs_cpu_to_le32(8192);
	sb.s_clusters_per_group = ext2fs_cpu_to_le32(8192);
	sb.s_inodes_per_group = ext2fs_cpu_to_le32(2048);
	sb.s_first_ino = ext2fs_cpu_to_le32(11);
	sb.s_inode_size = ext2fs_cpu_to_le16(256);
	sb.s_desc_size = ext2fs_cpu_to_le16(64);
	sb.s_feature_incompat =
		ext2fs_cpu_to_le32(EXT3_FEATURE_INCOMPAT_EXTENTS | EXT4_FEATURE_INCOMPAT_64BIT);
	return sb;
}

static errcode_t verdict(const struct ext2_super_block *sb, uint64_t len)
{
	char why[200] = "untouched";
	errcode_t err = super_validate(sb, len, why, sizeof(why));

	CHECK(!err == !*why, "error %ld with the sentence \"%s\"", (long)err, why);
	return err;
}

#define EXPECT(sb, len, wanted)                                                                    \
	do {                                                                                       \
		errcode_t got_ = verdict(&(sb), len);                                              \
		CHECK(got_ == (wanted), "got %ld, not %ld", (long)got_, (long)(wanted));           \
	} while (0)

/* Set one field of a good superblock and expect a verdict. */
#define EXPECT_FIELD(field, value, wanted)                                                         \
	do {                                                                                       \
		struct ext2_super_block sb_ = make_super();                                        \
		sb_.field = value;                                                                 \
		EXPECT(sb_, FS_LEN, wanted);                                                       \
	} while (0)

static void test_good(void)
{
	struct ext2_super_block sb = make_super();

	EXPECT(sb, FS_LEN, 0);
	EXPECT(sb, UINT64_MAX, 0);
	CHECK(super_fs_len(&sb) == FS_LEN, "%" PRIu64, super_fs_len(&sb));
	/* revision 0 has no inode size and no first inode */
	sb.s_rev_level = 0;
	sb.s_inode_size = 0;
	sb.s_first_ino = 0;
	EXPECT(sb, FS_LEN, 0);
}

static void test_length(void)
{
	struct ext2_super_block sb = make_super();
	char why[200];

	CHECK(super_validate(&sb, FS_LEN - 1, why, sizeof(why)) == E4Z_ET_TRUNCATED, "%s", why);
	CHECK(strstr(why, "is 1 bytes shorter"), "%s", why);
	EXPECT(sb, 0, E4Z_ET_TRUNCATED);
	sb.s_blocks_count_hi = ext2fs_cpu_to_le32(1);
	CHECK(verdict(&sb, FS_LEN) != 0, "2^32 blocks more");
	/* without 64bit the high half means nothing */
	sb.s_feature_incompat = ext2fs_cpu_to_le32(EXT3_FEATURE_INCOMPAT_EXTENTS);
	EXPECT(sb, FS_LEN, 0);
}

static void test_fields(void)
{
	EXPECT_FIELD(s_magic, 0, E4Z_ET_NOT_EXT);
	EXPECT_FIELD(s_rev_level, ext2fs_cpu_to_le32(2), E4Z_ET_FEATURE);
	EXPECT_FIELD(s_log_block_size, ext2fs_cpu_to_le32(7), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_log_block_size, ext2fs_cpu_to_le32(1), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_log_cluster_size, ext2fs_cpu_to_le32(1), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_log_groups_per_flex, 32, E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_first_data_block, 0, E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_first_data_block, ext2fs_cpu_to_le32(20), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_blocks_count, 0, E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_blocks_count, ext2fs_cpu_to_le32(1), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_blocks_per_group, 0, E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_blocks_per_group, ext2fs_cpu_to_le32(8184), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_clusters_per_group, ext2fs_cpu_to_le32(8193), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_inodes_per_group, 0, E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_inodes_per_group, ext2fs_cpu_to_le32(2049), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_inodes_per_group, ext2fs_cpu_to_le32(8200), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_inodes_count, ext2fs_cpu_to_le32(16385), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_inode_size, ext2fs_cpu_to_le16(64), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_inode_size, ext2fs_cpu_to_le16(384), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_inode_size, ext2fs_cpu_to_le16(2048), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_first_ino, ext2fs_cpu_to_le32(10), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_desc_size, ext2fs_cpu_to_le16(32), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_desc_size, ext2fs_cpu_to_le16(96), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_desc_size, ext2fs_cpu_to_le16(2048), E4Z_ET_BAD_SUPER);
	EXPECT_FIELD(s_reserved_gdt_blocks, ext2fs_cpu_to_le16(257), E4Z_ET_BAD_SUPER);
}

/* A sparse file makes any size cheap, so a small file must not cost gigabytes of descriptors. */
static void test_memory(void)
{
	struct ext2_super_block sb = make_super();

	sb.s_feature_incompat |= ext2fs_cpu_to_le32(EXT2_FEATURE_INCOMPAT_META_BG);
	sb.s_inode_size = ext2fs_cpu_to_le16(128);
	sb.s_blocks_per_group = ext2fs_cpu_to_le32(256);
	sb.s_clusters_per_group = ext2fs_cpu_to_le32(256);
	sb.s_inodes_per_group = ext2fs_cpu_to_le32(8);
	sb.s_blocks_count = ext2fs_cpu_to_le32(1 + (256 << 22));
	sb.s_inodes_count = ext2fs_cpu_to_le32(8 << 22);
	EXPECT(sb, INT64_MAX, 0);
	sb.s_blocks_count_hi = ext2fs_cpu_to_le32(16);
	sb.s_blocks_count = ext2fs_cpu_to_le32(1);
	sb.s_inodes_count = ext2fs_cpu_to_le32(1U << 31);
	EXPECT(sb, INT64_MAX, E4Z_ET_FEATURE);
}

/* Bad values that no other field contradicts. */
static void test_consistent(void)
{
	struct ext2_super_block sb = make_super();

	sb.s_blocks_count = ext2fs_cpu_to_le32(60001);
	sb.s_blocks_per_group = ext2fs_cpu_to_le32(7504);
	sb.s_clusters_per_group = ext2fs_cpu_to_le32(7504);
	EXPECT(sb, FS_LEN, 0);
	sb.s_blocks_per_group = ext2fs_cpu_to_le32(7501);
	sb.s_clusters_per_group = ext2fs_cpu_to_le32(7501);
	EXPECT(sb, FS_LEN, E4Z_ET_BAD_SUPER);

	sb = make_super();
	sb.s_feature_incompat |= ext2fs_cpu_to_le32(EXT2_FEATURE_INCOMPAT_META_BG);
	sb.s_first_meta_bg = ext2fs_cpu_to_le32(1);
	EXPECT(sb, FS_LEN, 0);
	sb.s_first_meta_bg = ext2fs_cpu_to_le32(2);
	EXPECT(sb, FS_LEN, E4Z_ET_BAD_SUPER);

	sb = make_super();
	sb.s_feature_incompat |= ext2fs_cpu_to_le32(EXT4_FEATURE_INCOMPAT_MMP);
	sb.s_mmp_block = ext2fs_cpu_to_le64(100);
	EXPECT(sb, FS_LEN, 0);
	sb.s_mmp_block = ext2fs_cpu_to_le64(65536);
	EXPECT(sb, FS_LEN, E4Z_ET_BAD_SUPER);

	sb = make_super();
	sb.s_feature_compat |= ext2fs_cpu_to_le32(EXT3_FEATURE_COMPAT_HAS_JOURNAL);
	sb.s_journal_inum = sb.s_inodes_count;
	EXPECT(sb, FS_LEN, 0);
	sb.s_journal_inum = ext2fs_cpu_to_le32(ext2fs_le32_to_cpu(sb.s_inodes_count) + 1);
	EXPECT(sb, FS_LEN, E4Z_ET_BAD_SUPER);
	CHECK(super_validate(&sb, FS_LEN, NULL, 0) == E4Z_ET_BAD_SUPER, "nobody asked why");
}

static void test_features(void)
{
	struct ext2_super_block sb;

	for (unsigned bit = 0; bit < 32; bit++) {
		sb = make_super();
		sb.s_feature_compat = ext2fs_cpu_to_le32(1U << bit);
		EXPECT(sb, FS_LEN, 0);
	}
	sb = make_super();
	sb.s_feature_incompat |= ext2fs_cpu_to_le32(1U << 31);
	EXPECT(sb, FS_LEN, E4Z_ET_FEATURE);
	sb = make_super();
	sb.s_feature_incompat |= ext2fs_cpu_to_le32(EXT2_FEATURE_INCOMPAT_COMPRESSION);
	EXPECT(sb, FS_LEN, E4Z_ET_FEATURE);
	sb = make_super();
	sb.s_feature_incompat |= ext2fs_cpu_to_le32(EXT3_FEATURE_INCOMPAT_JOURNAL_DEV);
	EXPECT(sb, FS_LEN, E4Z_ET_NOT_EXT);
	EXPECT_FIELD(s_feature_ro_compat, ext2fs_cpu_to_le32(1U << 17), 0);
	EXPECT_FIELD(s_feature_ro_compat, ext2fs_cpu_to_le32(EXT4_FEATURE_RO_COMPAT_VERITY), 0);
}

static void test_checksum(void)
{
	struct ext2_super_block sb = make_super();
	uint8_t *bytes = (uint8_t *)&sb;
	uint32_t crc;

	sb.s_feature_ro_compat = ext2fs_cpu_to_le32(EXT4_FEATURE_RO_COMPAT_METADATA_CSUM);
	sb.s_checksum_type = EXT2_CRC32C_CHKSUM;
	crc = crc32c(~0U, &sb, offsetof(struct ext2_super_block, s_checksum));
	sb.s_checksum = ext2fs_cpu_to_le32(crc);
	EXPECT(sb, FS_LEN, 0);
	for (size_t i = 0; i < SUPER_SIZE * 8; i += 7) {
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		CHECK(verdict(&sb, FS_LEN) ||
			      i / 8 == offsetof(struct ext2_super_block, s_feature_ro_compat) + 1,
		      "bit %zu flipped is not noticed", i);
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	EXPECT(sb, FS_LEN, 0);
	sb.s_checksum_type = 2;
	EXPECT(sb, FS_LEN, E4Z_ET_BAD_SUPER);
}

static void test_names(void)
{
	struct ext2_super_block sb = {0};
	const char *const *names;

	sb.s_feature_compat = EXT3_FEATURE_COMPAT_HAS_JOURNAL | 1U << 30;
	sb.s_feature_incompat = EXT4_FEATURE_INCOMPAT_64BIT;
	sb.s_feature_ro_compat = EXT4_FEATURE_RO_COMPAT_GDT_CSUM | 1U << 31;
	names = feature_names(&sb);
	if (!names)
		exit(1);
	CHECK(!strcmp(names[0], "has_journal"), "%s", names[0]);
	CHECK(!strcmp(names[1], "FEATURE_C30"), "%s", names[1]);
	CHECK(!strcmp(names[2], "64bit"), "%s", names[2]);
	CHECK(!strcmp(names[3], "uninit_bg"), "%s", names[3]);
	CHECK(!strcmp(names[4], "FEATURE_R31"), "%s", names[4]);
	CHECK(!names[5], "more than five");
	free((void *)names);
	memset(&sb, 0xff, sizeof(sb));
	names = feature_names(&sb);
	CHECK(names && names[95] && !names[96], "all 96 bits");
	free((void *)names);
}

/* What may be relied on after a 0, worked out from the bytes again. */
static void test_promises(const struct ext2_super_block *sb, uint64_t len, const char *how)
{
	uint64_t bs = 1024ULL << (ext2fs_le32_to_cpu(sb->s_log_block_size) & 31);
	uint64_t ipg = ext2fs_le32_to_cpu(sb->s_inodes_per_group);
	uint64_t bpg = ext2fs_le32_to_cpu(sb->s_blocks_per_group);
	uint64_t cpg = ext2fs_le32_to_cpu(sb->s_clusters_per_group);
	uint64_t blocks = ext2fs_le32_to_cpu(sb->s_blocks_count);
	uint64_t desc = 32, groups;

	if (ext2fs_le32_to_cpu(sb->s_feature_incompat) & EXT4_FEATURE_INCOMPAT_64BIT) {
		blocks |= (uint64_t)ext2fs_le32_to_cpu(sb->s_blocks_count_hi) << 32;
		desc = ext2fs_le16_to_cpu(sb->s_desc_size);
	}
	CHECK(bs <= 65536 && blocks <= len / bs, "%s: blocks", how);
	CHECK(bpg && bpg >= cpg && cpg <= 8 * bs && cpg % 8 == 0, "%s: groups", how);
	CHECK(ipg && ipg <= 8 * bs && ipg % 8 == 0, "%s: inodes", how);
	if (!bpg || bs > 65536)
		return;
	groups = (blocks - ext2fs_le32_to_cpu(sb->s_first_data_block) + bpg - 1) / bpg;
	CHECK(groups * ipg == ext2fs_le32_to_cpu(sb->s_inodes_count), "%s: inode count", how);
	CHECK(groups && groups * desc <= 256u << 20, "%s: %" PRIu64 " descriptors", how, groups);
}

/* Every field of 2 and 4 bytes with every extreme, in a place of each size. */
static void test_extremes(void)
{
	static const uint32_t extremes[] = {
		0,     1,	   2,	       7,	   8,	       31,     32,
		64,    1024,	   4096,       0x7fff,	   0x8000,     0xffff, 0x10000,
		65528, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff, 0x10001};
	static const uint64_t lens[] = {FS_LEN, 1ULL << 44, INT64_MAX};

	for (size_t off = 0; off + 4 <= SUPER_SIZE; off += 2)
		for (size_t v = 0; v < sizeof(extremes) / sizeof(extremes[0]); v++)
			for (size_t i = 0; i < 2 * sizeof(lens) / sizeof(lens[0]); i++) {
				struct ext2_super_block sb = make_super();
				uint32_t value = ext2fs_cpu_to_le32(extremes[v]);
				char how[64];

				memcpy((uint8_t *)&sb + off, &value, i & 1 ? 2 : 4);
				snprintf(how, sizeof(how), "offset %zu, value %#x", off,
					 extremes[v]);
				if (!verdict(&sb, lens[i / 2]))
					test_promises(&sb, lens[i / 2], how);
			}
}

/* Several geometry fields at once, from a fixed sequence. */
static void test_mixed(void)
{
	static const uint8_t geometry[] = {0x00, 0x04, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x28,
					   0x4c, 0x54, 0x58, 0x60, 0x64, 0xce, 0xe0, 0xfe};
	uint64_t state = 1;

	for (int round = 0; round < 300000; round++) {
		struct ext2_super_block sb = make_super();

		for (int n = 0; n < 3; n++) {
			uint32_t value;

			state = state * 6364136223846793005ULL + 1442695040888963407ULL;
			value = 1U << (state >> 40) % 32;
			value -= (state >> 46) & 1;
			value = ext2fs_cpu_to_le32(value);
			memcpy((uint8_t *)&sb + geometry[(state >> 33) % sizeof(geometry)], &value,
			       4);
		}
		if (!verdict(&sb, INT64_MAX))
			test_promises(&sb, INT64_MAX, "mixed");
	}
}

int main(void)
{
	test_good();
	test_length();
	test_fields();
	test_consistent();
	test_memory();
	test_features();
	test_checksum();
	test_names();
	test_extremes();
	test_mixed();
	return failures != 0;
}
