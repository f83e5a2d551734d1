// SPDX-License-Identifier: GPL-2.0-or-later
// Decoding of inode slots and their checksums (ext4_inode_csum in fs/ext4/inode.c).
#include "file/inode.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "image/groups.h"

/* Offsets in the slot, from the on-disk format. */
enum {
	I_MODE = 0x00,
	I_SIZE_LO = 0x04,
	I_DTIME = 0x14,
	I_LINKS = 0x1a,
	I_BLOCKS_LO = 0x1c,
	I_FLAGS = 0x20,
	I_TRANSLATOR = 0x24,
	I_GENERATION = 0x64,
	I_FILE_ACL_LO = 0x68,
	I_SIZE_HIGH = 0x6c,
	I_BLOCKS_HIGH = 0x74,
	I_FILE_ACL_HIGH = 0x76,
	I_CHECKSUM_LO = 0x7c,
	I_EXTRA_ISIZE = 0x80,
	I_CHECKSUM_HI = 0x82,
};

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

static uint32_t seed_of(const struct e4z_image *img, uint32_t ino, const uint8_t *raw)
{
	const uint8_t number[4] = {(uint8_t)ino, (uint8_t)(ino >> 8), (uint8_t)(ino >> 16),
				   (uint8_t)(ino >> 24)};

	return crc32c(crc32c(img->csum_seed, number, 4), raw + I_GENERATION, 4);
}

bool inode_checksum_ok(const struct e4z_image *img, uint32_t ino, uint8_t *raw)
{
	uint8_t *lo = raw + I_CHECKSUM_LO, *hi = NULL;
	uint8_t saved[4] = {lo[0], lo[1], 0, 0};
	uint32_t csum;

	if (!img->inode_csum)
		return true;
	if (img->inode_size > 128 && get_le16(raw + I_EXTRA_ISIZE) >= I_CHECKSUM_HI + 2 - 128)
		hi = raw + I_CHECKSUM_HI;
	lo[0] = lo[1] = 0;
	if (hi) {
		saved[2] = hi[0];
		saved[3] = hi[1];
		hi[0] = hi[1] = 0;
	}
	csum = crc32c(seed_of(img, ino, raw), raw, img->inode_size);
	lo[0] = saved[0];
	lo[1] = saved[1];
	if (!hi)
		return get_le16(saved) == (uint16_t)csum;
	hi[0] = saved[2];
	hi[1] = saved[3];
	return get_le32(saved) == csum;
}

void inode_set_checksum(const struct e4z_image *img, uint32_t ino, uint8_t *raw)
{
	bool high = img->inode_size > 128 &&
		    get_le16(raw + I_EXTRA_ISIZE) >= I_CHECKSUM_HI + 2 - 128;
	uint32_t csum;

	if (!img->inode_csum)
		return;
	memset(raw + I_CHECKSUM_LO, 0, 2);
	if (high)
		memset(raw + I_CHECKSUM_HI, 0, 2);
	csum = crc32c(seed_of(img, ino, raw), raw, img->inode_size);
	raw[I_CHECKSUM_LO] = (uint8_t)csum;
	raw[I_CHECKSUM_LO + 1] = (uint8_t)(csum >> 8);
	if (!high)
		return;
	raw[I_CHECKSUM_HI] = (uint8_t)(csum >> 16);
	raw[I_CHECKSUM_HI + 1] = (uint8_t)(csum >> 24);
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
	return seed_of(img, inode->ino, inode->raw);
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
	if (group->sick)
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
