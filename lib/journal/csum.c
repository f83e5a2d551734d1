// SPDX-License-Identifier: GPL-2.0-or-later
// The checksums of a log: superblock, descriptor and revoke tails, commit blocks, data tags.
#include "journal/csum.h"
#include "base/crc32c.h"
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>
#include <string.h>

static const uint8_t csum_zeros[512];

uint32_t csum_seed(const uint8_t uuid[JBD2_UUID_BYTES])
{
	return crc32c(~0u, uuid, JBD2_UUID_BYTES);
}

/* crc32c over a block as if the four bytes at HOLE were zero. */
static uint32_t crc_with_hole(uint32_t seed, const uint8_t *block, size_t len, size_t hole)
{
	size_t after = hole + sizeof(struct be32);
	uint32_t crc = crc32c(seed, block, hole);

	crc = crc32c(crc, csum_zeros, sizeof(struct be32));
	return crc32c(crc, block + after, len - after);
}

static uint32_t super_crc(const struct jbd2_super *raw)
{
	return crc_with_hole(~0u, (const uint8_t *)raw, sizeof(*raw),
			     offsetof(struct jbd2_super, checksum));
}

bool csum_super_ok(const struct jbd2_super *raw)
{
	return be32_get(raw->checksum) == super_crc(raw);
}

void csum_super_set(struct jbd2_super *raw)
{
	raw->checksum = be32_of(super_crc(raw));
}

static struct be32 tail_crc(const struct jbd2_shape *shape, uint32_t seed, const uint8_t *block)
{
	return be32_of(crc_with_hole(seed, block, shape->block_size,
				     shape->block_size - shape->tail_bytes));
}

bool csum_tail_ok(const struct jbd2_shape *shape, uint32_t seed, const void *block)
{
	const uint8_t *bytes = block;
	struct be32 crc;

	if (!shape->tail_bytes)
		return true;
	crc = tail_crc(shape, seed, bytes);
	return !memcmp(bytes + shape->block_size - sizeof(crc), &crc, sizeof(crc));
}

void csum_tail_set(const struct jbd2_shape *shape, uint32_t seed, void *block)
{
	uint8_t *bytes = block;
	struct be32 crc;

	if (!shape->tail_bytes)
		return;
	crc = tail_crc(shape, seed, bytes);
	memcpy(bytes + shape->block_size - sizeof(crc), &crc, sizeof(crc));
}

#define COMMIT_CSUM offsetof(struct jbd2_commit, chksum)

bool csum_commit_ok(const struct jbd2_shape *shape, uint32_t seed, const void *block)
{
	const struct jbd2_commit *commit = block;
	uint32_t found = be32_get(commit->chksum[0]);
	uint32_t crc;

	if (crc_with_hole(seed, block, shape->block_size, COMMIT_CSUM) == found)
		return true;
	crc = crc_with_hole(seed, block, sizeof(*commit), COMMIT_CSUM);
	for (size_t left = shape->block_size - sizeof(*commit), n; left; left -= n) {
		n = left < sizeof(csum_zeros) ? left : sizeof(csum_zeros);
		crc = crc32c(crc, csum_zeros, n);
	}
	return crc == found;
}

void csum_commit_set(const struct jbd2_shape *shape, uint32_t seed, void *block)
{
	struct be32 crc = be32_of(crc_with_hole(seed, block, shape->block_size, COMMIT_CSUM));

	memcpy((uint8_t *)block + COMMIT_CSUM, &crc, sizeof(crc));
}

uint32_t csum_data(const struct jbd2_shape *shape, uint32_t seed, uint32_t tid, const void *data)
{
	struct be32 number = be32_of(tid);
	uint32_t crc;

	if (shape->csum < JBD2_CSUM_V2)
		return 0;
	crc = crc32c(seed, &number, sizeof(number));
	crc = crc32c(crc, data, shape->block_size);
	return shape->csum == JBD2_CSUM_V2 ? crc & 0xffff : crc;
}

uint32_t csum_v1(uint32_t crc, const void *block, size_t len)
{
	return ext2fs_crc32_be(crc, block, len);
}

bool csum_v1_ok(uint32_t crc, const void *commit_block)
{
	const struct jbd2_commit *commit = commit_block;
	uint32_t found = be32_get(commit->chksum[0]);

	if (!commit->chksum_type && !commit->chksum_size && !found)
		return true; /* a commit without the checksum, from before the feature was on */
	return commit->chksum_type == JBD2_CRC32 && commit->chksum_size == JBD2_CRC32_BYTES &&
	       found == crc;
}

void csum_v1_set(uint32_t crc, void *commit_block)
{
	struct jbd2_commit *commit = commit_block;

	commit->chksum_type = JBD2_CRC32;
	commit->chksum_size = JBD2_CRC32_BYTES;
	commit->chksum[0] = be32_of(crc);
}
