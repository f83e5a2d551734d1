// SPDX-License-Identifier: GPL-2.0-or-later
// Says which blocks differ from what is below, and seals them.
#include "io/capture.h"

#include "base/cleanup.h"
#include "base/invariant.h"
#include "io/capture_state.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIST_BYTES (256u << 10) /* compared at once */
#define GIVEN_AWAY UINT64_MAX	/* no mark is that high */

/* What becomes zero at home is sealed as ranges: what was sealed of it before is older. */
static errcode_t seal_zeroed(struct capture *cap)
{
	uint64_t from = 0, start, len, bs = cap->block_size;
	errcode_t err = 0;

	if (!cap->zero)
		cap->zero = calloc(1, bs);
	if (!cap->zero)
		return ENOMEM;
	while (!err && rangeset_next(cap->zeroed, &from, &start, &len)) {
		uint64_t end = start + len, at = start;

		err = capture_note_zeroed(cap, &cap->zeroes, start * bs, len * bs);
		for (; !err && (at = table_first(&cap->sealed, at, end)) < end; at++)
			table_find(&cap->sealed, at)->data = cap->zero;
	}
	return err;
}

errcode_t capture_seal(struct capture *cap, const struct captured *list, size_t count)
{
	errcode_t failed = INVARIANT("V4", count <= cap->changed.count);

	if (!failed && cap->zeroed)
		failed = seal_zeroed(cap);
	if (failed)
		return failed;
	for (size_t i = 0; i < count; i++) {
		errcode_t err = table_grow(&cap->sealed);
		struct captured *slot;

		if (err)
			return err;
		slot = table_find(&cap->sealed, list[i].block);
		cap->sealed.count += !slot->data;
		*slot = list[i];
		table_find(&cap->changed, list[i].block)->mark = GIVEN_AWAY;
	}
	for (size_t i = 0; i < cap->changed.room; i++)
		if (cap->changed.slots[i].mark == GIVEN_AWAY)
			cap->changed.slots[i].data = NULL;
	capture_drop_all(cap);
	return 0;
}

void capture_unseal(struct capture *cap)
{
	free(cap->sealed.slots);
	rangeset_free(cap->zeroes);
	cap->zeroes = NULL;
	cap->sealed = (struct block_table){.slots = NULL};
}

/* ---- what was changed ---- */

static int compare(const void *pa, const void *pb)
{
	const struct captured *a = pa, *b = pb;

	return (a->block > b->block) - (a->block < b->block);
}

static bool is_changed(const struct capture *cap, const struct captured *b)
{
	/* what is below will be something else */
	if (capture_is_stashed(cap, b->block) ||
	    (cap->zeroed && rangeset_has(cap->zeroed, b->block)))
		return true;
	return b->loaded && b->print != capture_fingerprint(b->data, cap->block_size);
}

/*
 * Keep those of LIST that differ from what is below, which is read, neighbours at once, where the
 * fingerprint does not tell.
 */
static errcode_t keep_changed(const struct capture *cap, struct captured *list, size_t *count)
{
	uint32_t bs = cap->block_size;
	size_t room = LIST_BYTES / bs ? LIST_BYTES / bs : 1, all = *count, kept = 0, n;
	AUTO_FREE uint8_t *below = malloc(room * bs);

	if (!below)
		return ENOMEM;
	for (size_t i = 0; i < all; i += n) {
		errcode_t err;

		if (is_changed(cap, &list[i])) {
			list[kept++] = list[i];
			n = 1;
			continue;
		}
		for (n = 1; n < room && i + n < all && list[i + n].block == list[i].block + n &&
			    !is_changed(cap, &list[i + n]);
		     n++)
			;
		err = capture_read_below(cap, list[i].block * bs, n * bs, below);
		if (err)
			return err;
		for (size_t k = 0; k < n; k++)
			if (memcmp(below + k * bs, list[i + k].data, bs) != 0)
				list[kept++] = list[i + k];
	}
	*count = kept;
	return 0;
}

errcode_t capture_list(const struct capture *cap, struct captured **out, size_t *count)
{
	struct captured *list = malloc((cap->changed.count + 1) * sizeof(*list));
	size_t n = 0;

	*out = list;
	*count = 0;
	if (!list)
		return ENOMEM;
	for (size_t i = 0; i < cap->changed.room; i++)
		if (cap->changed.slots[i].data)
			list[n++] = cap->changed.slots[i];
	qsort(list, n, sizeof(*list), compare);
	*count = n;
	return keep_changed(cap, list, count);
}
