// SPDX-License-Identifier: GPL-2.0-or-later
// Collects the claims of all shards, sorts them, and looks for two that meet.

#include "merge/overlap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void overlap_free(struct overlap *o)
{
	free(o->lists[E4Z_CLAIMS_CLUSTERS].items);
	free(o->lists[E4Z_CLAIMS_XATTR].items);
}

void overlap_next_shard(struct overlap *o)
{
	o->lists[E4Z_CLAIMS_CLUSTERS].end = o->lists[E4Z_CLAIMS_XATTR].end = 0;
}

static errcode_t push(struct overlap_list *list, uint64_t start, uint64_t end)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 1024;
		struct e4z_range *items = reallocarray(list->items, room, sizeof(*items));

		if (!items)
			return ENOMEM;
		list->items = items;
		list->room = room;
	}
	list->items[list->count++] = (struct e4z_range){start, end - start};
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

/* ---- all of them ---- */

static int compare(const void *pa, const void *pb)
{
	const struct e4z_range *a = pa, *b = pb;

	return (a->start > b->start) - (a->start < b->start);
}

/* Sort LIST: any two meet. */
static bool sort(struct overlap_list *list)
{
	bool meet = false;

	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), compare);
	for (size_t i = 1; i < list->count; i++)
		meet |= list->items[i].start - list->items[i - 1].start < list->items[i - 1].len;
	return meet;
}

/* LIST, sorted, without what is in it twice. */
static void unite(struct overlap_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct e4z_range next = list->items[i];
		struct e4z_range *last = kept ? &list->items[kept - 1] : NULL;

		if (!last || last->start + last->len < next.start)
			list->items[kept++] = next;
		else if (last->start + last->len < next.start + next.len)
			last->len = next.start + next.len - last->start;
	}
	list->count = kept;
}

/* Blocks become their clusters: any cluster has two of them. */
static bool to_clusters(struct overlap_list *list, uint32_t blocks)
{
	bool meet = false;

	for (size_t i = 0; i < list->count; i++) {
		struct e4z_range *range = &list->items[i];
		uint64_t first = range->start / blocks;
		uint64_t end = (range->start + range->len - 1) / blocks + 1;

		meet |= end - first < range->len;
		meet |= i && first < list->items[i - 1].start + list->items[i - 1].len;
		*range = (struct e4z_range){first, end - first};
	}
	return meet;
}

bool overlap_any(struct overlap *o, uint32_t cluster_blocks)
{
	struct overlap_list *a = &o->lists[E4Z_CLAIMS_CLUSTERS], *b = &o->lists[E4Z_CLAIMS_XATTR];
	bool meet = sort(a);

	/* the same block of attributes may be another shard's, too */
	(void)sort(b);
	unite(b);
	meet |= to_clusters(b, cluster_blocks);
	for (size_t i = 0, j = 0; i < a->count && j < b->count && !meet;) {
		const struct e4z_range *x = &a->items[i], *y = &b->items[j];

		meet = x->start < y->start + y->len && y->start < x->start + x->len;
		if (x->start + x->len < y->start + y->len)
			i++;
		else
			j++;
	}
	return meet;
}
