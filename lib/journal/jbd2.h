/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log's on-disk format: bytes in, numbers out, and back. No I/O, no checksums (journal/csum).
 *
 * A log is a ring of blocks. A transaction is any number of revoke blocks and of descriptor blocks,
 * each followed by one block for each of its tags, and ends with a commit block. All numbers
 * are big-endian; nothing is aligned, so the structures are made of bytes.
 */
#ifndef E4Z_JOURNAL_JBD2_H
#define E4Z_JOURNAL_JBD2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct be16 {
	uint8_t b[2];
};
struct be32 {
	uint8_t b[4];
};
struct be64 {
	uint8_t b[8];
};

static inline uint16_t be16_get(struct be16 v)
{
	return (uint16_t)(v.b[0] << 8 | v.b[1]);
}

static inline uint32_t be32_get(struct be32 v)
{
	return (uint32_t)v.b[0] << 24 | (uint32_t)v.b[1] << 16 | (uint32_t)v.b[2] << 8 | v.b[3];
}

static inline uint64_t be64_get(struct be64 v)
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | v.b[i];
	return n;
}

static inline struct be16 be16_of(uint16_t n)
{
	return (struct be16){{(uint8_t)(n >> 8), (uint8_t)n}};
}

static inline struct be32 be32_of(uint32_t n)
{
	return (struct be32){
		{(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

static inline struct be64 be64_of(uint64_t n)
{
	struct be64 v;

	for (int i = 7; i >= 0; i--, n >>= 8)
		v.b[i] = (uint8_t)n;
	return v;
}

#define JBD2_MAGIC 0xc03b3998u
#define JBD2_SUPER_SIZE 1024
#define JBD2_MIN_BLOCKS 1024 /* what a kernel leaves to the log proper */

enum jbd2_type {
	JBD2_DESCRIPTOR = 1,
	JBD2_COMMIT = 2,
	JBD2_SUPER_V1 = 3, /* without feature fields */
	JBD2_SUPER_V2 = 4,
	JBD2_REVOKE = 5,
};

#define JBD2_COMPAT_CHECKSUM 0x01u
#define JBD2_INCOMPAT_REVOKE 0x01u
#define JBD2_INCOMPAT_64BIT 0x02u
#define JBD2_INCOMPAT_ASYNC_COMMIT 0x04u
#define JBD2_INCOMPAT_CSUM_V2 0x08u
#define JBD2_INCOMPAT_CSUM_V3 0x10u
#define JBD2_INCOMPAT_FAST_COMMIT 0x20u
#define JBD2_INCOMPAT_KNOWN 0x3fu

#define JBD2_TAG_ESCAPED 1u   /* the block began with JBD2_MAGIC: zeroes stand there */
#define JBD2_TAG_SAME_UUID 2u /* no UUID follows the tag */
#define JBD2_TAG_DELETED 4u   /* never written by a kernel, and ignored by all */
#define JBD2_TAG_LAST 8u

#define JBD2_CRC32 1  /* commit blocks of COMPAT_CHECKSUM */
#define JBD2_CRC32C 4 /* CSUM_V2 and CSUM_V3 */
#define JBD2_CRC32_BYTES 4
#define JBD2_UUID_BYTES 16

/* ---- as it stands on the disk ---- */

struct jbd2_header {
	struct be32 magic, type, tid;
};

struct jbd2_super {
	struct jbd2_header header;
	struct be32 block_size, maxlen, first; /* maxlen counts the superblock's block, too */
	struct be32 sequence, start, error;    /* start 0: the log is empty */
	struct be32 compat, incompat, ro_compat;
	uint8_t uuid[JBD2_UUID_BYTES];
	struct be32 nr_users, dynsuper, max_transaction, max_trans_data;
	uint8_t checksum_type, pad1[3];
	struct be32 num_fc_blocks, head;
	uint8_t pad2[160];
	struct be32 checksum;
	uint8_t users[48][JBD2_UUID_BYTES];
};

struct jbd2_tag { /* without checksums, COMPAT_CHECKSUM, and with two bytes more CSUM_V2 */
	struct be32 block;
	struct be16 csum, flags;
	struct be32 block_high; /* with 64BIT only */
};

struct jbd2_tag3 { /* CSUM_V3 */
	struct be32 block, flags, block_high, csum;
};

struct jbd2_revoke {
	struct jbd2_header header;
	struct be32 used; /* bytes of the block, this header included */
};

struct jbd2_commit {
	struct jbd2_header header;
	uint8_t chksum_type, chksum_size, pad[2];
	struct be32 chksum[8];
	struct be64 seconds;
	struct be32 nanoseconds;
};

_Static_assert(sizeof(struct jbd2_header) == 12, "header");
_Static_assert(sizeof(struct jbd2_super) == JBD2_SUPER_SIZE, "superblock");
_Static_assert(offsetof(struct jbd2_super, uuid) == 0x30, "superblock");
_Static_assert(offsetof(struct jbd2_super, checksum_type) == 0x50, "superblock");
_Static_assert(offsetof(struct jbd2_super, checksum) == 0xfc, "superblock");
_Static_assert(sizeof(struct jbd2_tag) == 12, "tag");
_Static_assert(sizeof(struct jbd2_tag3) == 16, "tag");
_Static_assert(sizeof(struct jbd2_revoke) == 16, "revoke block");
_Static_assert(sizeof(struct jbd2_commit) == 60, "commit block");

/* ---- as numbers ---- */

struct jbd2_sb {
	uint32_t version; /* 1 or 2 */
	uint32_t block_size, maxlen, first, sequence, start, error;
	uint32_t compat, incompat, ro_compat; /* 0 in version 1, as all that follows */
	uint8_t uuid[JBD2_UUID_BYTES];
	uint32_t nr_users, checksum_type, num_fc_blocks, head, checksum;
};

/* False when RAW is no superblock of a log. */
bool jbd2_super_decode(const struct jbd2_super *raw, struct jbd2_sb *sb);

/* Write the numbers of SB into RAW and leave everything else there, the checksum included. */
void jbd2_super_encode(const struct jbd2_sb *sb, struct jbd2_super *raw);

enum jbd2_csum { JBD2_CSUM_NONE, JBD2_CSUM_V1, JBD2_CSUM_V2, JBD2_CSUM_V3 };

/* What the features make of the blocks. */
struct jbd2_shape {
	uint32_t block_size;
	enum jbd2_csum csum;
	bool wide;	       /* 64-bit block numbers */
	bool async;	       /* a commit block may be there before the rest of its transaction */
	uint32_t tag_bytes;    /* 8, 10, 12, 14 or 16, the UUID not counted */
	uint32_t tail_bytes;   /* at the end of descriptor and revoke blocks: their checksum */
	uint32_t record_bytes; /* of a revoked block: 4 or 8 */
};

struct jbd2_shape jbd2_shape(const struct jbd2_sb *sb);

/* The type of a log block, of transaction *TID; 0 when it does not begin with a header. */
uint32_t jbd2_block_type(const void *block, uint32_t *tid);

/* True when A comes after B: transaction numbers wrap around. */
static inline bool jbd2_tid_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

/* ---- reading ---- */

struct jbd2_entry {
	uint64_t block; /* of the file system */
	uint32_t flags, csum;
};

/* Walks the tags of a descriptor block; never leaves the block. */
struct jbd2_tags {
	const struct jbd2_shape *shape;
	const uint8_t *block;
	uint32_t at;
	bool done;
};

void jbd2_tags_start(struct jbd2_tags *tags, const struct jbd2_shape *shape, const void *block);
bool jbd2_tags_next(struct jbd2_tags *tags, struct jbd2_entry *entry);

/* Walks the records of a revoke block. */
struct jbd2_revokes {
	const struct jbd2_shape *shape;
	const uint8_t *block;
	uint32_t at, end;
};

/* False, and an empty walk, when the block says that it uses more than it has. */
bool jbd2_revokes_start(struct jbd2_revokes *revokes, const struct jbd2_shape *shape,
			const void *block);
bool jbd2_revokes_next(struct jbd2_revokes *revokes, uint64_t *block);

/* ---- writing ---- */

/* The number of tags that one descriptor block takes. */
uint32_t jbd2_tags_room(const struct jbd2_shape *shape);

/* Builds a descriptor block in place. */
struct jbd2_builder {
	const struct jbd2_shape *shape;
	uint8_t *block;
	uint32_t at, last; /* where the next entry goes, where the last one is */
	uint8_t uuid[JBD2_UUID_BYTES];
};

/*
 * Begin a descriptor block, add tags, end it: LAST_TAG is set on the final one, the UUID follows
 * the first. The checksum comes after the end. An add that does not fit changes nothing and says
 * ENOSPC; a block number past 2^32 without 64BIT is EOVERFLOW. FLAGS: JBD2_TAG_ESCAPED or 0.
 */
void jbd2_tags_begin(struct jbd2_builder *b, const struct jbd2_shape *shape, void *block,
		     uint32_t tid, const uint8_t uuid[JBD2_UUID_BYTES]);
int jbd2_tags_add(struct jbd2_builder *b, const struct jbd2_entry *entry);
void jbd2_tags_end(struct jbd2_builder *b);

/* A whole commit block without its checksum: all zero after the structure. */
void jbd2_commit_encode(const struct jbd2_shape *shape, void *block, uint32_t tid, uint64_t seconds,
			uint32_t nanoseconds);

/* A data block that begins with the magic number: true, and zeroes stand there now. */
bool jbd2_escape(void *data);

#endif
