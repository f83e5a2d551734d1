// SPDX-License-Identifier: GPL-2.0-or-later
// Shapes a log and fills the free space of an image in memory.
#include "base.h"

#include "base/crc32c.h"
#include "journal/csum.h"
#include "reader/fs.h"
#include <stdlib.h>
#include <string.h>

#define SUPER 1024
#define S_JOURNAL_INUM 0xe0
#define FC_BLOCKS 64

static const uint8_t *super(const struct disks *disks)
{
	return disks->disk[0].mem + SUPER;
}

static uint32_t block_size(const struct disks *disks)
{
	return 1024u << fs_le32(super(disks) + 0x18);
}

enum journal_place base_journal(const struct disks *disks)
{
	if (!(fs_le32(super(disks) + 0x5c) & EXT3_FEATURE_COMPAT_HAS_JOURNAL))
		return JOURNAL_NONE;
	return fs_le32(super(disks) + S_JOURNAL_INUM) ? JOURNAL_INTERNAL : JOURNAL_EXTERNAL;
}

uint8_t *base_log_super(const struct disks *disks)
{
	const struct disk *disk = &disks->disk[0];
	uint32_t bs = block_size(disks);

	switch (base_journal(disks)) {
	case JOURNAL_INTERNAL:
		return disk->mem + verify_journal_block(disk->mem, disk->size, 0) * bs;
	case JOURNAL_EXTERNAL: return disks->disk[1].mem + (bs == 1024 ? 2 : 1) * (size_t)bs;
	default: return NULL;
	}
}

/* The file system allows fast commits. */
static void set_fast_commit(uint8_t *sb)
{
	uint32_t crc;

	sb[0x5d] |= EXT4_FEATURE_COMPAT_FAST_COMMIT >> 8;
	if (!(fs_le32(sb + 0x64) & EXT4_FEATURE_RO_COMPAT_METADATA_CSUM))
		return;
	crc = crc32c(~0u, sb, 1020);
	for (unsigned i = 0; i < 4; i++)
		sb[1020 + i] = (uint8_t)(crc >> 8 * i);
}

/* Blocks as a kernel leaves them in the fast commit area: each begins with an old head tag. */
static void stale_fast_commits(struct disks *disks, const struct jbd2_sb *sb)
{
	static const uint8_t head[] = {9, 0, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0};
	const struct disk *disk = &disks->disk[0];
	uint32_t bs = block_size(disks);

	set_fast_commit(disks->disk[0].mem + SUPER);
	for (uint32_t n = sb->maxlen - FC_BLOCKS; n < sb->maxlen; n++) {
		uint64_t at = verify_journal_block(disk->mem, disk->size, n) * bs;

		memset(disk->mem + at, 0x5a, bs);
		memcpy(disk->mem + at, head, sizeof(head));
	}
}

bool base_shape(struct disks *disks, const char *shape)
{
	static const struct {
		const char *name;
		uint32_t compat, incompat;
	} shapes[] = {
		{"fresh", 0, 0},
		{"csum3", 0, JBD2_INCOMPAT_CSUM_V3 | JBD2_INCOMPAT_REVOKE},
		{"csum3-64", 0, JBD2_INCOMPAT_CSUM_V3 | JBD2_INCOMPAT_64BIT},
		{"csum2", 0, JBD2_INCOMPAT_CSUM_V2 | JBD2_INCOMPAT_64BIT},
		{"csum2-32", 0, JBD2_INCOMPAT_CSUM_V2},
		{"v1", JBD2_COMPAT_CHECKSUM, 0},
		{"async", JBD2_COMPAT_CHECKSUM, JBD2_INCOMPAT_ASYNC_COMMIT},
		{"64bit", 0, JBD2_INCOMPAT_64BIT},
		{"fc", 0, JBD2_INCOMPAT_CSUM_V3 | JBD2_INCOMPAT_FAST_COMMIT},
	};
	struct jbd2_super *raw = (void *)base_log_super(disks);
	struct jbd2_sb sb;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (strcmp(shapes[i].name, shape))
			continue;
		if (!raw || !shapes[i].compat + !shapes[i].incompat == 2)
			return true;
		if (!jbd2_super_decode(raw, &sb))
			die("the log has no superblock");
		sb.compat |= shapes[i].compat;
		sb.incompat |= shapes[i].incompat;
		if (sb.incompat & (JBD2_INCOMPAT_CSUM_V2 | JBD2_INCOMPAT_CSUM_V3))
			sb.checksum_type = JBD2_CRC32C;
		if (sb.incompat & JBD2_INCOMPAT_FAST_COMMIT) {
			sb.num_fc_blocks = FC_BLOCKS;
			stale_fast_commits(disks, &sb);
		}
		jbd2_super_encode(&sb, raw);
		if (sb.checksum_type)
			csum_super_set(raw);
		return true;
	}
	return false;
}

struct filling {
	uint8_t *mem;
	size_t least;
};

static void fill(void *arg, uint64_t off, size_t len)
{
	const struct filling *filling = arg;

	if (len >= filling->least)
		memset(filling->mem + off, CANARY, len);
}

void base_fill(struct disks *disks, bool clean)
{
	const struct disk *disk = &disks->disk[0];
	struct filling filling = {disk->mem, clean ? block_size(disks) : 1};

	verify_unseen(disk->mem, disk->size, fill, &filling);
}

void base_ignore_log(struct disks *disks)
{
	const struct disk *disk = &disks->disk[0];
	uint32_t bs = block_size(disks);
	uint64_t block;

	if (disks->disk[1].mem)
		disks_ignore(disks, 1, 0, disks->disk[1].size);
	if (base_journal(disks) != JOURNAL_INTERNAL)
		return;
	for (uint32_t n = 0; (block = verify_journal_block(disk->mem, disk->size, n)); n++)
		disks_ignore(disks, 0, block * bs, bs);
}
