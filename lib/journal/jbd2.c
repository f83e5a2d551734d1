// SPDX-License-Identifier: GPL-2.0-or-later
// The log's on-disk format: superblock, descriptor, revoke and commit blocks, decoded and built.
#include "journal/jbd2.h"
#include <errno.h>
#include <string.h>

bool jbd2_super_decode(const struct jbd2_super *raw, struct jbd2_sb *sb)
{
	uint32_t type = be32_get(raw->header.type);

	memset(sb, 0, sizeof(*sb));
	if (be32_get(raw->header.magic) != JBD2_MAGIC)
		return false;
	if (type != JBD2_SUPER_V1 && type != JBD2_SUPER_V2)
		return false;
	sb->version = type == JBD2_SUPER_V1 ? 1 : 2;
	sb->block_size = be32_get(raw->block_size);
	sb->maxlen = be32_get(raw->maxlen);
	sb->first = be32_get(raw->first);
	sb->sequence = be32_get(raw->sequence);
	sb->start = be32_get(raw->start);
	sb->error = be32_get(raw->error);
	if (sb->version == 1)
		return true;
	sb->compat = be32_get(raw->compat);
	sb->incompat = be32_get(raw->incompat);
	sb->ro_compat = be32_get(raw->ro_compat);
	memcpy(sb->uuid, raw->uuid, sizeof(sb->uuid));
	sb->nr_users = be32_get(raw->nr_users);
	sb->checksum_type = raw->checksum_type;
	sb->num_fc_blocks = be32_get(raw->num_fc_blocks);
	sb->head = be32_get(raw->head);
	sb->checksum = be32_get(raw->checksum);
	return true;
}

static struct jbd2_header header_of(enum jbd2_type type, uint32_t tid)
{
	return (struct jbd2_header){be32_of(JBD2_MAGIC), be32_of(type), be32_of(tid)};
}

void jbd2_super_encode(const struct jbd2_sb *sb, struct jbd2_super *raw)
{
	raw->header.magic = be32_of(JBD2_MAGIC);
	raw->header.type = be32_of(sb->version == 1 ? JBD2_SUPER_V1 : JBD2_SUPER_V2);
	raw->block_size = be32_of(sb->block_size);
	raw->maxlen = be32_of(sb->maxlen);
	raw->first = be32_of(sb->first);
	raw->sequence = be32_of(sb->sequence);
	raw->start = be32_of(sb->start);
	raw->error = be32_of(sb->error);
	if (sb->version == 1)
		return;
	raw->compat = be32_of(sb->compat);
	raw->incompat = be32_of(sb->incompat);
	raw->ro_compat = be32_of(sb->ro_compat);
	memcpy(raw->uuid, sb->uuid, sizeof(raw->uuid));
	raw->nr_users = be32_of(sb->nr_users);
	raw->checksum_type = (uint8_t)sb->checksum_type;
	raw->num_fc_blocks = be32_of(sb->num_fc_blocks);
	raw->head = be32_of(sb->head);
}

static enum jbd2_csum csum_kind(const struct jbd2_sb *sb)
{
	if (sb->incompat & JBD2_INCOMPAT_CSUM_V3)
		return JBD2_CSUM_V3;
	if (sb->incompat & JBD2_INCOMPAT_CSUM_V2)
		return JBD2_CSUM_V2;
	return sb->compat & JBD2_COMPAT_CHECKSUM ? JBD2_CSUM_V1 : JBD2_CSUM_NONE;
}

struct jbd2_shape jbd2_shape(const struct jbd2_sb *sb)
{
	struct jbd2_shape shape = {
		.block_size = sb->block_size,
		.csum = csum_kind(sb),
		.wide = sb->incompat & JBD2_INCOMPAT_64BIT,
		.async = sb->incompat & JBD2_INCOMPAT_ASYNC_COMMIT,
	};

	if (shape.csum == JBD2_CSUM_V3)
		shape.tag_bytes = sizeof(struct jbd2_tag3);
	else
		shape.tag_bytes = 8 + (shape.wide ? 4 : 0) + (shape.csum == JBD2_CSUM_V2 ? 2 : 0);
	shape.tail_bytes = shape.csum >= JBD2_CSUM_V2 ? sizeof(struct be32) : 0;
	shape.record_bytes = shape.wide ? sizeof(struct be64) : sizeof(struct be32);
	return shape;
}

uint32_t jbd2_block_type(const void *block, uint32_t *tid)
{
	const struct jbd2_header *header = block;

	*tid = be32_get(header->tid);
	if (be32_get(header->magic) != JBD2_MAGIC)
		return 0;
	return be32_get(header->type);
}

/* ---- descriptor blocks ---- */

void jbd2_tags_start(struct jbd2_tags *tags, const struct jbd2_shape *shape, const void *block)
{
	*tags = (struct jbd2_tags){
		.shape = shape, .block = block, .at = sizeof(struct jbd2_header)};
}

static void tag_decode(const struct jbd2_shape *shape, const uint8_t *at, struct jbd2_entry *entry)
{
	struct jbd2_tag3 tag3 = {0};
	struct jbd2_tag tag = {0};
	uint64_t high = 0;

	if (shape->csum == JBD2_CSUM_V3) {
		memcpy(&tag3, at, sizeof(tag3));
		entry->block = be32_get(tag3.block);
		entry->flags = be32_get(tag3.flags);
		entry->csum = be32_get(tag3.csum);
		high = be32_get(tag3.block_high);
	} else {
		memcpy(&tag, at, shape->wide ? sizeof(tag) : offsetof(struct jbd2_tag, block_high));
		entry->block = be32_get(tag.block);
		entry->flags = be16_get(tag.flags);
		entry->csum = be16_get(tag.csum);
		high = be32_get(tag.block_high);
	}
	if (shape->wide)
		entry->block |= high << 32;
}

bool jbd2_tags_next(struct jbd2_tags *tags, struct jbd2_entry *entry)
{
	const struct jbd2_shape *shape = tags->shape;

	if (tags->done || tags->at + shape->tag_bytes > shape->block_size - shape->tail_bytes)
		return false;
	tag_decode(shape, tags->block + tags->at, entry);
	tags->at += shape->tag_bytes;
	if (!(entry->flags & JBD2_TAG_SAME_UUID))
		tags->at += JBD2_UUID_BYTES;
	tags->done = entry->flags & JBD2_TAG_LAST;
	return true;
}

uint32_t jbd2_tags_room(const struct jbd2_shape *shape)
{
	uint32_t fixed = sizeof(struct jbd2_header) + JBD2_UUID_BYTES + shape->tail_bytes;

	return (shape->block_size - fixed) / shape->tag_bytes;
}

void jbd2_tags_begin(struct jbd2_builder *b, const struct jbd2_shape *shape, void *block,
		     uint32_t tid, const uint8_t uuid[JBD2_UUID_BYTES])
{
	struct jbd2_header header = header_of(JBD2_DESCRIPTOR, tid);

	*b = (struct jbd2_builder){.shape = shape, .block = block, .at = sizeof(header)};
	memset(block, 0, shape->block_size);
	memcpy(block, &header, sizeof(header));
	memcpy(b->uuid, uuid, sizeof(b->uuid));
}

static void tag_encode(const struct jbd2_shape *shape, uint8_t *at, const struct jbd2_entry *entry)
{
	struct be32 low = be32_of((uint32_t)entry->block);
	struct be32 high = be32_of((uint32_t)(entry->block >> 32));

	if (shape->csum == JBD2_CSUM_V3) {
		struct jbd2_tag3 tag = {low, be32_of(entry->flags), high, be32_of(entry->csum)};

		memcpy(at, &tag, sizeof(tag));
	} else {
		struct jbd2_tag tag = {low, be16_of((uint16_t)entry->csum),
				       be16_of((uint16_t)entry->flags), high};

		memcpy(at, &tag, shape->wide ? sizeof(tag) : offsetof(struct jbd2_tag, block_high));
	}
}

int jbd2_tags_add(struct jbd2_builder *b, const struct jbd2_entry *entry)
{
	uint32_t uuid_bytes = b->last ? 0 : JBD2_UUID_BYTES;
	uint32_t end = b->at + b->shape->tag_bytes + uuid_bytes;
	struct jbd2_entry tag = *entry;

	if (!b->shape->wide && entry->block > UINT32_MAX)
		return EOVERFLOW;
	if (end > b->shape->block_size - b->shape->tail_bytes)
		return ENOSPC;
	if (b->last)
		tag.flags |= JBD2_TAG_SAME_UUID;
	tag_encode(b->shape, b->block + b->at, &tag);
	memcpy(b->block + b->at + b->shape->tag_bytes, b->uuid, uuid_bytes);
	b->last = b->at;
	b->at = end;
	return 0;
}

void jbd2_tags_end(struct jbd2_builder *b)
{
	struct jbd2_entry entry;

	if (!b->last)
		return;
	tag_decode(b->shape, b->block + b->last, &entry);
	entry.flags |= JBD2_TAG_LAST;
	tag_encode(b->shape, b->block + b->last, &entry);
}

/* ---- revoke blocks ---- */

bool jbd2_revokes_start(struct jbd2_revokes *revokes, const struct jbd2_shape *shape,
			const void *block)
{
	const struct jbd2_revoke *header = block;
	uint32_t used = be32_get(header->used);
	bool fits = used <= shape->block_size - shape->tail_bytes;

	*revokes = (struct jbd2_revokes){
		.shape = shape, .block = block, .at = sizeof(*header), .end = fits ? used : 0};
	return fits;
}

bool jbd2_revokes_next(struct jbd2_revokes *revokes, uint64_t *block)
{
	struct be32 narrow;
	struct be64 wide;

	if (revokes->at + revokes->shape->record_bytes > revokes->end)
		return false;
	if (revokes->shape->wide) {
		memcpy(&wide, revokes->block + revokes->at, sizeof(wide));
		*block = be64_get(wide);
	} else {
		memcpy(&narrow, revokes->block + revokes->at, sizeof(narrow));
		*block = be32_get(narrow);
	}
	revokes->at += revokes->shape->record_bytes;
	return true;
}

/* ---- commit blocks, escapes ---- */

void jbd2_commit_encode(const struct jbd2_shape *shape, void *block, uint32_t tid, uint64_t seconds,
			uint32_t nanoseconds)
{
	struct jbd2_commit commit = {.header = header_of(JBD2_COMMIT, tid),
				     .seconds = be64_of(seconds),
				     .nanoseconds = be32_of(nanoseconds)};

	memset(block, 0, shape->block_size);
	memcpy(block, &commit, sizeof(commit));
}

bool jbd2_escape(void *data)
{
	static const uint8_t magic[] = {0xc0, 0x3b, 0x39, 0x98};

	if (memcmp(data, magic, sizeof(magic)))
		return false;
	memset(data, 0, sizeof(magic));
	return true;
}
