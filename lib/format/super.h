/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The superblock, validated before libext2fs allocates anything by it. Pure: bytes in, verdict out.
 */
#ifndef E4Z_FORMAT_SUPER_H
#define E4Z_FORMAT_SUPER_H

#include <et/com_err.h>
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>
#include <stddef.h>
#include <stdint.h>

#define SUPER_OFFSET 1024
#define SUPER_SIZE 1024

/*
 * Validate the 1024 bytes RAW (little-endian, as on disk) of a file system whose place is LEN bytes
 * long. 0, or E4Z_ET_NOT_EXT, E4Z_ET_BAD_SUPER, E4Z_ET_FEATURE, E4Z_ET_TRUNCATED with one sentence
 * in WHY.
 */
errcode_t super_validate(const void *raw, uint64_t len, char *why, size_t why_size);

/* Give RAW the checksum that its content asks for with metadata_csum (ext4_superblock_csum()). */
void super_csum_set(uint8_t *raw);

/* Strings of the superblock: where their fields begin, and bytes of these. */
#define SUPER_STRINGS 5
extern const struct super_string {
	uint16_t at, size;
} super_strings[SUPER_STRINGS];

/* Bytes that the file system of a valid superblock RAW takes, whether or not they are there. */
uint64_t super_fs_len(const void *raw);

#endif
