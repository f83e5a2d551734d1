/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One inode as the disk has it, decoded and its checksum verified. */
#ifndef E4Z_FILE_INODE_H
#define E4Z_FILE_INODE_H

#include "base/bytes.h"
#include "base/crc32c.h"
#include "format/fields.h"
#include "format/node.h"
#include "image/image.h"

struct inode {
	uint32_t ino, generation, flags;
	uint32_t dtime; /* or the next orphan */
	uint16_t mode, links;
	uint64_t size;	     /* bytes */
	uint64_t acl_block;  /* i_file_acl, 0: none */
	uint32_t translator; /* a block of the Hurd's, 0: none */
	uint64_t sectors;    /* i_blocks as stored, with huge_file its high half included */
	uint8_t *raw;	     /* the slot, inode_size bytes; the caller's */
};

/* Decode RAW, the slot of INO. RAW stays the caller's and is referred to. */
void inode_decode(const struct e4z_image *img, uint32_t ino, uint8_t *raw, struct inode *inode);

/*
 * RAW is a file with links, of which there is nothing but that: no byte, block, attribute, or flag
 * other than that of the extent tree, which is empty. Most are, where there are very many.
 */
static inline bool inode_is_bare(const struct e4z_image *img, const uint8_t *raw)
{
	/* magic, no entries, room for four, no levels */
	const uint64_t root = NODE_MAGIC | (uint64_t)NODE_ROOT_ENTRIES << 32;
	/* asked all at once: one jump for each of ten million, not eight */
	uint64_t more = (get_le64(raw + INODE_I_BLOCK) ^ root) |
			(get_le32(raw + I_FLAGS) ^ EXT4_EXTENTS_FL) | get_le32(raw + I_SIZE_LO) |
			get_le64(raw + I_FILE_ACL_LO) | get_le16(raw + I_FILE_ACL_HIGH);

	return !more && (get_le16(raw + I_MODE) & LINUX_S_IFMT) == LINUX_S_IFREG &&
	       get_le16(raw + I_LINKS) && !img->hurd;
}

/* The stored checksum is right, or there are no metadata checksums. */
bool inode_checksum_ok(const struct e4z_image *img, uint32_t ino, const uint8_t *raw);

/*
 * The same of COUNT slots, at most INODE_LANES, RAW[] with the numbers INO[], in hardly more time
 * than one takes: bit N is set when the checksum of slot N is right.
 */
#define INODE_LANES CRC32C_LANES
unsigned inode_checksums_ok(const struct e4z_image *img, const uint32_t *ino,
			    const uint8_t *const *raw, unsigned count);

/* Set the checksum of RAW, the slot of INO, where there are metadata checksums. */
void inode_set_checksum(const struct e4z_image *img, uint32_t ino, uint8_t *raw);

/* Where the slot of INO is: its block and the offset in it. INO is in range, its group readable. */
void inode_place(const struct e4z_image *img, uint32_t ino, uint64_t *block, uint32_t *off);

/* Seed of the checksums of everything that belongs to the inode: its tree and directory blocks. */
uint32_t inode_csum_seed(const struct e4z_image *img, const struct inode *inode);

/*
 * Read the slot of INO into RAW (inode_size bytes) and decode it: E4Z_ET_BAD_INODE when the number
 * is out of range, its group is unreadable, or the checksum is wrong.
 */
errcode_t inode_read(const struct e4z_image *img, uint32_t ino, uint8_t *raw, struct inode *inode);

/* INODE, which inode_read() has read, is in use and has links: what it maps is its own. */
bool inode_in_use(const struct e4z_image *img, const struct inode *inode);

static inline bool inode_is(const struct inode *inode, uint16_t type)
{
	return (inode->mode & LINUX_S_IFMT) == type;
}

/* A symbolic link whose target is in i_block: as ext2fs_is_fast_symlink. */
static inline bool inode_is_fast_symlink(const struct inode *inode)
{
	return inode_is(inode, LINUX_S_IFLNK) && inode->size < INODE_I_BLOCK_LEN &&
	       !(inode->flags & (EXT4_EXTENTS_FL | EXT4_INLINE_DATA_FL));
}

/*
 * I_BLOCKS has a high half: with huge_file, and where its place is not the Hurd's
 * (ext4_inode_blocks()).
 */
static inline bool inode_has_blocks_high(const struct e4z_image *img)
{
	return ext2fs_has_feature_huge_file(img->fs->super) && !img->hurd;
}

/* Has blocks mapped through i_block. */
static inline bool inode_has_map(const struct inode *inode)
{
	if (inode->flags & EXT4_INLINE_DATA_FL)
		return false;
	return inode_is(inode, LINUX_S_IFREG) || inode_is(inode, LINUX_S_IFDIR) ||
	       (inode_is(inode, LINUX_S_IFLNK) && !inode_is_fast_symlink(inode));
}

#endif
