// SPDX-License-Identifier: GPL-2.0-or-later
// Chooses the nodes of one tree level that are rewritten, by counts alone.
#include "tree/tree_pack.h"

#include <string.h>

#define ROUNDS 512 /* of looking through the whole level */

uint32_t tree_pack_nodes(uint64_t entries, uint32_t capacity)
{
	uint64_t least = (entries + capacity - 1) / capacity;
	/* one entry a node is free without counting as slack: take as many nodes as that gives */
	uint64_t airy = entries / (capacity - 1);

	return (uint32_t)(airy > least ? airy : least);
}

/* Slack of ENTRIES dealt out evenly to NODES. */
static uint64_t slack(uint64_t entries, uint64_t nodes, uint32_t capacity)
{
	uint64_t uncounted = nodes * (capacity - 1);

	return uncounted > entries ? uncounted - entries : 0;
}

static uint64_t seg_slack(const struct tree_seg *seg, uint32_t capacity)
{
	uint64_t nodes = seg->dirty ? tree_pack_nodes(seg->entries, capacity) : seg->olds;

	return slack(seg->entries, nodes, capacity);
}

static uint64_t slack_of(const struct tree_segs *segs, uint32_t capacity)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < segs->count; i++)
		sum += seg_slack(&segs->items[i], capacity);
	return sum;
}

static uint64_t clean_of(const struct tree_segs *segs)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < segs->count; i++)
		sum += !segs->items[i].dirty;
	return sum;
}

static void absorb(struct tree_seg *seg, const struct tree_seg *next)
{
	seg->olds += next->olds;
	seg->was += next->was;
	seg->entries += next->entries;
	seg->dirty = true;
}

int tree_pack_push(struct tree_segs *segs, const struct tree_seg *node)
{
	struct tree_seg *last = segs->count ? &segs->items[segs->count - 1] : NULL;

	if (last && last->dirty && node->dirty) {
		absorb(last, node);
		return 0;
	}
	return vec_push(segs, *node);
}

/* Make one dirty segment of [first, last], and of dirty ones next to them; its index. */
static size_t merge(const struct tree_pack *pack, struct tree_segs *segs, size_t first, size_t last)
{
	while (first && segs->items[first - 1].dirty)
		first--;
	while (last + 1 < segs->count && segs->items[last + 1].dirty)
		last++;
	segs->items[first].dirty = true;
	for (size_t i = first + 1; i <= last; i++)
		absorb(&segs->items[first], &segs->items[i]);
	memmove(segs->items + first + 1, segs->items + last + 1,
		(segs->count - last - 1) * sizeof(*segs->items));
	segs->count -= last - first;
	if (pack->recount)
		segs->items[first].entries = pack->recount(pack->arg, &segs->items[first]);
	return first;
}

/* A segment that shrank below half a node takes its smaller neighbour in. */
static void fill_up(const struct tree_pack *pack, struct tree_segs *segs)
{
	for (size_t i = 0; i < segs->count; i++) {
		const struct tree_seg *seg = &segs->items[i];
		size_t with;

		if (!seg->dirty || !seg->entries || seg->entries >= pack->capacity / 2 ||
		    seg->entries >= seg->was || segs->count == 1)
			continue;
		with = i ? i - 1 : 1;
		if (i && i + 1 < segs->count && seg[1].entries < seg[-1].entries)
			with = i + 1;
		i = merge(pack, segs, i < with ? i : with, i < with ? with : i);
	}
}

/*
 * The cheapest stretch of segments that, redistributed, has WANT less slack: [*first, *last], and
 * the nodes it touches that would stay otherwise; UINT64_MAX when there is none. With the right end
 * the best left end never moves back.
 */
static uint64_t cheapest(const struct tree_segs *segs, uint32_t capacity, uint64_t want,
			 size_t *first, size_t *last)
{
	uint64_t entries = 0, now = 0, cost = 0, best = UINT64_MAX;
	size_t left = 0;

	for (size_t right = 0; right < segs->count; right++) {
		const struct tree_seg *seg = &segs->items[right];

		entries += seg->entries;
		now += seg_slack(seg, capacity);
		cost += !seg->dirty;
		for (; left < right; left++) {
			uint32_t nodes = tree_pack_nodes(entries, capacity);

			if (now < slack(entries, nodes, capacity) + want)
				break;
			if (cost < best) {
				best = cost;
				*first = left;
				*last = right;
			}
			seg = &segs->items[left];
			entries -= seg->entries;
			now -= seg_slack(seg, capacity);
			cost -= !seg->dirty;
		}
	}
	return best;
}

/*
 * Touch nodes until the slack is small enough; false when that is beyond BUDGET, with SEGS half
 * way.
 */
static bool narrow_down(const struct tree_pack *pack, struct tree_segs *segs, uint64_t budget)
{
	uint32_t capacity = pack->capacity;
	uint64_t sum;

	for (unsigned round = 0; (sum = slack_of(segs, capacity)) > capacity; round++) {
		uint64_t want = sum - capacity, cost;
		size_t first = 0, last = 0;

		if (round == ROUNDS) {
			/* so much is loose that all of it may as well be redistributed */
			if (clean_of(segs) > budget)
				return false;
			merge(pack, segs, 0, segs->count - 1);
			continue;
		}
		if (want > capacity / 2)
			want = capacity / 2;
		cost = cheapest(segs, capacity, want, &first, &last);
		if (cost > budget)
			return false;
		budget -= cost;
		merge(pack, segs, first, last);
	}
	return true;
}

int tree_pack(const struct tree_pack *pack, struct tree_segs *segs)
{
	struct tree_segs local = {.items = NULL};
	uint64_t touched = 0, budget;

	fill_up(pack, segs);
	for (size_t i = 0; i < segs->count; i++)
		if (segs->items[i].dirty)
			touched += segs->items[i].olds;
	if (pack->reach == TREE_REACH_NONE)
		budget = 0;
	else
		budget = pack->reach + 2 * touched;
	local.items = malloc((segs->count + 1) * sizeof(*local.items));
	if (!local.items)
		return ENOMEM;
	memcpy(local.items, segs->items, segs->count * sizeof(*local.items));
	local.count = segs->count;
	if (!narrow_down(pack, segs, budget)) {
		memcpy(segs->items, local.items, local.count * sizeof(*local.items));
		segs->count = local.count;
	}
	vec_free(&local);
	return 0;
}
