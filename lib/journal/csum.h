/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checksums of a log. CSUM_V2 and CSUM_V3: crc32c over each block and, in its tag, each data
 * block. COMPAT_CHECKSUM: one crc32 over all descriptor and data blocks of a transaction, in its
 * commit block.
 */
#ifndef E4Z_JOURNAL_CSUM_H
#define E4Z_JOURNAL_CSUM_H

#include "journal/jbd2.h"

/* Where every checksum of this log starts. */
uint32_t csum_seed(const uint8_t uuid[JBD2_UUID_BYTES]);

bool csum_super_ok(const struct jbd2_super *raw);
void csum_super_set(struct jbd2_super *raw);

/* Descriptor and revoke blocks; true, and nothing done, where they have none. */
bool csum_tail_ok(const struct jbd2_shape *shape, uint32_t seed, const void *block);
void csum_tail_set(const struct jbd2_shape *shape, uint32_t seed, void *block);

/*
 * Commit blocks of CSUM_V2 and CSUM_V3. A block whose structure is right and whose rest is not
 * zero counts as right: its first sector is all that says anything, and kernels take it.
 */
bool csum_commit_ok(const struct jbd2_shape *shape, uint32_t seed, const void *block);
void csum_commit_set(const struct jbd2_shape *shape, uint32_t seed, void *block);

/* What the tag of a data block, escaped as in the log, has to say; 0 where tags say nothing. */
uint32_t csum_data(const struct jbd2_shape *shape, uint32_t seed, uint32_t tid, const void *data);

/* COMPAT_CHECKSUM: start with CSUM_V1_START, go on with each descriptor and data block. */
#define CSUM_V1_START 0xffffffffu
uint32_t csum_v1(uint32_t crc, const void *block, size_t len);
bool csum_v1_ok(uint32_t crc, const void *commit_block);
void csum_v1_set(uint32_t crc, void *commit_block);

#endif
