// SPDX-License-Identifier: GPL-2.0-or-later
// Makes small images with a log in them, with the codec's writing side.
#include "logmaker.h"
#include "../check.h"
#include "../random.h"
#include "device/hostfile.h"
#include "journal/csum.h"
#include "revokes.h"
#include <string.h>
#include <unistd.h>

static const uint8_t fs_uuid[JBD2_UUID_BYTES] = "file system uuid";

void logmaker_open(struct logmaker *lm, uint32_t block_size, uint32_t compat, uint32_t incompat,
		   uint32_t maxlen, uint32_t start, uint32_t tid)
{
	uint32_t third = maxlen / 3;

	*lm = (struct logmaker){.at = start, .tid = tid, .seconds = 1000, .crc = CSUM_V1_START};
	lm->sb = (struct jbd2_sb){.version = 2,
				  .block_size = block_size,
				  .maxlen = maxlen,
				  .first = 1,
				  .sequence = tid,
				  .start = start,
				  .compat = compat,
				  .incompat = incompat,
				  .uuid = "a journal's uuid",
				  .nr_users = 1,
				  .checksum_type = JBD2_CRC32C};
	lm->shape = jbd2_shape(&lm->sb);
	lm->seed = csum_seed(lm->sb.uuid);
	lm->last = maxlen;
	lm->blocks = LOGMAKER_BLOCKS + maxlen;
	lm->runs[0] = (struct log_run){LOGMAKER_BLOCKS + (maxlen - third), 0, third};
	lm->runs[1] = (struct log_run){LOGMAKER_BLOCKS, third, third};
	lm->runs[2] = (struct log_run){LOGMAKER_BLOCKS + third, 2 * third, maxlen - 2 * third};
	lm->image = malloc(lm->blocks * block_size);
	CHECK(lm->image);
	for (uint64_t b = 0; b < lm->blocks; b++)
		memset(lm->image + b * block_size, (uint8_t)b, block_size);
	logmaker_super(lm);
}

void logmaker_close(struct logmaker *lm)
{
	free(lm->image);
}

uint8_t *logmaker_block(struct logmaker *lm, uint32_t n)
{
	size_t i = 2;

	while (lm->runs[i].lblk > n)
		i--;
	return lm->image + (lm->runs[i].pblk + n - lm->runs[i].lblk) * lm->shape.block_size;
}

uint8_t *logmaker_next(struct logmaker *lm)
{
	uint8_t *block = logmaker_block(lm, lm->at);

	if (++lm->at == lm->last)
		lm->at = lm->sb.first;
	return block;
}

void logmaker_content(const struct logmaker *lm, const struct logmaker_write *write, uint8_t *data)
{
	const struct be32 magic = be32_of(JBD2_MAGIC);
	uint32_t random = write->fill * 2654435761u + 1;

	for (uint32_t i = 0; i < lm->shape.block_size; i++)
		data[i] = (uint8_t)(next_random(&random) >> 24);
	if (write->magic)
		memcpy(data, &magic, sizeof(magic));
	else
		data[0] &= 0x7f;
}

void logmaker_revoke(struct logmaker *lm, const uint64_t *revokes, size_t count)
{
	struct jbd2_builder b;
	uint8_t *block;

	for (size_t i = 0; i < count;) {
		block = logmaker_next(lm);
		revokes_begin(&b, &lm->shape, block, lm->tid);
		while (i < count && !revokes_add(&b, revokes[i]))
			i++;
		revokes_end(&b);
		csum_tail_set(&lm->shape, lm->seed, block);
	}
}

/* A descriptor block and what it describes; the number of writes that it took. */
static size_t one_descriptor(struct logmaker *lm, const struct logmaker_write *writes, size_t count)
{
	uint8_t *descriptor = logmaker_next(lm), *data;
	uint32_t size = lm->shape.block_size, crc = lm->crc;
	struct jbd2_builder b;
	uint32_t at = lm->at;
	size_t n, room = jbd2_tags_room(&lm->shape);

	jbd2_tags_begin(&b, &lm->shape, descriptor, lm->tid, fs_uuid);
	for (n = 0; n < count && n < room; n++) {
		struct jbd2_entry entry = {.block = writes[n].block};

		data = logmaker_next(lm);
		logmaker_content(lm, &writes[n], data);
		if (jbd2_escape(data))
			entry.flags = JBD2_TAG_ESCAPED;
		entry.csum = csum_data(&lm->shape, lm->seed, lm->tid, data);
		CHECK(jbd2_tags_add(&b, &entry) == 0);
	}
	jbd2_tags_end(&b);
	csum_tail_set(&lm->shape, lm->seed, descriptor);
	crc = csum_v1(crc, descriptor, size);
	for (size_t i = 0; i < n; i++) {
		crc = csum_v1(crc, logmaker_block(lm, at), size);
		at = at + 1 == lm->last ? lm->sb.first : at + 1;
	}
	lm->crc = crc;
	return n;
}

void logmaker_blocks(struct logmaker *lm, const struct logmaker_write *writes, size_t count)
{
	for (size_t i = 0; i < count;)
		i += one_descriptor(lm, writes + i, count - i);
}

void logmaker_commit(struct logmaker *lm)
{
	uint8_t *block = logmaker_next(lm);

	jbd2_commit_encode(&lm->shape, block, lm->tid++, lm->seconds++, 0);
	if (lm->shape.csum == JBD2_CSUM_V1)
		csum_v1_set(lm->crc, block);
	else if (lm->shape.csum >= JBD2_CSUM_V2)
		csum_commit_set(&lm->shape, lm->seed, block);
	lm->crc = CSUM_V1_START;
}

void logmaker_transaction(struct logmaker *lm, const struct logmaker_write *writes, size_t count,
			  const uint64_t *revokes, size_t revoke_count)
{
	logmaker_revoke(lm, revokes, revoke_count);
	logmaker_blocks(lm, writes, count);
	logmaker_commit(lm);
}

void logmaker_super(struct logmaker *lm)
{
	struct jbd2_super raw = {0};

	jbd2_super_encode(&lm->sb, &raw);
	memcpy(raw.users[0], fs_uuid, sizeof(fs_uuid));
	if (lm->shape.csum >= JBD2_CSUM_V2)
		csum_super_set(&raw);
	memcpy(logmaker_block(lm, 0), &raw, sizeof(raw));
}

struct blkdev *logmaker_device(const struct logmaker *lm)
{
	const char *dir = getenv("TMPDIR");
	size_t size = lm->blocks * lm->shape.block_size;
	struct blkdev *dev = NULL;
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/e4zero-log.XXXXXX", dir ? dir : "/tmp");
	fd = mkstemp(path);
	CHECK(fd >= 0);
	CHECK(write(fd, lm->image, size) == (ssize_t)size);
	close(fd);
	CHECK(hostfile_open(path, &dev) == 0);
	unlink(path);
	return dev;
}
