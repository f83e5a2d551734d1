// SPDX-License-Identifier: GPL-2.0-or-later
// Remembers what was changed of a map, in ranges.
#include "tree/changes.h"

#include <stdlib.h>

static int span_order(const void *a, const void *b)
{
	const struct e4z_span *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Changes often come in the order of the file. */
static bool in_order(const struct changes *changes)
{
	for (size_t i = 1; i < changes->spans.count; i++)
		if (changes->spans.items[i].start < changes->spans.items[i - 1].start)
			return false;
	return true;
}

void changes_sort(struct changes *changes)
{
	struct e4z_span *span = changes->spans.items;
	size_t kept = 0;

	if (!changes->spans.count)
		return;
	if (!in_order(changes))
		qsort(span, changes->spans.count, sizeof(*span), span_order);
	for (size_t i = 1; i < changes->spans.count; i++) {
		uint64_t end = span[i].start + span[i].len;

		if (span[i].start > span[kept].start + span[kept].len)
			span[++kept] = span[i];
		else if (end > span[kept].start + span[kept].len)
			span[kept].len = end - span[kept].start;
	}
	changes->spans.count = kept + 1;
}

void changes_add(struct changes *changes, uint64_t start, uint64_t end)
{
	struct e4z_span *last;

	if (!changes->spans.count) {
		/* changes_reserve() made space for this one */
		changes->spans.items[changes->spans.count++] =
			(struct e4z_span){start, end - start};
		return;
	}
	last = &changes->spans.items[changes->spans.count - 1];
	if (start < last->start || start > last->start + last->len) {
		if (!vec_push(&changes->spans, ((struct e4z_span){start, end - start})))
			return;
		/* a change must not fail half way: a wider range has to do */
		last = &changes->spans.items[changes->spans.count - 1];
		if (start < last->start) {
			last->len += last->start - start;
			last->start = start;
		}
	}
	if (end > last->start + last->len)
		last->len = end - last->start;
}

errcode_t changes_reserve(struct changes *changes)
{
	if (changes->spans.count && changes->spans.count >= changes->sort_at) {
		changes_sort(changes);
		changes->sort_at = changes->spans.count < 512 ? 1024 : changes->spans.count * 2;
	}
	return vec_grow(&changes->spans.items, changes->spans.count, &changes->spans.room,
			sizeof(struct e4z_span));
}

void changes_clear(struct changes *changes)
{
	vec_free(&changes->spans);
	changes->sort_at = 0;
}
