// SPDX-License-Identifier: GPL-2.0-or-later
// Blocks that are to be read from a log: a hash while it grows, then a sorted array.
#include "io/overlay.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include <string.h>

#define ESCAPED (1ull << 63)
#define DROPPED UINT64_MAX
#define EACH_BYTES (256u << 10) /* read at once */

struct item {
	uint64_t block;
	uint64_t from; /* DROPPED, or a block number with or without ESCAPED */
};

struct overlay {
	struct blkdev *source;
	uint32_t block_size;
	VEC(, struct item) items;
	uint32_t *slots; /* index in items, and 1: open addressing, at most half full */
	size_t slot_mask;
};

errcode_t overlay_new(struct blkdev *source, uint32_t block_size, struct overlay **out)
{
	struct overlay *ov = calloc(1, sizeof(*ov));

	*out = ov;
	if (!ov)
		return ENOMEM;
	ov->source = source;
	ov->block_size = block_size;
	return 0;
}

void overlay_free(struct overlay *ov)
{
	if (!ov)
		return;
	vec_free(&ov->items);
	free(ov->slots);
	free(ov);
}

/* ---- building ---- */

static size_t hash(uint64_t block)
{
	return (size_t)(block * 0x9e3779b97f4a7c15u >> 32);
}

/* The slot that holds BLOCK, or the free one where it belongs. */
static uint32_t *slot_of(const struct overlay *ov, uint64_t block)
{
	size_t at = hash(block) & ov->slot_mask;

	while (ov->slots[at] && ov->items.items[ov->slots[at] - 1].block != block)
		at = (at + 1) & ov->slot_mask;
	return &ov->slots[at];
}

static errcode_t grow(struct overlay *ov)
{
	size_t size = ov->slots ? (ov->slot_mask + 1) * 2 : 64;
	uint32_t *slots;

	if (size > UINT32_MAX)
		return ENOMEM;
	slots = calloc(size, sizeof(*slots));
	if (!slots)
		return ENOMEM;
	free(ov->slots);
	ov->slots = slots;
	ov->slot_mask = size - 1;
	for (size_t i = 0; i < ov->items.count; i++)
		*slot_of(ov, ov->items.items[i].block) = (uint32_t)i + 1;
	return 0;
}

errcode_t overlay_put(struct overlay *ov, const struct overlay_entry *entry)
{
	struct item item = {entry->block, entry->from | (entry->escaped ? ESCAPED : 0)};
	uint32_t *slot;
	errcode_t err;

	if (!ov->slots || ov->items.count * 2 > ov->slot_mask) {
		err = grow(ov);
		if (err)
			return err;
	}
	slot = slot_of(ov, entry->block);
	if (*slot) {
		ov->items.items[*slot - 1] = item;
		return 0;
	}
	if (vec_push(&ov->items, item))
		return ENOMEM;
	*slot = (uint32_t)ov->items.count;
	return 0;
}

void overlay_drop(struct overlay *ov, uint64_t block)
{
	uint32_t *slot = ov->slots ? slot_of(ov, block) : NULL;

	if (slot && *slot)
		ov->items.items[*slot - 1].from = DROPPED;
}

static int by_block(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return x->block < y->block ? -1 : x->block > y->block;
}

void overlay_seal(struct overlay *ov)
{
	struct item *fitted;
	size_t kept = 0;

	free(ov->slots);
	ov->slots = NULL;
	for (size_t i = 0; i < ov->items.count; i++)
		if (ov->items.items[i].from != DROPPED)
			ov->items.items[kept++] = ov->items.items[i];
	ov->items.count = kept;
	if (!kept)
		return;
	qsort(ov->items.items, kept, sizeof(*ov->items.items), by_block);
	fitted = realloc(ov->items.items, kept * sizeof(*fitted));
	if (fitted) {
		ov->items.items = fitted;
		ov->items.room = kept;
	}
}

/* ---- asking ---- */

size_t overlay_count(const struct overlay *ov)
{
	return ov ? ov->items.count : 0;
}

/* The number of covered blocks below BLOCK. */
static size_t lower_bound(const struct overlay *ov, uint64_t block)
{
	size_t low = 0, high = overlay_count(ov);

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ov->items.items[mid].block < block)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool overlay_next(const struct overlay *ov, uint64_t *from, struct overlay_entry *entry)
{
	size_t i = lower_bound(ov, *from);
	const struct item *item;

	if (i == overlay_count(ov))
		return false;
	item = &ov->items.items[i];
	*entry = (struct overlay_entry){item->block, item->from & ~ESCAPED, item->from & ESCAPED};
	*from = item->block + 1;
	return true;
}

bool overlay_meets(const struct overlay *ov, uint64_t block, uint64_t count)
{
	size_t i = lower_bound(ov, block);

	return i < overlay_count(ov) && ov->items.items[i].block - block < count;
}

/* ---- reading ---- */

/* Part of a read: [off, off + len) of the file system goes to BUF. */
struct piece {
	uint64_t off;
	size_t len;
	uint8_t *buf;
};

/* Give an escaped block at BLOCK_OFF its first bytes back, as far as the piece holds them. */
static void unescape(const struct piece *piece, uint64_t block_off)
{
	static const uint8_t magic[] = {0xc0, 0x3b, 0x39, 0x98};

	for (size_t i = 0; i < sizeof(magic); i++)
		if (block_off + i >= piece->off && block_off + i - piece->off < piece->len)
			piece->buf[block_off + i - piece->off] = magic[i];
}

/* Read what [i, end) of the items covers, neighbours here and there, into its part of WHOLE. */
static errcode_t read_run(const struct overlay *ov, const struct item *first, size_t count,
			  const struct piece *whole)
{
	uint64_t size = ov->block_size;
	uint64_t start = first->block * size, end = start + count * size;
	uint64_t from = (first->from & ~ESCAPED) * size;
	struct piece piece = *whole;
	errcode_t err;

	if (start > whole->off) {
		piece.off = start;
		piece.buf = whole->buf + (start - whole->off);
	}
	if (end > whole->off + whole->len)
		end = whole->off + whole->len;
	piece.len = (size_t)(end - piece.off);
	err = blkdev_read(ov->source, from + (piece.off - start), piece.len, piece.buf);
	for (size_t i = 0; !err && i < count; i++)
		if (first[i].from & ESCAPED)
			unescape(&piece, start + i * size);
	return err;
}

static bool follows(const struct item *a, const struct item *b)
{
	return b->block == a->block + 1 && (b->from & ~ESCAPED) == (a->from & ~ESCAPED) + 1;
}

errcode_t overlay_read(const struct overlay *ov, struct blkdev *dev, uint64_t off, size_t len,
		       void *buf)
{
	struct piece whole = {off, len, buf};
	uint64_t first, end;
	size_t i, stop, n;
	errcode_t err = 0;

	if (!len || !overlay_count(ov))
		return blkdev_read(dev, off, len, buf);
	if (off + (len - 1) < off)
		return EOVERFLOW;
	first = off / ov->block_size;
	end = (off + (len - 1)) / ov->block_size + 1;
	i = lower_bound(ov, first);
	stop = lower_bound(ov, end);
	if (stop - i < end - first)
		err = blkdev_read(dev, off, len, buf);
	for (; !err && i < stop; i += n) {
		for (n = 1; i + n < stop; n++)
			if (!follows(&ov->items.items[i + n - 1], &ov->items.items[i + n]))
				break;
		err = read_run(ov, &ov->items.items[i], n, &whole);
	}
	return err;
}

/* Read blocks in the order of their numbers as the log has them: neighbours there at once. */
static errcode_t load_many(const struct overlay *ov, size_t first, size_t room, uint8_t *buf,
			   size_t *count)
{
	const struct item *item = &ov->items.items[first];
	uint64_t size = ov->block_size, from = item->from & ~ESCAPED;
	errcode_t err;
	size_t n = 1;

	while (n < room && first + n < ov->items.count && (item[n].from & ~ESCAPED) == from + n)
		n++;
	err = blkdev_read(ov->source, from * size, n * size, buf);
	for (size_t i = 0; !err && i < n; i++) {
		struct piece piece = {0, size, buf + i * size};

		if (item[i].from & ESCAPED)
			unescape(&piece, 0);
	}
	*count = n;
	return err;
}

errcode_t overlay_each(const struct overlay *ov,
		       errcode_t (*visit)(void *arg, uint64_t block, const void *data), void *arg)
{
	AUTO_FREE uint8_t *buf = NULL;
	size_t room, n;
	errcode_t err = 0;

	if (!overlay_count(ov))
		return 0;
	room = EACH_BYTES / ov->block_size ? EACH_BYTES / ov->block_size : 1;
	buf = malloc(room * ov->block_size);
	if (!buf)
		return ENOMEM;
	for (size_t i = 0; i < ov->items.count && !err; i += n) {
		err = load_many(ov, i, room, buf, &n);
		for (size_t k = 0; k < n && !err; k++)
			err = visit(arg, ov->items.items[i + k].block, buf + k * ov->block_size);
	}
	return err;
}
