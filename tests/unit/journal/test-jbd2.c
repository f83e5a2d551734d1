// SPDX-License-Identifier: GPL-2.0-or-later
// The log's format: every tag format there and back, at its limits, and the walks on broken blocks.
#include "../check.h"
#include "../random.h"
#include "journal/jbd2.h"
#include "revokes.h"
#include <errno.h>
#include <string.h>

struct format {
	uint32_t compat, incompat, tag_bytes, tail_bytes, record_bytes;
	enum jbd2_csum csum;
};

static const struct format formats[] = {
	{0, 0, 8, 0, 4, JBD2_CSUM_NONE},
	{0, JBD2_INCOMPAT_64BIT, 12, 0, 8, JBD2_CSUM_NONE},
	{JBD2_COMPAT_CHECKSUM, 0, 8, 0, 4, JBD2_CSUM_V1},
	{JBD2_COMPAT_CHECKSUM, JBD2_INCOMPAT_64BIT | JBD2_INCOMPAT_ASYNC_COMMIT, 12, 0, 8,
	 JBD2_CSUM_V1},
	{0, JBD2_INCOMPAT_CSUM_V2, 10, 4, 4, JBD2_CSUM_V2},
	{0, JBD2_INCOMPAT_CSUM_V2 | JBD2_INCOMPAT_64BIT, 14, 4, 8, JBD2_CSUM_V2},
	{0, JBD2_INCOMPAT_CSUM_V3, 16, 4, 4, JBD2_CSUM_V3},
	{0, JBD2_INCOMPAT_CSUM_V3 | JBD2_INCOMPAT_64BIT, 16, 4, 8, JBD2_CSUM_V3},
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static const uint8_t uuid[JBD2_UUID_BYTES] = "0123456789abcdef";

static struct jbd2_shape shape_of(const struct format *format, uint32_t block_size)
{
	struct jbd2_sb sb = {.version = 2,
			     .block_size = block_size,
			     .compat = format->compat,
			     .incompat = format->incompat};
	struct jbd2_shape shape = jbd2_shape(&sb);

	CHECK(shape.tag_bytes == format->tag_bytes);
	CHECK(shape.tail_bytes == format->tail_bytes);
	CHECK(shape.record_bytes == format->record_bytes);
	CHECK(shape.csum == format->csum);
	CHECK(shape.async == !!(format->incompat & JBD2_INCOMPAT_ASYNC_COMMIT));
	return shape;
}

static struct jbd2_entry entry_of(const struct jbd2_shape *shape, uint32_t i)
{
	static const uint32_t mask[] = {0, 0, 0xffff, 0xffffffff};
	struct jbd2_entry entry = {.block = 0xfffffffful - i * 77,
				   .flags = i % 3 ? 0 : JBD2_TAG_ESCAPED,
				   .csum = (0xdeadbeef + i) & mask[shape->csum]};

	if (shape->wide)
		entry.block |= (uint64_t)(i * 5 + 1) << 32;
	return entry;
}

/* COUNT tags into a block, and out again. */
static void tags_there_and_back(const struct jbd2_shape *shape, uint32_t count)
{
	uint8_t *block = malloc(shape->block_size);
	struct jbd2_builder b;
	struct jbd2_entry in, out;
	struct jbd2_tags tags;
	uint32_t tid = 0;

	CHECK(block);
	memset(block, 0xa5, shape->block_size);
	jbd2_tags_begin(&b, shape, block, 4711, uuid);
	for (uint32_t i = 0; i < count; i++) {
		in = entry_of(shape, i);
		CHECK(jbd2_tags_add(&b, &in) == 0);
	}
	if (count == jbd2_tags_room(shape))
		CHECK(jbd2_tags_add(&b, &in) == ENOSPC);
	jbd2_tags_end(&b);

	CHECK(jbd2_block_type(block, &tid) == JBD2_DESCRIPTOR && tid == 4711);
	CHECK(!memcmp(block + 12 + shape->tag_bytes, uuid, sizeof(uuid)));
	for (uint32_t i = 0; i < shape->tail_bytes; i++)
		CHECK(!block[shape->block_size - 1 - i]);
	jbd2_tags_start(&tags, shape, block);
	for (uint32_t i = 0; i < count; i++) {
		in = entry_of(shape, i);
		in.flags |= i ? JBD2_TAG_SAME_UUID : 0;
		in.flags |= i == count - 1 ? JBD2_TAG_LAST : 0;
		CHECK(jbd2_tags_next(&tags, &out));
		CHECK(out.block == in.block && out.flags == in.flags && out.csum == in.csum);
	}
	CHECK(!jbd2_tags_next(&tags, &out));
	free(block);
}

static void test_tags(void)
{
	for (size_t f = 0; f < FORMATS; f++) {
		for (uint32_t size = 1024; size <= 65536; size *= 2) {
			struct jbd2_shape shape = shape_of(&formats[f], size);
			uint32_t room = jbd2_tags_room(&shape);

			CHECK(room == (size - 12 - 16 - shape.tail_bytes) / shape.tag_bytes);
			tags_there_and_back(&shape, 1);
			tags_there_and_back(&shape, 2);
			tags_there_and_back(&shape, room - 1);
			tags_there_and_back(&shape, room);
		}
	}
}

/* As on the disk, byte by byte. */
static void test_layout(void)
{
	static const uint8_t plain[] = {0xc0, 0x3b, 0x39, 0x98, 0, 0, 0, 1, 0, 0,
					0,    7,    1,	  2,	3, 4, 0, 0, 0, 0x09};
	static const uint8_t wide2[] = {1, 2, 3, 4, 0xbe, 0xef, 0, 8, 0, 0, 0, 9};
	static const uint8_t wide3[] = {1, 2, 3, 4, 0, 0, 0, 8, 0, 0, 0, 9, 0xde, 0xad, 0xbe, 0xef};
	struct jbd2_entry entry = {.block = 0x01020304, .flags = JBD2_TAG_ESCAPED};
	struct jbd2_shape shape = shape_of(&formats[0], 1024);
	struct jbd2_builder b;
	uint8_t block[1024];

	jbd2_tags_begin(&b, &shape, block, 7, uuid);
	CHECK(jbd2_tags_add(&b, &entry) == 0);
	jbd2_tags_end(&b);
	CHECK(!memcmp(block, plain, sizeof(plain)));

	entry = (struct jbd2_entry){.block = 0x901020304, .csum = 0xdeadbeef};
	shape = shape_of(&formats[5], 1024);
	jbd2_tags_begin(&b, &shape, block, 7, uuid);
	CHECK(jbd2_tags_add(&b, &entry) == 0);
	jbd2_tags_end(&b);
	CHECK(!memcmp(block + 12, wide2, sizeof(wide2)));

	shape = shape_of(&formats[7], 1024);
	jbd2_tags_begin(&b, &shape, block, 7, uuid);
	CHECK(jbd2_tags_add(&b, &entry) == 0);
	jbd2_tags_end(&b);
	CHECK(!memcmp(block + 12, wide3, sizeof(wide3)));

	/* one without a tag is left as it was begun */
	jbd2_tags_begin(&b, &shape, block, 7, uuid);
	jbd2_tags_end(&b);
	CHECK(!memcmp(block, plain, 12) && !block[12] && !memcmp(block + 12, block + 13, 1011));
}

/* Nothing but 0xff, or 0x00, or random bytes: the walk ends within the block. */
static void test_tags_of_rubbish(void)
{
	uint32_t random = 1;

	for (size_t f = 0; f < FORMATS; f++) {
		struct jbd2_shape shape = shape_of(&formats[f], 1024);
		uint8_t *block = malloc(1024); /* a heap block: the sanitizer sees its end */
		struct jbd2_entry entry;
		struct jbd2_tags tags;

		CHECK(block);
		for (int round = 0; round < 300; round++) {
			uint32_t count = 0;

			for (int i = 0; i < 1024; i++)
				block[i] = (uint8_t)(round < 2 ? -round
							       : (int)(next_random(&random) >> 24));
			jbd2_tags_start(&tags, &shape, block);
			while (jbd2_tags_next(&tags, &entry))
				count++;
			CHECK(count && count <= (1024 - 12) / shape.tag_bytes);
			if (round == 0) /* no SAME_UUID, no LAST_TAG: tag and UUID to the end */
				CHECK(count ==
				      (1024 - 12 - shape.tail_bytes + 16) / (shape.tag_bytes + 16));
		}
		free(block);
	}
}

static void test_deleted(void)
{
	struct jbd2_shape shape = shape_of(&formats[0], 1024);
	uint8_t block[1024] = {0};
	struct jbd2_entry entry;
	struct jbd2_tags tags;

	block[12 + 7] = JBD2_TAG_DELETED | JBD2_TAG_SAME_UUID;
	block[20 + 7] = JBD2_TAG_LAST | JBD2_TAG_SAME_UUID;
	jbd2_tags_start(&tags, &shape, block);
	CHECK(jbd2_tags_next(&tags, &entry) && entry.flags & JBD2_TAG_DELETED);
	CHECK(jbd2_tags_next(&tags, &entry) && entry.flags & JBD2_TAG_LAST);
	CHECK(!jbd2_tags_next(&tags, &entry));
}

static void test_revokes(void)
{
	for (size_t f = 0; f < FORMATS; f++) {
		struct jbd2_shape shape = shape_of(&formats[f], 2048);
		uint32_t room = revokes_room(&shape), tid, i = 0;
		uint64_t high = shape.wide ? 0xabcull << 32 : 0, revoked;
		uint8_t *block = malloc(2048);
		struct jbd2_revokes revokes;
		struct jbd2_builder b;
		struct be32 used;

		CHECK(block);
		revokes_begin(&b, &shape, block, 0xfffffffe);
		if (!shape.wide)
			CHECK(revokes_add(&b, 1ull << 32) == EOVERFLOW);
		for (uint32_t n = 0; n < room; n++)
			CHECK(revokes_add(&b, high | (n * 13)) == 0);
		CHECK(revokes_add(&b, 1) == ENOSPC);
		revokes_end(&b);
		CHECK(jbd2_block_type(block, &tid) == JBD2_REVOKE && tid == 0xfffffffe);
		CHECK(jbd2_revokes_start(&revokes, &shape, block));
		for (; jbd2_revokes_next(&revokes, &revoked); i++)
			CHECK(revoked == (high | (i * 13)));
		CHECK(i == room);
		/* one byte more than there is; less than the header; nothing at all */
		used = be32_of(2048 - shape.tail_bytes + 1);
		memcpy(block + 12, &used, sizeof(used));
		CHECK(!jbd2_revokes_start(&revokes, &shape, block));
		CHECK(!jbd2_revokes_next(&revokes, &revoked));
		used = be32_of(7);
		memcpy(block + 12, &used, sizeof(used));
		CHECK(jbd2_revokes_start(&revokes, &shape, block));
		CHECK(!jbd2_revokes_next(&revokes, &revoked));
		used = be32_of(0xffffffff);
		memcpy(block + 12, &used, sizeof(used));
		CHECK(!jbd2_revokes_start(&revokes, &shape, block));
		free(block);
	}
}

static void test_narrow_tags(void)
{
	struct jbd2_entry entry = {.block = 1ull << 32};
	struct jbd2_shape shape = shape_of(&formats[6], 1024);
	struct jbd2_builder b;
	uint8_t block[1024];

	jbd2_tags_begin(&b, &shape, block, 1, uuid);
	CHECK(jbd2_tags_add(&b, &entry) == EOVERFLOW);
}

static void test_super(void)
{
	struct jbd2_sb in = {2, 4096, 32768, 1,	 17,	5, 0, 1, 0x32, 0, "fedcba9876543210",
			     1, 4,    256,   99, 0xcafe};
	struct jbd2_super raw;
	struct jbd2_sb out;

	memset(&raw, 0x5a, sizeof(raw));
	CHECK(!jbd2_super_decode(&raw, &out));
	jbd2_super_encode(&in, &raw);
	raw.checksum = be32_of(0xcafe);
	CHECK(raw.pad2[0] == 0x5a && raw.users[47][15] == 0x5a);
	CHECK(jbd2_super_decode(&raw, &out));
	CHECK(!memcmp(&in, &out, sizeof(in)));
	in.version = 1;
	jbd2_super_encode(&in, &raw);
	CHECK(jbd2_super_decode(&raw, &out));
	CHECK(out.version == 1 && out.maxlen == 32768 && !out.incompat && !out.num_fc_blocks);
	raw.header.type = be32_of(JBD2_COMMIT);
	CHECK(!jbd2_super_decode(&raw, &out));
}

static void test_commit_and_escape(void)
{
	struct jbd2_shape shape = shape_of(&formats[7], 1024);
	uint8_t block[1024], zero[1024] = {0};
	struct jbd2_commit commit;
	uint32_t tid;

	memset(block, 0xff, sizeof(block));
	jbd2_commit_encode(&shape, block, 3, 0x123456789a, 42);
	memcpy(&commit, block, sizeof(commit));
	CHECK(jbd2_block_type(block, &tid) == JBD2_COMMIT && tid == 3);
	CHECK(be64_get(commit.seconds) == 0x123456789a && be32_get(commit.nanoseconds) == 42);
	CHECK(block[0x30 + 3] == 0x12 && block[0x38 + 3] == 42);
	CHECK(!memcmp(block + 60, zero, sizeof(block) - 60));

	CHECK(jbd2_escape(block) && !jbd2_escape(block) && !block[0] && !block[3]);
	CHECK(!jbd2_block_type(block, &tid));
	block[0] = 0xc0, block[1] = 0x3b, block[2] = 0x39, block[3] = 0x98;
	CHECK(jbd2_block_type(block, &tid) == JBD2_COMMIT);
	CHECK(jbd2_tid_after(1, 0xffffffff) && !jbd2_tid_after(0xffffffff, 1));
	CHECK(!jbd2_tid_after(5, 5));
}

int main(void)
{
	test_tags();
	test_layout();
	test_tags_of_rubbish();
	test_deleted();
	test_revokes();
	test_narrow_tags();
	test_super();
	test_commit_and_escape();
	return 0;
}
