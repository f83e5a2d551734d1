// SPDX-License-Identifier: GPL-2.0-or-later
// Decoding of inode slots and their checksums (ext4_inode_csum in fs/ext4/inode.c).
#include "file/inode.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "image/groups.h"
#include <endian.h>

void inode_decode(const struct e4z_image *img, uint32_t ino, uint8_t *raw, struct inode *inode)
{
	*inode = (struct inode){
		.ino = ino,
		.generation = get_le32(raw + I_GENERATION),
		.flags = get_le32(raw + I_FLAGS),
		.dtime = get_le32(raw + I_DTIME),
		.mode = get_le16(raw + I_MODE),
		.links = get_le16(raw + I_LINKS),
		.size = get_le32(raw + I_SIZE_LO),
		.acl_block = get_le32(raw + I_FILE_ACL_LO),
		.translator = img->hurd ? get_le32(raw + I_TRANSLATOR) : 0,
		.sectors = get_le32(raw + I_BLOCKS_LO),
		.raw = raw,
	};
	if (inode_has_blocks_high(img))
		inode->sectors |= (uint64_t)get_le16(raw + I_BLOCKS_HIGH) << 32;
	if (ext2fs_has_feature_64bit(img->fs->super) && !img->hurd)
		inode->acl_block |= (uint64_t)get_le16(raw + I_FILE_ACL_HIGH) << 32;
	/*
	 * ext4_isize(): the high half is a directory's ACL where the file system has no large_dir
	 */
	if (inode_is(inode, LINUX_S_IFREG) || ext2fs_has_feature_largedir(img->fs->super))
		inode->size |= (uint64_t)get_le32(raw + I_SIZE_HIGH) << 32;
}

/* RAW, a slot of SIZE bytes, has room for the high half of its checksum. */
static inline bool has_high_half(uint32_t size, const uint8_t *raw)
{
	return size > EXT2_GOOD_OLD_INODE_SIZE &&
	       get_le16(raw + I_EXTRA_ISIZE) >= EXT4_INODE_CSUM_HI_EXTRA_END;
}

/* The words that the two halves lie in, which count as zero, and where the words end. */
#define CSUM_WORDS (I_CHECKSUM_LO & ~7)
#define CSUM_WORDS_END(size) ((size) > EXT2_GOOD_OLD_INODE_SIZE ? CSUM_WORDS + 16 : CSUM_WORDS + 8)

/* What is summed up of a slot where it is not as it lies there: its owner, then those words. */
struct summed {
	uint64_t owner, words[2];
};

static inline void summed_of(uint32_t size, uint32_t ino, const uint8_t *raw, struct summed *summed)
{
	summed->owner = htole64((uint64_t)get_le32(raw + I_GENERATION) << 32 | ino);
	summed->words[0] = htole64(get_le64(raw + CSUM_WORDS) &
				   ~(0xffffull << 8 * (I_CHECKSUM_LO - CSUM_WORDS)));
	if (size == EXT2_GOOD_OLD_INODE_SIZE)
		return;
	summed->words[1] = htole64(get_le64(raw + CSUM_WORDS + 8));
	if (has_high_half(size, raw))
		summed->words[1] &= htole64(~(0xffffull << 8 * (I_CHECKSUM_HI - CSUM_WORDS - 8)));
}

/* The checksums of COUNT slots, as ext4_inode_csum() has them; room for INODE_LANES. */
static void csums_of(const struct e4z_image *img, const uint32_t *ino, const uint8_t *const *raw,
		     unsigned count, uint32_t *csum)
{
	uint32_t size = img->inode_size, end = CSUM_WORDS_END(size), seed = img->csum_seed;
	struct summed summed[INODE_LANES];
	struct crc32c_part part[4]; /* all of it is filled: zeroes would take as long as a slot */

	part[0].len = sizeof(summed->owner);
	part[1].len = CSUM_WORDS;
	part[2].len = end - CSUM_WORDS;
	part[3].len = size - end;
	for (unsigned i = 0; i < INODE_LANES; i++) {
		unsigned from = i < count ? i : 0;
		const uint8_t *slot = raw[from];

		summed_of(size, ino[from], slot, &summed[i]);
		csum[i] = seed;
		part[0].p[i] = (const uint8_t *)&summed[i].owner;
		part[1].p[i] = slot;
		part[2].p[i] = (const uint8_t *)summed[i].words;
		part[3].p[i] = slot + end;
	}
	crc32c_lanes(csum, part, sizeof(part) / sizeof(part[0]));
}

static inline bool csum_stands(uint32_t size, const uint8_t *raw, uint32_t csum)
{
	if (get_le16(raw + I_CHECKSUM_LO) != (uint16_t)csum)
		return false;
	return !has_high_half(size, raw) || get_le16(raw + I_CHECKSUM_HI) == csum >> 16;
}

unsigned inode_checksums_ok(const struct e4z_image *img, const uint32_t *ino,
			    const uint8_t *const *raw, unsigned count)
{
	uint32_t csum[INODE_LANES], size = img->inode_size;
	unsigned ok = 0;

	if (!img->inode_csum)
		return (1u << count) - 1;
	csums_of(img, ino, raw, count, csum);
	for (unsigned i = 0; i < count; i++)
		ok |= (unsigned)csum_stands(size, raw[i], csum[i]) << i;
	return ok;
}

bool inode_checksum_ok(const struct e4z_image *img, uint32_t ino, const uint8_t *raw)
{
	return inode_checksums_ok(img, &ino, &raw, 1);
}

void inode_set_checksum(const struct e4z_image *img, uint32_t ino, uint8_t *raw)
{
	const uint8_t *slot = raw;
	uint32_t csum[INODE_LANES];

	if (!img->inode_csum)
		return;
	csums_of(img, &ino, &slot, 1, csum);
	put_le16(raw + I_CHECKSUM_LO, csum[0]);
	if (has_high_half(img->inode_size, raw))
		put_le16(raw + I_CHECKSUM_HI, csum[0] >> 16);
}

void inode_place(const struct e4z_image *img, uint32_t ino, uint64_t *block, uint32_t *off)
{
	uint32_t per_group = img->fs->super->s_inodes_per_group;
	uint64_t at = (uint64_t)((ino - 1) % per_group) * img->inode_size;

	*block = img->group[(ino - 1) / per_group].itable + (at >> img->block_bits);
	*off = (uint32_t)(at & (img->block_size - 1));
}

uint32_t inode_csum_seed(const struct e4z_image *img, const struct inode *inode)
{
	uint8_t owner[8];

	put_le32(owner, inode->ino);
	memcpy(owner + 4, inode->raw + I_GENERATION, 4);
	return crc32c(img->csum_seed, owner, sizeof(owner));
}

errcode_t inode_read(const struct e4z_image *img, uint32_t ino, uint8_t *raw, struct inode *inode)
{
	uint32_t per_group = img->fs->super->s_inodes_per_group;
	const struct group *group;
	uint64_t off;
	errcode_t err;

	if (ino == 0 || ino > img->inodes)
		return E4Z_ET_BAD_INODE;
	group = &img->group[(ino - 1) / per_group];
	if (group->unreadable)
		return E4Z_ET_BAD_INODE;
	off = group->itable * img->block_size + (uint64_t)((ino - 1) % per_group) * img->inode_size;
	err = image_read(img, off, img->inode_size, raw);
	if (err)
		return err;
	if (!inode_checksum_ok(img, ino, raw))
		return E4Z_ET_BAD_INODE;
	inode_decode(img, ino, raw, inode);
	return 0;
}

bool inode_in_use(const struct e4z_image *img, const struct inode *inode)
{
	return inode->links && inode->mode && !groups_inode_is_free(img, inode->ino);
}
