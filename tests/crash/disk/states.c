// SPDX-License-Identifier: GPL-2.0-or-later
// Enumerates crash states; what would be too many is sampled with a seed.
#include "states.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL_SUBSETS 8 /* of so many writes every subset is taken */
#define FEW_SECTORS 8 /* of a write: every place to tear it */

const char *const state_kind_name[STATE_KINDS] = {
	[STATE_NONE] = "none",	     [STATE_ALL] = "all",     [STATE_PREFIX] = "prefix",
	[STATE_DROPPED] = "dropped", [STATE_ALONE] = "alone", [STATE_SUBSET] = "subset",
	[STATE_TORN] = "torn",	     [STATE_MIXED] = "mixed",
};

/* How much of a write is there. Patterns are functions of the sector's place in the write. */
enum tear { TEAR_WHOLE, TEAR_PREFIX, TEAR_SUFFIX, TEAR_EVEN, TEAR_ODD, TEAR_RANDOM };

struct walk {
	const struct record *record;
	struct disks *disks;
	size_t *group; /* steps that are not durable, by rising number */
	size_t count;
	uint64_t seed;
	uint64_t keep; /* of 2^32 sampled states */
	bool counting;
	size_t seen;
	struct state state;
	size_t mark;
	size_t random;
	void (*each)(void *arg, const struct state *state);
	void *arg;
};

uint64_t states_random(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static size_t sectors(const struct step *step)
{
	return (step->off + step->len + SECTOR - 1) / SECTOR - step->off / SECTOR;
}

static bool survives(enum tear tear, size_t at, size_t i, uint64_t *seed)
{
	switch (tear) {
	case TEAR_PREFIX: return i < at;
	case TEAR_SUFFIX: return i >= at;
	case TEAR_EVEN: return i % 2 == 0;
	case TEAR_ODD: return i % 2;
	case TEAR_RANDOM: return states_random(seed) & 1;
	default: return true;
	}
}

/* Write those sectors of the step that the tear leaves. */
static void put(struct walk *w, size_t n, enum tear tear, size_t at)
{
	const struct step *step = &w->record->steps[n];
	uint64_t from = step->off, end = step->off + step->len;
	uint64_t seed = w->seed + n * 31 + at;

	if (w->counting)
		return;
	if (tear == TEAR_WHOLE) {
		record_apply(w->disks, step);
		return;
	}
	for (size_t i = 0; from < end; i++) {
		uint64_t next = (from / SECTOR + 1) * SECTOR;
		size_t len = (size_t)((next < end ? next : end) - from);

		if (survives(tear, at, i, &seed))
			disks_write(w->disks, step->disk, from, len,
				    step->data ? step->data + (from - step->off) : NULL);
		from += len;
	}
}

/* Is a state of this kind to be made? Those that are never left out do not ask. */
static bool begin(struct walk *w, enum state_kind kind, bool sampled)
{
	w->seen += sampled && w->counting;
	if (w->counting)
		return false;
	if (sampled && (states_random(&w->seed) >> 32) >= w->keep)
		return false;
	w->state.kind = kind;
	w->state.text[0] = '\0';
	w->mark = disks_mark(w->disks);
	return true;
}

static void end(struct walk *w)
{
	w->each(w->arg, &w->state);
	disks_rewind(w->disks, w->mark);
}

#define say(w, ...) snprintf((w)->state.text, sizeof((w)->state.text), __VA_ARGS__)

static void range(struct walk *w, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		put(w, w->group[i], TEAR_WHOLE, 0);
}

static void simple(struct walk *w)
{
	if (begin(w, STATE_NONE, false))
		end(w);
	if (begin(w, STATE_ALL, false)) {
		range(w, 0, w->count);
		end(w);
	}
	for (size_t i = 1; i < w->count; i++)
		if (begin(w, STATE_PREFIX, w->count > 32)) {
			say(w, "%zu of %zu", i, w->count);
			range(w, 0, i);
			end(w);
		}
	for (size_t i = 0; i < w->count && w->count > 1; i++) {
		if (begin(w, STATE_DROPPED, true)) {
			say(w, "step %zu", w->group[i]);
			range(w, 0, i);
			range(w, i + 1, w->count);
			end(w);
		}
		if (begin(w, STATE_ALONE, true)) {
			say(w, "step %zu", w->group[i]);
			range(w, i, i + 1);
			end(w);
		}
	}
}

static void subsets(struct walk *w)
{
	size_t n = w->count <= ALL_SUBSETS ? (size_t)1 << w->count : w->random;

	for (size_t i = 1; i < n && w->count > 1; i++) {
		uint64_t bits = i;

		if (!begin(w, STATE_SUBSET, true))
			continue;
		for (size_t k = 0; k < w->count; k++) {
			if (w->count > ALL_SUBSETS && k % 64 == 0)
				bits = states_random(&w->seed);
			if (bits >> (k % 64) & 1)
				range(w, k, k + 1);
		}
		say(w, "number %zu", i);
		end(w);
	}
}

/* Step I of the group torn: alone with what came before, and with all others. */
static void tear(struct walk *w, size_t i, enum tear how, size_t at)
{
	static const char *const name[] = {"whole", "prefix", "suffix", "even", "odd", "random"};

	for (int others = 0; others < 3; others++) {
		if (!begin(w, STATE_TORN, true))
			continue;
		say(w, "step %zu %s %zu, %s", w->group[i], name[how], at,
		    !others	  ? "those before"
		    : others == 1 ? "all others"
				  : "alone");
		if (others < 2)
			range(w, 0, i);
		put(w, w->group[i], how, at);
		if (others == 1)
			range(w, i + 1, w->count);
		end(w);
	}
}

static void torn(struct walk *w, size_t i)
{
	const struct step *step = &w->record->steps[w->group[i]];
	size_t n = sectors(step), tries = n <= FEW_SECTORS ? n - 1 : FEW_SECTORS;

	if (n < 2)
		return;
	for (size_t k = 1; k <= tries; k++) {
		size_t at = k;

		if (n > FEW_SECTORS)
			at = 1 + (size_t)(states_random(&w->seed) % (n - 1));
		tear(w, i, TEAR_PREFIX, at);
		tear(w, i, TEAR_SUFFIX, at);
	}
	tear(w, i, TEAR_EVEN, 0);
	tear(w, i, TEAR_ODD, 0);
	for (size_t k = 0; k < 3; k++)
		tear(w, i, TEAR_RANDOM, (size_t)(states_random(&w->seed) >> 16));
}

static void mixed(struct walk *w)
{
	size_t order[64], n = w->count < 64 ? w->count : 64;

	for (size_t round = 0; round < w->random && w->count > 1; round++) {
		if (!begin(w, STATE_MIXED, true))
			continue;
		say(w, "number %zu", round);
		for (size_t i = 0; i < n; i++)
			order[i] = w->count <= 64 ? i : states_random(&w->seed) % w->count;
		for (size_t i = n - 1; i > 0; i--) {
			size_t j = states_random(&w->seed) % (i + 1), t = order[i];

			order[i] = order[j];
			order[j] = t;
		}
		for (size_t i = 0; i < n; i++) {
			uint64_t dice = states_random(&w->seed);

			if (dice & 3)
				put(w, w->group[order[i]], dice & 4 ? TEAR_RANDOM : TEAR_WHOLE,
				    (size_t)(dice >> 32));
		}
		end(w);
	}
}

static void group(struct walk *w, size_t at)
{
	w->state.at = at;
	simple(w);
	subsets(w);
	for (size_t i = 0; i < w->count; i++)
		torn(w, i);
	mixed(w);
	w->state.group++;
}

/* What the barrier at step AT makes durable leaves the group, and is there for good. */
static void barrier(struct walk *w, unsigned disk)
{
	size_t left = 0;

	for (size_t i = 0; i < w->count; i++) {
		if (w->record->steps[w->group[i]].disk != disk)
			w->group[left++] = w->group[i];
		else
			put(w, w->group[i], TEAR_WHOLE, 0);
	}
	w->count = left;
}

static void walk(struct walk *w)
{
	const struct record *record = w->record;

	w->count = w->state.group = 0;
	for (size_t i = 0; i < record->count; i++) {
		if (record->steps[i].type != BLKDEV_SYNC) {
			w->group[w->count++] = i;
			continue;
		}
		group(w, i);
		barrier(w, record->steps[i].disk);
	}
	group(w, record->count);
	for (unsigned n = 0; n < DISKS; n++)
		barrier(w, n);
}

void states_each(const struct record *record, const struct states_options *options,
		 void (*each)(void *arg, const struct state *state), void *arg)
{
	struct walk w = {
		.record = record,
		.disks = record->disks,
		.group = calloc(record->count + 1, sizeof(size_t)),
		.seed = options->seed,
		.keep = (uint64_t)1 << 32,
		.random = options->random,
		.counting = true,
		.each = each,
		.arg = arg,
	};

	if (!w.group)
		die("no memory");
	walk(&w);
	if (options->limit && w.seen > options->limit)
		w.keep = ((uint64_t)options->limit << 32) / w.seen;
	w.counting = false;
	w.seed = options->seed;
	walk(&w);
	free(w.group);
}
