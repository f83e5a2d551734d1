/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directory entries, and the hash tree whose blocks look like directories without entries. */
#ifndef E4Z_FORMAT_DIRENT_H
#define E4Z_FORMAT_DIRENT_H

#include "base/bytes.h"
#include <ext2fs/ext2_fs.h>

/* ---- an entry E ---- */

#define DIRENT_AT(field) offsetof(struct ext2_dir_entry_2, field)
enum {
	DIRENT_HEADER = DIRENT_AT(name), /* its name follows */
};
#define DIRENT_INLINE_PARENT 4 /* an inline directory begins with its parent's number instead */

static inline uint32_t dirent_ino(const uint8_t *e)
{
	return get_le32(e + DIRENT_AT(inode));
}

/* As ext4_rec_len_from_disk(): 65536 does not fit into 16 bits. */
static inline size_t dirent_len(const uint8_t *e, uint32_t block_size)
{
	size_t len = get_le16(e + DIRENT_AT(rec_len));

	if (block_size < 65536)
		return len;
	if (len == 65535 || len == 0)
		return block_size;
	return (len & 65532) | (len & 3) << 16;
}

static inline uint8_t dirent_name_len(const uint8_t *e)
{
	return e[DIRENT_AT(name_len)];
}

/* With the filetype feature. */
static inline uint8_t dirent_type(const uint8_t *e)
{
	return e[DIRENT_AT(file_type)];
}

/* Where the bytes that follow a name of LEN bytes begin: the header counts. */
static inline size_t dirent_end(size_t len)
{
	return (DIRENT_HEADER + len + 3) & ~(size_t)3;
}

enum {
	DIRENT_MIN = 12,  /* bytes of the shortest entry */
	DIRENT_HASH = 8,  /* follows the name where it can only be hashed with the key */
	DIRENT_TAIL = 12, /* an entry without a name at the end of a block, with its checksum */
};
#define DIRENT_TAIL_TYPE 0xde

/* TAIL, the last bytes of a block, says that it is its checksum. */
static inline bool dirent_is_tail(const uint8_t *tail)
{
	return !dirent_ino(tail) && get_le16(tail + DIRENT_AT(rec_len)) == DIRENT_TAIL &&
	       !dirent_name_len(tail) && dirent_type(tail) == DIRENT_TAIL_TYPE;
}

static inline uint32_t dirent_tail_csum(const uint8_t *tail)
{
	return get_le32(tail + DIRENT_HEADER);
}

static inline void dirent_set_tail_csum(uint8_t *tail, uint32_t csum)
{
	put_le32(tail + DIRENT_HEADER, csum);
}

/* ---- the hash tree ---- */

#define DX_ENTRY sizeof(struct ext2_dx_entry)
#define DX_BLOCK_MASK 0x0fffffff /* of the number of a block; the rest is none of the tree's */
/* The root block: entries of 12 bytes for "." and "..", then its info, then the index. */
#define DX_INFO_LEN sizeof(struct ext2_dx_root_info)
#define DX_ROOT_INFO 24
#define DX_ROOT_INDEX (DX_ROOT_INFO + DX_INFO_LEN)
/* An interior block: the header of an empty directory entry, then the index. */
#define DX_NODE_INDEX DIRENT_HEADER
/* After the entries that an index has room for, with metadata_csum: a word, and the checksum. */
#define DX_TAIL_LEN 8
#define DX_TAIL_CSUM 4
#define DX_INFO_AT(field) (DX_ROOT_INFO + offsetof(struct ext2_dx_root_info, field))

static inline uint8_t dx_hash_version(const uint8_t *root)
{
	return root[DX_INFO_AT(hash_version)];
}

static inline uint8_t dx_levels(const uint8_t *root)
{
	return root[DX_INFO_AT(indirect_levels)];
}

/* ROOT is the root block of a tree that we understand. */
static inline bool dx_root_ok(const uint8_t *root)
{
	return !get_le32(root + DX_INFO_AT(reserved_zero)) &&
	       !(root[DX_INFO_AT(unused_flags)] & 1) &&
	       root[DX_INFO_AT(info_length)] == DX_INFO_LEN;
}

/* Of an index; its first entry has limit and count in place of a hash. */
static inline unsigned dx_limit(const uint8_t *index)
{
	return get_le16(index + offsetof(struct ext2_dx_countlimit, limit));
}

static inline unsigned dx_count(const uint8_t *index)
{
	return get_le16(index + offsetof(struct ext2_dx_countlimit, count));
}

static inline uint32_t dx_hash(const uint8_t *index, unsigned i)
{
	return get_le32(index + i * DX_ENTRY + offsetof(struct ext2_dx_entry, hash));
}

static inline uint32_t dx_block(const uint8_t *index, unsigned i)
{
	return get_le32(index + i * DX_ENTRY + offsetof(struct ext2_dx_entry, block));
}

#endif
