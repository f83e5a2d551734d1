// SPDX-License-Identifier: GPL-2.0-or-later
// Adds up the usage of the owners of inodes, and compares it with the entries of the quota files.
#include "quota.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TYPES 3
#define BLOCK 1024
#define ENTRY 72
#define MOST 256 /* the maximum of owners, and of blocks of a quota file */

struct owner {
	uint32_t id;
	uint64_t space, inodes;
	bool seen;
};

struct usage {
	struct fs *fs;
	unsigned type;
	uint64_t pblk[MOST];
	struct owner owner[MOST];
	size_t owners;
};

static uint32_t file_of(const struct fs *fs, unsigned type)
{
	static const size_t field[TYPES] = {
		offsetof(struct ext2_super_block, s_usr_quota_inum),
		offsetof(struct ext2_super_block, s_grp_quota_inum),
		offsetof(struct ext2_super_block, s_prj_quota_inum),
	};

	if (!(fs->ro_compat & EXT4_FEATURE_RO_COMPAT_QUOTA))
		return 0;
	return fs_le32(fs->super + field[type]);
}

bool quota_is_file(const struct fs *fs, uint32_t ino)
{
	for (unsigned type = 0; type < TYPES; type++)
		if (ino && file_of(fs, type) == ino)
			return true;
	return false;
}

/* ---- the inodes ---- */

static uint32_t id_of(const struct usage *u, const uint8_t *raw)
{
	const struct fs *fs = u->fs;

	if (u->type == 0)
		return fs_le16(raw + 2) | (uint32_t)fs_le16(raw + 0x78) << 16;
	if (u->type == 1)
		return fs_le16(raw + 0x18) | (uint32_t)fs_le16(raw + 0x7a) << 16;
	return fs->inode_size > 128 && fs_le16(raw + 0x80) >= 32 ? fs_le32(raw + 0x9c) : 0;
}

static struct owner *owner_of(struct usage *u, uint32_t id)
{
	for (size_t i = 0; i < u->owners; i++)
		if (u->owner[i].id == id)
			return &u->owner[i];
	if (u->owners == MOST)
		return NULL;
	u->owner[u->owners] = (struct owner){.id = id};
	return &u->owner[u->owners++];
}

static void add_inode(struct usage *u, uint32_t ino)
{
	const uint8_t *raw = fs_inode(u->fs, ino);
	struct owner *owner = raw ? owner_of(u, id_of(u, raw)) : NULL;
	uint64_t unit = raw && fs_le32(raw + 0x20) & EXT4_HUGE_FILE_FL ? u->fs->block_size : 512;

	if (!owner) {
		fs_fault(u->fs, "quota: too many owners");
		return;
	}
	owner->space += (fs_le32(raw + 0x1c) | (uint64_t)fs_le16(raw + 0x74) << 32) * unit;
	owner->inodes++;
}

/* ---- the file ---- */

static void on_run(void *arg, uint32_t lblk, uint64_t pblk, uint32_t len, bool unwritten)
{
	struct usage *u = arg;

	for (uint32_t i = 0; i < len && lblk + i < MOST && !unwritten; i++)
		u->pblk[lblk + i] = pblk + i;
}

static void on_tree(void *arg, uint64_t pblk)
{
	(void)arg;
	(void)pblk;
}

static const uint8_t *block_of(const struct usage *u, uint32_t n)
{
	uint64_t off = (uint64_t)n * BLOCK, lblk = off / u->fs->block_size;
	const uint8_t *data = lblk < MOST ? fs_block(u->fs, u->pblk[lblk]) : NULL;

	return data ? data + off % u->fs->block_size : NULL;
}

static void see_entry(struct usage *u, const uint8_t *leaf, uint32_t id)
{
	struct owner *owner = owner_of(u, id);
	const uint8_t *e = leaf + 16;

	for (; e + ENTRY <= leaf + BLOCK; e += ENTRY) {
		static const uint8_t none[ENTRY];
		uint64_t inodes, space;

		if (fs_le32(e) != id || !memcmp(e, none, ENTRY))
			continue;
		inodes = fs_le32(e + 24);
		space = fs_le32(e + 48) | (uint64_t)fs_le32(e + 52) << 32;
		if (!owner || owner->seen || owner->space != space || owner->inodes != inodes)
			fs_fault(u->fs, "quota %u of %u: %llu bytes, %llu inodes, for %llu, %llu",
				 u->type, id, (unsigned long long)space, (unsigned long long)inodes,
				 (unsigned long long)(owner ? owner->space : 0),
				 (unsigned long long)(owner ? owner->inodes : 0));
		if (owner)
			owner->seen = true;
		return;
	}
	fs_fault(u->fs, "quota %u: no entry of %u where there should be", u->type, id);
}

static void walk(struct usage *u, uint32_t n, unsigned depth, uint32_t id)
{
	const uint8_t *data = block_of(u, n);

	if (!data) {
		fs_fault(u->fs, "quota %u: no block %u", u->type, n);
		return;
	}
	if (depth == 4) {
		see_entry(u, data, id);
		return;
	}
	for (uint32_t i = 0; i < 256; i++)
		if (fs_le32(data + 4 * i))
			walk(u, fs_le32(data + 4 * i), depth + 1, id << 8 | i);
}

static void verify_type(struct fs *fs, unsigned type)
{
	struct usage *u = calloc(1, sizeof(*u));
	const struct fs_visit visit = {.arg = u, .run = on_run, .tree = on_tree};
	const uint8_t *raw = fs_inode(fs, file_of(fs, type));
	uint32_t first = fs_le32(fs->super + offsetof(struct ext2_super_block, s_first_ino));

	if (!u)
		abort();
	u->fs = fs;
	u->type = type;
	for (uint32_t ino = EXT2_ROOT_INO; ino <= fs->inodes; ino++)
		if ((ino == EXT2_ROOT_INO || ino >= first) && !quota_is_file(fs, ino) &&
		    fs_inode_used(fs, ino) && fs_le16(fs_inode(fs, ino)))
			add_inode(u, ino);
	if (!raw || !fs_map(fs, file_of(fs, type), raw, &visit))
		fs_fault(fs, "quota %u: no file", type);
	else
		walk(u, 1, 0, 0);
	for (size_t i = 0; i < u->owners; i++)
		if (!u->owner[i].seen)
			fs_fault(fs, "quota %u: no entry of %u", type, u->owner[i].id);
	free(u);
}

void quota_verify(struct fs *fs)
{
	for (unsigned type = 0; type < TYPES; type++)
		if (file_of(fs, type))
			verify_type(fs, type);
}
