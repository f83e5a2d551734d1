// SPDX-License-Identifier: GPL-2.0-or-later
// Makes revoke blocks, record by record.
#include "revokes.h"
#include <errno.h>
#include <string.h>

uint32_t revokes_room(const struct jbd2_shape *shape)
{
	uint32_t fixed = sizeof(struct jbd2_revoke) + shape->tail_bytes;

	return (shape->block_size - fixed) / shape->record_bytes;
}

void revokes_begin(struct jbd2_builder *b, const struct jbd2_shape *shape, void *block,
		   uint32_t tid)
{
	const struct jbd2_header header = {be32_of(JBD2_MAGIC), be32_of(JBD2_REVOKE), be32_of(tid)};

	*b = (struct jbd2_builder){
		.shape = shape, .block = block, .at = sizeof(struct jbd2_revoke)};
	memset(block, 0, shape->block_size);
	memcpy(block, &header, sizeof(header));
}

int revokes_add(struct jbd2_builder *b, uint64_t block)
{
	struct be64 wide = be64_of(block);
	uint32_t bytes = b->shape->record_bytes;

	if (!b->shape->wide && block > UINT32_MAX)
		return EOVERFLOW;
	if (b->at + bytes > b->shape->block_size - b->shape->tail_bytes)
		return ENOSPC;
	memcpy(b->block + b->at, wide.b + sizeof(wide) - bytes, bytes);
	b->last = b->at;
	b->at += bytes;
	return 0;
}

void revokes_end(struct jbd2_builder *b)
{
	struct be32 used = be32_of(b->at);

	memcpy(b->block + offsetof(struct jbd2_revoke, used), &used, sizeof(used));
}
