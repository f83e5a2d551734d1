/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The owners of the bytes of a file system. Each byte has one: who reads it, or the kind of finding
 * that it is where it must be zero.
 */
#ifndef E4Z_FINDINGS_OWNERS_H
#define E4Z_FINDINGS_OWNERS_H

#include "e4zero.h"
#include <ext2fs/ext2_fs.h>

/*
 * Those who read their bytes: the name of the class, and why nobody examines it, or NULL. A place
 * of the ledger that is carved out of one of them counts its bytes as owner_of_kind() instead.
 */
#define OWNERS(X)                                                                                  \
	X(BOOT, "boot-block", "a boot loader may be there")                                        \
	X(SUPER, "superblock", NULL)                                                               \
	X(DESCRIPTORS, "descriptors", NULL)                                                        \
	X(RESIZE, "resize-inode", NULL)                                                            \
	X(BITMAPS, "bitmaps", NULL)                                                                \
	X(INODES, "inodes", NULL)                                                                  \
	X(MMP, "mmp", NULL)                                                                        \
	X(LOG, "log", NULL)                                                                        \
	X(MAP, "block-map", NULL)                                                                  \
	X(DIRECTORY, "directory", NULL)                                                            \
	X(XATTR, "xattr", NULL)                                                                    \
	X(CONTENT, "content", NULL)                                                                \
	X(SYMLINK, "symlink", NULL)                                                                \
	X(EA_INODE, "ea-inode", NULL)                                                              \
	X(BOOT_LOADER, "boot-loader", "a boot loader may be in inode 5")                           \
	X(QUOTA, "quota-file", "quota usage and limits are not examined")                          \
	X(SYSTEM, "system-file", "contents of system inodes are not examined")                     \
	X(BAD_BLOCKS, "bad-blocks", "the disk cannot store them reliably")                         \
	X(CIPHERTEXT, "ciphertext", "the rest of an encrypted block cannot be examined")           \
	X(VERITY, "verity-tree", "fs-verity reads it")

enum owner {
#define X(id, name, left) OWNER_##id,
	OWNERS(X)
#undef X
		OWNER_COUNT
};

/* The kinds of findings are numbered after them. */
#define OWNER_ALL (OWNER_COUNT + E4Z_KIND_COUNT)

static inline unsigned owner_of_kind(enum e4z_finding_kind kind)
{
	return OWNER_COUNT + (unsigned)kind;
}

/* The class of OWNER, and why nothing of it is examined, or NULL; static strings. */
const char *owner_name(unsigned owner);
const char *owner_left(unsigned owner);

/* Of the contents of INO, which is_system_inode(). */
unsigned owner_of_system(const struct ext2_super_block *sb, uint32_t ino);

/* Bytes of each owner. */
struct tally {
	uint64_t bytes[OWNER_ALL];
};

static inline void tally_move(struct tally *tally, unsigned from, unsigned to, uint64_t bytes)
{
	tally->bytes[from] -= bytes;
	tally->bytes[to] += bytes;
}

/* TO has what FROM had, too. */
void tally_add(struct tally *to, const struct tally *from);

#endif
