// SPDX-License-Identifier: GPL-2.0-or-later
// External sort: sorted runs in an unlinked temporary file, merged by a heap on the way out.
#include "sets/spill.h"

#include "base/vec.h"
#include "base/whole.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Bytes of a run that are read from the file at a time. */
#define WINDOW_BYTES 65536

/* A sorted run in the file, with a window of its records in memory while merging. */
struct sorted {
	uint64_t start, count; /* records */
	uint64_t taken;	       /* records of the run that are in the window or before it */
	char *window;
	size_t have, at; /* records in the window; the one to give next */
};

VEC(sorted_vec, struct sorted);

struct spill {
	size_t item_size, max_items, window_items;
	spill_compare compare;
	struct tmpfiles *files;
	char *items; /* collected, or being given when nothing was spilled */
	size_t count, room, at;
	int fd;
	uint64_t written; /* records in the file */
	struct sorted_vec runs;
	size_t *heap; /* indices of runs, smallest record first */
	size_t heap_count;
	bool advance; /* the heap's top was given and must move on */
};

errcode_t spill_new(size_t item_size, size_t max_items, spill_compare compare,
		    struct tmpfiles *files, struct spill **out)
{
	struct spill *spill = calloc(1, sizeof(*spill));

	*out = spill;
	if (!spill)
		return ENOMEM;
	*spill = (struct spill){.item_size = item_size,
				.max_items = max_items,
				.window_items = WINDOW_BYTES / item_size + 1,
				.compare = compare,
				.files = files,
				.fd = -1};
	return 0;
}

void spill_free(struct spill *spill)
{
	if (!spill)
		return;
	for (size_t i = 0; i < spill->runs.count; i++)
		free(spill->runs.items[i].window);
	vec_free(&spill->runs);
	free(spill->heap);
	free(spill->items);
	tmpfiles_give(spill->files, spill->fd);
	free(spill);
}

static void sort_items(struct spill *spill)
{
	if (spill->count > 1)
		qsort(spill->items, spill->count, spill->item_size, spill->compare);
}

static errcode_t write_run(struct spill *spill)
{
	struct sorted run = {.start = spill->written, .count = spill->count};
	errcode_t err;

	if (spill->fd < 0) {
		err = tmpfiles_take(spill->files, &spill->fd);
		if (err)
			return err;
	}
	sort_items(spill);
	err = whole_pwrite(spill->fd, spill->items, spill->count * spill->item_size,
			   spill->written * spill->item_size);
	if (err)
		return err;
	if (vec_push(&spill->runs, run))
		return ENOMEM;
	spill->written += spill->count;
	spill->count = 0;
	return 0;
}

errcode_t spill_add(struct spill *spill, const void *item)
{
	if (spill->count == spill->max_items) {
		errcode_t err = write_run(spill);

		if (err)
			return err;
	}
	if (vec_grow(&spill->items, spill->count, &spill->room, spill->item_size))
		return ENOMEM;
	memcpy(spill->items + spill->count * spill->item_size, item, spill->item_size);
	spill->count++;
	return 0;
}

/* Fill RUN's window with its next records; have is 0 at the end. */
static errcode_t refill(const struct spill *spill, struct sorted *run)
{
	uint64_t left = run->count - run->taken;

	run->at = 0;
	run->have = left < spill->window_items ? (size_t)left : spill->window_items;
	if (!run->have)
		return 0;
	run->taken += run->have;
	return whole_pread(spill->fd, run->window, run->have * spill->item_size,
			   (run->start + run->taken - run->have) * spill->item_size);
}

static const char *top_of(const struct spill *spill, size_t heap_index)
{
	const struct sorted *run = &spill->runs.items[spill->heap[heap_index]];

	return run->window + run->at * spill->item_size;
}

static void sift_down(struct spill *spill, size_t i)
{
	for (;;) {
		size_t least = i, child = 2 * i + 1, moved;

		for (size_t c = child; c < child + 2 && c < spill->heap_count; c++)
			if (spill->compare(top_of(spill, c), top_of(spill, least)) < 0)
				least = c;
		if (least == i)
			return;
		moved = spill->heap[i];
		spill->heap[i] = spill->heap[least];
		spill->heap[least] = moved;
		i = least;
	}
}

static errcode_t start_merge(struct spill *spill)
{
	spill->heap_count = 0;
	spill->advance = false;
	if (!spill->heap) {
		spill->heap = calloc(spill->runs.count, sizeof(*spill->heap));
		if (!spill->heap)
			return ENOMEM;
	}
	for (size_t i = 0; i < spill->runs.count; i++) {
		struct sorted *run = &spill->runs.items[i];
		errcode_t err;

		if (!run->window)
			run->window = malloc(spill->window_items * spill->item_size);
		if (!run->window)
			return ENOMEM;
		run->taken = 0;
		err = refill(spill, run);
		if (err)
			return err;
		spill->heap[spill->heap_count++] = i;
	}
	for (size_t i = spill->heap_count; i-- > 0;)
		sift_down(spill, i);
	return 0;
}

errcode_t spill_rewind(struct spill *spill)
{
	spill->at = 0;
	if (!spill->runs.count) {
		sort_items(spill);
		return 0;
	}
	if (spill->count) {
		errcode_t err = write_run(spill);

		if (err)
			return err;
		free(spill->items);
		spill->items = NULL;
		spill->room = 0;
	}
	return start_merge(spill);
}

/* Move past the record that was given last. */
static errcode_t merge_advance(struct spill *spill)
{
	struct sorted *run = &spill->runs.items[spill->heap[0]];
	errcode_t err = 0;

	if (++run->at == run->have)
		err = refill(spill, run);
	if (err)
		return err;
	if (!run->have)
		spill->heap[0] = spill->heap[--spill->heap_count];
	sift_down(spill, 0);
	return 0;
}

errcode_t spill_next(struct spill *spill, const void **item)
{
	errcode_t err;

	*item = NULL;
	if (!spill->runs.count) {
		if (spill->at < spill->count)
			*item = spill->items + spill->at++ * spill->item_size;
		return 0;
	}
	if (spill->advance) {
		err = merge_advance(spill);
		if (err)
			return err;
	}
	spill->advance = spill->heap_count != 0;
	if (spill->advance)
		*item = top_of(spill, 0);
	return 0;
}
