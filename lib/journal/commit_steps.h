/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of a commit that write many blocks: into the log, and to their final locations. */
#ifndef E4Z_JOURNAL_COMMIT_STEPS_H
#define E4Z_JOURNAL_COMMIT_STEPS_H

#include <et/com_err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SUPER_AT 1024	       /* bytes from the start of the file system */
#define PIECE_BYTES (1u << 20) /* several blocks of any size */

struct captured;
struct commit;
struct overlay;

/* B is the block of the superblock. */
bool commit_is_super(const struct commit *c, const struct captured *b);

/* A copy of B as it is written: the superblock's says that there is a log to replay. */
void commit_fill_copy(const struct commit *c, const struct captured *b, uint8_t *copy);

/*
 * Descriptors and copies of COUNT BLOCKS into the log, and zeroes into the place of the commit
 * block, which is log block *AT. *V1 goes on with the checksum that COMPAT_CHECKSUM requires.
 */
errcode_t commit_write_body(struct commit *c, const struct captured *blocks, size_t count,
			    uint32_t tid, uint32_t *v1, uint32_t *at);

/* The commit block, into log block AT. */
errcode_t commit_write_end(struct commit *c, uint32_t tid, uint32_t v1, uint32_t at, uint64_t now);

/* Each of COUNT BLOCKS to its final location; neighbours in one write. */
errcode_t commit_write_home(struct commit *c, const struct captured *blocks, size_t count);

/* The same of all that OV holds, but the superblock. */
errcode_t commit_replay_home(struct commit *c, const struct overlay *ov);

#endif
