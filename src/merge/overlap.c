// SPDX-License-Identifier: GPL-2.0-or-later
// Collects the claims of all shards, merges them in ascending order, and looks for two that meet.

#include "merge/overlap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the largest number. */
#define NUMBER_MAX 10

void overlap_free(struct overlap *o)
{
	for (int of = 0; of < 2; of++) {
		free(o->lists[of].bytes);
		free(o->lists[of].runs);
	}
}

void overlap_next_shard(struct overlap *o)
{
	for (int of = 0; of < 2; of++) {
		o->lists[of].end = 0;
		o->lists[of].same = false;
	}
}

/* ---- the ranges of a report ---- */

static errcode_t begin_run(struct overlap_list *list)
{
	if (list->run_count == list->run_room) {
		size_t room = list->run_room ? 2 * list->run_room : 16;
		size_t *runs = reallocarray(list->runs, room, sizeof(*runs));

		if (!runs)
			return ENOMEM;
		list->runs = runs;
		list->run_room = room;
	}
	list->runs[list->run_count++] = list->len;
	list->same = true;
	return 0;
}

static void put(struct overlap_list *list, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		list->bytes[list->len++] = (uint8_t)(value | 0x80);
	list->bytes[list->len++] = (uint8_t)value;
}

static errcode_t push(struct overlap_list *list, uint64_t start, uint64_t end)
{
	errcode_t err = list->same ? 0 : begin_run(list);

	if (!err && list->room - list->len < 2 * NUMBER_MAX) {
		size_t room = list->room ? 2 * list->room : 4096;
		uint8_t *bytes = realloc(list->bytes, room);

		if (!bytes)
			return ENOMEM;
		list->bytes = bytes;
		list->room = room;
	}
	if (err)
		return err;
	put(list, start - list->end);
	put(list, end - start);
	list->end = end;
	return 0;
}

/* The number at *TEXT, which moves past it, below LIMIT. */
static bool number(const char **text, uint64_t limit, uint64_t *value)
{
	const char *from = *text;

	*value = 0;
	for (; **text >= '0' && **text <= '9'; ++*text)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(**text - '0'), value))
			return false;
	return *text > from && *value < limit;
}

errcode_t overlap_add(struct overlap *o, enum e4z_claims_of of, const char *text, uint64_t limit)
{
	struct overlap_list *list = &o->lists[of];
	uint64_t end = 0;

	for (;; text++) {
		uint64_t gap, len = 1, start;
		errcode_t err;

		if (!number(&text, limit, &gap))
			return EINVAL;
		if (*text == '+' && (text++, !number(&text, limit + 1, &len)))
			return EINVAL;
		/* none of the three is more than LIMIT, which is far from the largest number */
		start = end + gap;
		end = start + len;
		if (!len || start < list->end || end > limit || (*text && *text != ','))
			return EINVAL;
		err = push(list, start, end);
		if (err || !*text)
			return err;
	}
}

/* ---- all of them, in ascending order ---- */

/* The ranges of one shard that are left; the first of them is [start, end). */
struct cursor {
	const uint8_t *at, *stop;
	uint64_t start, end;
};

/* The shard whose next range is the first of all comes first: a heap. */
struct stream {
	struct cursor *heap;
	size_t count;
};

static uint64_t take(const uint8_t **at)
{
	uint64_t value = 0;
	unsigned shift = 0;

	for (; **at & 0x80; ++*at, shift += 7)
		value |= (uint64_t)(**at & 0x7f) << shift;
	value |= (uint64_t) * *at << shift;
	++*at;
	return value;
}

/* Go to the next range; false: that was the last one. */
static bool advance(struct cursor *c)
{
	if (c->at == c->stop)
		return false;
	c->start = c->end + take(&c->at);
	c->end = c->start + take(&c->at);
	return true;
}

/* The heap is one but for item I, which may have to go down. */
static void sift(struct stream *s, size_t i)
{
	struct cursor moved = s->heap[i];

	for (size_t child; (child = 2 * i + 1) < s->count; i = child) {
		if (child + 1 < s->count && s->heap[child + 1].start < s->heap[child].start)
			child++;
		if (moved.start <= s->heap[child].start)
			break;
		s->heap[i] = s->heap[child];
	}
	s->heap[i] = moved;
}

static errcode_t stream_open(struct stream *s, const struct overlap_list *list)
{
	*s = (struct stream){.heap = calloc(list->run_count + 1, sizeof(*s->heap))};
	if (!s->heap)
		return ENOMEM;
	for (; s->count < list->run_count; s->count++) {
		size_t next = s->count + 1;
		struct cursor *c = &s->heap[s->count];

		c->at = list->bytes + list->runs[s->count];
		c->stop = list->bytes + (next < list->run_count ? list->runs[next] : list->len);
		(void)advance(c);
	}
	for (size_t i = s->count / 2; i--;)
		sift(s, i);
	return 0;
}

/* The next range, by its start, of any shard; false: that was the last one. */
static bool stream_next(struct stream *s, struct e4z_range *range)
{
	struct cursor *first = s->heap;

	if (!s->count)
		return false;
	*range = (struct e4z_range){first->start, first->end - first->start};
	if (!advance(first))
		*first = s->heap[--s->count];
	sift(s, 0);
	return true;
}

/* ---- do any two meet? ---- */

struct search {
	struct stream alone, xattr;
	uint32_t cluster_blocks;
	struct e4z_range waiting;      /* of attributes, read ahead; empty: none */
	uint64_t alone_end, xattr_end; /* of the clusters that were last */
	bool meet;
};

static bool next_alone(struct search *s, struct e4z_range *range)
{
	if (!stream_next(&s->alone, range))
		return false;
	s->meet |= range->start < s->alone_end;
	s->alone_end = range->start + range->len;
	return true;
}

/* The clusters of the next blocks of attributes. The same block may be another shard's, too. */
static bool next_xattr(struct search *s, struct e4z_range *range)
{
	struct e4z_range next = {0, 0};
	uint64_t start = s->waiting.start, end = start + s->waiting.len, first;

	if (!s->waiting.len)
		return false;
	while (stream_next(&s->xattr, &next) && next.start <= end)
		end = next.start + next.len > end ? next.start + next.len : end;
	s->waiting = next.start > end ? next : (struct e4z_range){0, 0};
	first = start / s->cluster_blocks;
	*range = (struct e4z_range){first, (end - 1) / s->cluster_blocks + 1 - first};
	s->meet |= range->len < end - start || first < s->xattr_end;
	s->xattr_end = first + range->len;
	return true;
}

static void look(struct search *s)
{
	struct e4z_range a, b;
	bool more_a = next_alone(s, &a), more_b;

	(void)stream_next(&s->xattr, &s->waiting);
	more_b = next_xattr(s, &b);
	while ((more_a || more_b) && !s->meet) {
		if (more_a && more_b)
			s->meet = a.start < b.start + b.len && b.start < a.start + a.len;
		if (!more_b || (more_a && a.start + a.len < b.start + b.len))
			more_a = next_alone(s, &a);
		else
			more_b = next_xattr(s, &b);
	}
}

errcode_t overlap_any(const struct overlap *o, uint32_t cluster_blocks, bool *any)
{
	struct search s = {.cluster_blocks = cluster_blocks};
	errcode_t err = stream_open(&s.alone, &o->lists[E4Z_CLAIMS_CLUSTERS]);

	if (!err)
		err = stream_open(&s.xattr, &o->lists[E4Z_CLAIMS_XATTR]);
	if (!err)
		look(&s);
	free(s.alone.heap);
	free(s.xattr.heap);
	*any = s.meet;
	return err;
}
