// SPDX-License-Identifier: GPL-2.0-or-later
// An append-only store of blocks and a hash table of the newest of each.
#include "io/stash.h"

#include "base/invariant.h"
#include "base/vec.h"
#include "base/whole.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES (1u << 20)
#define FIRST_ROOM 256 /* slots, a power of two */

/* A block that was put once; going back may leave it with nothing. */
struct slot {
	uint64_t block;
	uint32_t newest; /* index + 1 of it */
	bool used;
};

struct stash {
	uint32_t block_size;
	size_t memory;
	uint64_t used;		 /* bytes of the store: chunks first, then the file */
	VEC(, uint8_t *) chunks; /* of CHUNK_BYTES */
	struct tmpfiles *files;
	int fd;
	VEC(, struct stashed) all;
	struct slot *slots;
	size_t room, slots_used;
	size_t mark;
	uint64_t used_mark;
};

struct stash *stash_new(uint32_t block_size, size_t memory, struct tmpfiles *files)
{
	struct stash *stash = calloc(1, sizeof(*stash));

	if (stash)
		*stash = (struct stash){
			.block_size = block_size,
			.memory = memory - memory % block_size,
			.files = files,
			.fd = -1,
		};
	return stash;
}

void stash_free(struct stash *stash)
{
	if (!stash)
		return;
	for (size_t i = 0; i < stash->chunks.count; i++)
		free(stash->chunks.items[i]);
	vec_free(&stash->chunks);
	vec_free(&stash->all);
	free(stash->slots);
	tmpfiles_give(stash->files, stash->fd);
	free(stash);
}

/* ---- the table ---- */

/* Where BLOCK is, or would be. */
static struct slot *find_slot(const struct stash *stash, uint64_t block)
{
	size_t at = (size_t)(block * 0x9e3779b97f4a7c15ull >> 20) & (stash->room - 1);

	while (stash->slots[at].used && stash->slots[at].block != block)
		at = (at + 1) & (stash->room - 1);
	return &stash->slots[at];
}

/* Make room for one more. */
static errcode_t grow(struct stash *stash)
{
	struct slot *old = stash->slots;
	size_t room = stash->room;

	if (room && stash->slots_used < room / 4 * 3)
		return 0;
	stash->slots = calloc(room ? room * 2 : FIRST_ROOM, sizeof(*old));
	if (!stash->slots) {
		stash->slots = old;
		return ENOMEM;
	}
	stash->room = room ? room * 2 : FIRST_ROOM;
	for (size_t i = 0; i < room; i++)
		if (old[i].used)
			*find_slot(stash, old[i].block) = old[i];
	free(old);
	return 0;
}

const struct stashed *stash_find(const struct stash *stash, uint64_t block)
{
	const struct slot *slot = stash->all.count ? find_slot(stash, block) : NULL;

	return slot && slot->used && slot->newest ? &stash->all.items[slot->newest - 1] : NULL;
}

uint64_t stash_first(const struct stash *stash, uint64_t from, uint64_t end)
{
	if (!stash->all.count)
		return end;
	/* whichever is less: the blocks of the range, or all that are there */
	if (end - from < stash->room) {
		while (from < end && !stash_find(stash, from))
			from++;
		return from;
	}
	for (size_t i = 0; i < stash->room; i++) {
		const struct slot *slot = &stash->slots[i];

		if (slot->used && slot->newest && slot->block >= from && slot->block < end)
			end = slot->block;
	}
	return end;
}

/* ---- the store ---- */

static errcode_t store_in_file(struct stash *stash, const void *data)
{
	errcode_t err = stash->fd < 0 ? tmpfiles_take(stash->files, &stash->fd) : 0;

	return err ? err
		   : whole_pwrite(stash->fd, data, stash->block_size, stash->used - stash->memory);
}

static errcode_t store(struct stash *stash, const void *data)
{
	size_t chunk = (size_t)(stash->used / CHUNK_BYTES);
	uint8_t *new;

	if (stash->used + stash->block_size > stash->memory) {
		errcode_t err = store_in_file(stash, data);

		stash->used += err ? 0 : stash->block_size;
		return err;
	}
	if (chunk == stash->chunks.count) {
		new = malloc(CHUNK_BYTES);
		if (!new || vec_push(&stash->chunks, new)) {
			free(new);
			return ENOMEM;
		}
	}
	memcpy(stash->chunks.items[chunk] + stash->used % CHUNK_BYTES, data, stash->block_size);
	stash->used += stash->block_size;
	return 0;
}

errcode_t stash_read(const struct stash *stash, const struct stashed *it, void *buf)
{
	uint32_t bs = stash->block_size;

	if (it->place == STASH_ZERO)
		memset(buf, 0, bs);
	else if (it->place + bs > stash->memory)
		return whole_pread(stash->fd, buf, bs, it->place - stash->memory);
	else
		memcpy(buf, stash->chunks.items[it->place / CHUNK_BYTES] + it->place % CHUNK_BYTES,
		       bs);
	return 0;
}

/* S1 and S3. */
static errcode_t check(const struct stash *stash, uint32_t number, uint32_t group)
{
	const struct stashed *last = stash->all.count ? &stash->all.items[stash->all.count - 1]
						      : NULL;
	errcode_t err = last ? INVARIANT("S1", number >= last->number && group >= last->group) : 0;

	return err ? err
		   : INVARIANT("S3",
			       stash->mark <= stash->all.count && stash->used_mark <= stash->used);
}

errcode_t stash_put(struct stash *stash, uint64_t block, const void *data, uint32_t number,
		    uint32_t group, bool only)
{
	struct stashed it = {
		.block = block,
		.place = data ? stash->used : STASH_ZERO,
		.number = number,
		.group = group,
		.only = only,
	};
	errcode_t err = check(stash, number, group);
	struct slot *slot;

	if (!err)
		err = stash->all.count < UINT32_MAX ? grow(stash) : ENOMEM;
	if (!err && data)
		err = store(stash, data);
	if (err)
		return err;
	slot = find_slot(stash, block);
	it.older = slot->used ? slot->newest : 0;
	err = INVARIANT("S2", it.older <= stash->all.count);
	if (!err && vec_push(&stash->all, it))
		err = ENOMEM;
	if (err)
		return err;
	stash->slots_used += !slot->used;
	*slot = (struct slot){.block = block, .newest = (uint32_t)stash->all.count, .used = true};
	return 0;
}

const struct stashed *stash_all(const struct stash *stash, size_t *count)
{
	*count = stash->all.count;
	return stash->all.items;
}

/* ---- going back ---- */

void stash_mark(struct stash *stash)
{
	stash->mark = stash->all.count;
	stash->used_mark = stash->used;
}

void stash_back(struct stash *stash)
{
	while (stash->all.count > stash->mark) {
		const struct stashed *it = &stash->all.items[stash->all.count - 1];

		find_slot(stash, it->block)->newest = it->older;
		stash->all.count--;
	}
	stash->used = stash->used_mark;
}
