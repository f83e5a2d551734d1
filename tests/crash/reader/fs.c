// SPDX-License-Identifier: GPL-2.0-or-later
// The format as the verifier reads it: superblock, groups, inodes, mappings.
#include "fs.h"

#include "base/crc32c.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

uint16_t fs_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t fs_le32(const uint8_t *p)
{
	return fs_le16(p) | (uint32_t)fs_le16(p + 2) << 16;
}

void fs_fault(struct fs *fs, const char *format, ...)
{
	va_list ap;

	if (!fs->v->ok)
		return;
	fs->v->ok = false;
	va_start(ap, format);
	vsnprintf(fs->v->why, sizeof(fs->v->why), format, ap);
	va_end(ap);
}

#define SB(field) (fs->super + offsetof(struct ext2_super_block, field))

static bool super_sane(struct fs *fs)
{
	const uint8_t *end = fs->super + 1020;

	if (fs_le16(SB(s_magic)) != EXT2_SUPER_MAGIC)
		return false;
	fs->ro_compat = fs_le32(SB(s_feature_ro_compat));
	fs->csum = fs->ro_compat & EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;
	return !fs->csum || crc32c(~0u, fs->super, 1020) == fs_le32(end);
}

bool fs_open(struct fs *fs, const uint8_t *image, uint64_t size, struct verdict *v)
{
	*fs = (struct fs){.image = image, .size = size, .super = image + 1024, .v = v};
	v->ok = true;
	if (size < 4096 || !super_sane(fs)) {
		fs_fault(fs, "the superblock is damaged");
		return false;
	}
	v->super_ok = true;
	fs->compat = fs_le32(SB(s_feature_compat));
	fs->incompat = fs_le32(SB(s_feature_incompat));
	v->recover = fs->incompat & EXT3_FEATURE_INCOMPAT_RECOVER;
	v->valid = fs_le16(SB(s_state)) & EXT2_VALID_FS;
	fs->block_size = v->block_size = 1024u << fs_le32(SB(s_log_block_size));
	fs->blocks = fs_le32(SB(s_blocks_count));
	fs->inodes = fs_le32(SB(s_inodes_count));
	fs->per_group = fs_le32(SB(s_blocks_per_group));
	fs->clusters_per_group = fs_le32(SB(s_clusters_per_group));
	fs->inodes_per_group = fs_le32(SB(s_inodes_per_group));
	fs->inode_size = fs_le16(SB(s_inode_size));
	fs->first_data = fs_le32(SB(s_first_data_block));
	fs->desc_size = fs->incompat & EXT4_FEATURE_INCOMPAT_64BIT ? fs_le16(SB(s_desc_size)) : 32;
	fs->group_csum = fs->csum || fs->ro_compat & EXT4_FEATURE_RO_COMPAT_GDT_CSUM;
	fs->ratio = fs->per_group / fs->clusters_per_group;
	fs->groups = (uint32_t)((fs->blocks - fs->first_data + fs->per_group - 1) / fs->per_group);
	fs->seed = crc32c(~0u, SB(s_uuid), 16);
	if (fs->blocks * fs->block_size > size || !fs->inode_size) {
		fs_fault(fs, "the superblock does not fit the image");
		return v->super_ok = false;
	}
	fs->claim = calloc(fs->blocks + fs->ratio, 1);
	return fs->claim != NULL;
}

void fs_close(struct fs *fs)
{
	free(fs->claim);
	fs->claim = NULL;
}

const uint8_t *fs_block(const struct fs *fs, uint64_t block)
{
	return block && block < fs->blocks ? fs->image + block * fs->block_size : NULL;
}

void fs_group(const struct fs *fs, uint32_t g, struct group_desc *desc)
{
	uint64_t table = (uint64_t)(fs->first_data + 1) * fs->block_size;
	const uint8_t *raw = fs->image + table + (uint64_t)g * fs->desc_size;

	*desc = (struct group_desc){
		.raw = raw,
		.block_bitmap = fs_le32(raw),
		.inode_bitmap = fs_le32(raw + 4),
		.itable = fs_le32(raw + 8),
		.free_blocks = fs_le16(raw + 12),
		.free_inodes = fs_le16(raw + 14),
		.flags = fs_le16(raw + 18),
		.block_csum = fs_le16(raw + 24),
		.inode_csum = fs_le16(raw + 26),
		.unused_inodes = fs_le16(raw + 28),
	};
	if (fs->desc_size < 64)
		return;
	desc->block_csum |= (uint32_t)fs_le16(raw + 56) << 16;
	desc->inode_csum |= (uint32_t)fs_le16(raw + 58) << 16;
}

static bool is_power(uint32_t n, uint32_t base)
{
	while (n > 1 && n % base == 0)
		n /= base;
	return n == 1;
}

bool fs_has_super(const struct fs *fs, uint32_t g)
{
	if (!(fs->ro_compat & EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER) || g <= 1)
		return true;
	return is_power(g, 3) || is_power(g, 5) || is_power(g, 7);
}

uint32_t fs_group_blocks(const struct fs *fs, uint32_t g)
{
	uint64_t start = fs->first_data + (uint64_t)g * fs->per_group;

	return (uint32_t)(fs->blocks - start < fs->per_group ? fs->blocks - start : fs->per_group);
}

const uint8_t *fs_inode(const struct fs *fs, uint32_t ino)
{
	struct group_desc desc;
	uint64_t off;

	if (!ino || ino > fs->inodes)
		return NULL;
	fs_group(fs, (ino - 1) / fs->inodes_per_group, &desc);
	off = desc.itable * fs->block_size +
	      (uint64_t)((ino - 1) % fs->inodes_per_group) * fs->inode_size;
	return off + fs->inode_size <= fs->size ? fs->image + off : NULL;
}

uint64_t fs_inode_size(const struct fs *fs, const uint8_t *raw)
{
	uint64_t size = fs_le32(raw + 4);

	(void)fs;
	if (S_ISREG(fs_le16(raw)))
		size |= (uint64_t)fs_le32(raw + 0x6c) << 32;
	return size;
}

bool fs_inode_used(const struct fs *fs, uint32_t ino)
{
	uint32_t g = (ino - 1) / fs->inodes_per_group, i = (ino - 1) % fs->inodes_per_group;
	const uint8_t *bitmap;
	struct group_desc desc;

	fs_group(fs, g, &desc);
	if (fs->group_csum && desc.flags & EXT2_BG_INODE_UNINIT)
		return false;
	bitmap = fs_block(fs, desc.inode_bitmap);
	return bitmap && bitmap[i / 8] >> (i % 8) & 1;
}

uint32_t fs_inode_seed(const struct fs *fs, uint32_t ino, const uint8_t *raw)
{
	const uint8_t number[4] = {(uint8_t)ino, (uint8_t)(ino >> 8), (uint8_t)(ino >> 16),
				   (uint8_t)(ino >> 24)};

	return crc32c(crc32c(fs->seed, number, 4), raw + 0x64, 4);
}

bool fs_inode_csum_ok(const struct fs *fs, uint32_t ino, const uint8_t *raw)
{
	uint8_t copy[4096];
	uint32_t stored = fs_le16(raw + 0x7c), mask = 0xffff;

	if (!fs->csum)
		return true;
	memcpy(copy, raw, fs->inode_size);
	memset(copy + 0x7c, 0, 2);
	if (fs->inode_size > 128 && fs_le16(raw + 0x80) >= 4) {
		stored |= (uint32_t)fs_le16(raw + 0x82) << 16;
		mask = ~0u;
		memset(copy + 0x82, 0, 2);
	}
	return (crc32c(fs_inode_seed(fs, ino, raw), copy, fs->inode_size) & mask) == stored;
}

bool fs_is_mapped(const uint8_t *raw)
{
	uint16_t mode = fs_le16(raw);

	if (fs_le32(raw + 0x20) & EXT4_INLINE_DATA_FL)
		return false;
	if (S_ISLNK(mode))
		return fs_le32(raw + 4) >= 60;
	return S_ISREG(mode) || S_ISDIR(mode);
}

struct mapping {
	struct fs *fs;
	uint32_t ino, seed;
	const struct fs_visit *visit;
	uint64_t next; /* lblk */
	bool ok;
};

static bool bad_map(struct mapping *m, const char *why)
{
	m->ok = false;
	fs_fault(m->fs, "inode %u: %s", m->ino, why);
	return false;
}

static void extents(struct mapping *m, const uint8_t *node, uint32_t room, int depth);

static void child(struct mapping *m, uint64_t pblk, int depth)
{
	const uint8_t *node = fs_block(m->fs, pblk);
	uint32_t tail;

	if (!node) {
		bad_map(m, "a tree block is outside");
		return;
	}
	tail = 12 + fs_le16(node + 4) * 12u;
	if (fs_le16(node) != 0xf30a || tail + 4 > m->fs->block_size ||
	    (m->fs->csum && crc32c(m->seed, node, tail) != fs_le32(node + tail))) {
		bad_map(m, "a tree block is damaged");
		return;
	}
	m->visit->tree(m->visit->arg, pblk);
	extents(m, node, m->fs->block_size, depth);
}

static void extents(struct mapping *m, const uint8_t *node, uint32_t room, int depth)
{
	unsigned n = fs_le16(node + 2), deep = fs_le16(node + 6);

	if (fs_le16(node) != 0xf30a || 12 + n * 12 > room || n > fs_le16(node + 4) || deep > 5 ||
	    (depth >= 0 && deep != (unsigned)depth)) {
		bad_map(m, "an extent header is damaged");
		return;
	}
	if (!n && depth >= 0)
		bad_map(m, "an empty tree block");
	for (const uint8_t *e = node + 12; n && m->ok; n--, e += 12) {
		uint32_t lblk = fs_le32(e), len = fs_le16(e + 4);
		bool unwritten = len > 32768;
		uint64_t pblk = fs_le32(e + 8) | (uint64_t)fs_le16(e + 6) << 32;

		if (lblk < m->next) {
			bad_map(m, "extents out of order");
			return;
		}
		if (deep) {
			child(m, fs_le32(e + 4) | (uint64_t)fs_le16(e + 8) << 32, (int)deep - 1);
			continue;
		}
		len -= unwritten ? 32768 : 0;
		if (!len || pblk < m->fs->first_data || pblk + len > m->fs->blocks) {
			bad_map(m, "an extent is outside");
			return;
		}
		m->next = (uint64_t)lblk + len;
		m->visit->run(m->visit->arg, lblk, pblk, len, unwritten);
	}
}

static void indirect(struct mapping *m, uint32_t pblk, int level)
{
	const uint8_t *block = fs_block(m->fs, pblk);
	uint64_t span = 1;

	for (int i = 0; i < level; i++)
		span *= m->fs->block_size / 4;
	if (!pblk) {
		m->next += span;
		return;
	}
	if (!block) {
		bad_map(m, "a block is outside");
		return;
	}
	if (!level) {
		m->visit->run(m->visit->arg, (uint32_t)m->next++, pblk, 1, false);
		return;
	}
	m->visit->tree(m->visit->arg, pblk);
	for (uint32_t i = 0; i < m->fs->block_size / 4 && m->ok; i++)
		indirect(m, fs_le32(block + i * 4), level - 1);
}

bool fs_map(struct fs *fs, uint32_t ino, const uint8_t *raw, const struct fs_visit *visit)
{
	struct mapping m = {fs, ino, fs_inode_seed(fs, ino, raw), visit, 0, true};
	const uint8_t *root = raw + 0x28;

	if (fs_le32(raw + 0x20) & EXT4_EXTENTS_FL) {
		extents(&m, root, 60, -1);
		return m.ok;
	}
	for (int i = 0; i < 15 && m.ok; i++)
		indirect(&m, fs_le32(root + (size_t)i * 4), i < 12 ? 0 : i - 11);
	return m.ok;
}
